import JSON
import Model
import Rules

/// Reports as people read them; every text of a sender is made safe for a terminal.
extension EventReport {
    /// The report's lines. Rules of other sources and commands are named on one line at the end.
    package var lines: [String] {
        var lines = ["event \(index): \(event.status.rawValue) of \(event.source), fingerprint \(event.fingerprint)".printable]
        if let command = event.command { lines.append("  /\(command.name) \(command.text)".printable) }
        let aside: Set<RuleReport.Outcome> = [.otherSource, .otherCommand]
        for rule in rules where !aside.contains(rule.outcome) { lines += rule.lines.map { "  " + $0 } }
        let others = rules.filter { aside.contains($0.outcome) }.map(\.name)
        if !others.isEmpty { lines.append("  other sources or commands: " + Self.list(others)) }
        if rules.isEmpty { lines.append("  there are no rules") }
        return lines
    }

    /// A thousand names help nobody.
    private static func list(_ names: [String]) -> String {
        names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }
}

extension RuleReport {
    var lines: [String] {
        let why = detail.map { ": \($0)" } ?? ""
        var lines = ["rule \(name) (\(place)): \(outcome.word)\(why)".printable]
        for condition in conditions { lines += condition.lines.map { "  " + $0 } }
        if let plan { lines += plan.lines.map { "  " + $0 } }
        return lines
    }
}

extension RuleReport.Outcome {
    /// The word for people.
    package var word: String {
        switch self {
        case .match: "match"
        case .noMatch: "no match"
        case .missing: "missing, so no match"
        case .error: "error, so no match"
        case .disabled: "switched off"
        case .otherSource: "another source"
        case .otherStatus: "not asked"
        case .otherCommand: "another command"
        case .badArguments: "wrongly called"
        case .notPermitted: "not permitted"
        }
    }
}

extension ConditionExplanation {
    var lines: [String] {
        let (word, detail): (String, String?) =
            switch verdict {
            case .match: ("true", nil)
            case .noMatch: ("false", nil)
            case .missing(let path): ("missing", "no \(path)")
            case .error(let message): ("error", message)
            }
        let padded = word + String(repeating: " ", count: max(0, 8 - word.utf8.count))
        var lines = ["\(padded)\(Self.oneLine(expression))".printable]
        if let detail, !observations.contains(where: { $0.outcome == .missing && detail == "no \($0.expression)" }) {
            lines.append("          \(detail)".printable)
        }
        for observation in observations { lines.append("          \(observation.line)") }
        return lines
    }

    /// An expression over several lines, on one.
    private static func oneLine(_ text: String) -> String {
        text.utf8.split { $0 == 0x0A || $0 == 0x0D }.map {
            String(decoding: $0.drop { $0 == 0x20 || $0 == 0x09 }, as: UTF8.self)
        }.joined(separator: " ")
    }
}

extension Observation {
    var line: String {
        switch outcome {
        case .value(let value): "\(expression) is \(value.description)".printable
        case .missing: "\(expression) is not there".printable
        case .error(let message): "\(expression): \(message)".printable
        }
    }
}

extension RulePlan {
    var lines: [String] {
        var lines: [String] = []
        if let target, let targetExpression {
            lines.append("target    \(targetExpression) is \(target.shown)".printable)
        }
        switch destination {
        case .none: break
        case .unknown:
            lines.append(
                "server    not looked up: VPS.org is not asked here"
                    + (pendingConditions > 0 ? ", and when_server not judged" : ""))
        case .one(let server): lines.append("server    \(server.name) (\(server.id)), \(server.status)".printable)
        case .unresolved(let reason): lines.append("server    none: \(reason)".printable)
        }
        if !serverConditions.isEmpty {
            lines.append("when_server")
            for condition in serverConditions { lines += condition.lines.map { "  " + $0 } }
        }
        for wait in waits { lines.append("waits     \(wait)") }
        for obstacle in obstacles { lines.append("not sent  \(obstacle)".printable) }
        for (number, request) in requests.enumerated() {
            lines.append("request \(number + 1) \(request.line)\(request.after.map { ", when \($0)" } ?? "")".printable)
            lines += request.details.map { "          \($0)".printable }
        }
        for message in messages { lines.append("message   to \(message.channel): \(message.text.shown)".printable) }
        if laterRungs > 0 {
            lines.append(
                "then      \(laterRungs) more \(laterRungs == 1 ? "rung" : "rungs"), when no effect is seen within \(timeout.words)"
            )
        }
        return lines
    }
}

extension RulePlan.Rendered {
    /// A text in quotes, with what is not printable escaped as JSON does it.
    var shown: String {
        switch self {
        case .text(let text): JSONValue.string(text).description
        case .failed(let message): "not known: \(message)"
        }
    }
}
