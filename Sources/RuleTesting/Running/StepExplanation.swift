import Engine
import Model
import Rules

/// Why a step went as it did: what each condition said, and what the engine wrote down.
enum StepExplanation {
    /// Lines beyond this many are only counted.
    private static let longest = 60

    static func lines(_ test: RuleTest, _ outcome: StepOutcome) -> [String] {
        var lines: [String] = []
        for evaluated in outcome.evaluated {
            lines.append("\(evaluated.event.status.rawValue) from \(evaluated.event.source), \(what(evaluated.event))")
            if evaluated.evaluations.isEmpty { lines.append("  no rule looks at it") }
            for evaluation in evaluated.evaluations {
                lines.append("  rule \(evaluation.rule.name): \(word(evaluation.verdict))")
                lines += conditions(evaluation.conditions, of: evaluation.rule.whenTexts).map { "    \($0)" }
            }
            if let refused = evaluated.refused {
                lines.append("  refused: \(refused.reason.rawValue)" + (refused.rule.map { " by rule \($0)" } ?? ""))
            }
        }
        for judgement in outcome.judgements where judgement.verdict != .match {
            lines.append("when_server of rule \(judgement.rule.name): \(word(judgement.verdict))")
            lines += conditions(judgement.conditions, of: judgement.rule.whenServerTexts).map { "  \($0)" }
        }
        for entry in outcome.audit where entry.reason != .noRuleMatched && entry.kind != .decision {
            let rule = entry.rule.map { "\($0): " } ?? ""
            lines.append("\(YAMLDuration.text(entry.at.since(test.start))) \(rule)\(entry.detail)")
        }
        for run in outcome.runs.reversed() where !run.state.isFinal {
            let due = YAMLDuration.text(max(.zero, run.dueAt.since(test.start)))
            let why = run.reason.map { ", \($0.rawValue)" } ?? ""
            lines.append("run of \(run.rule) is \(run.state.rawValue)\(why), looked at again at \(due)")
        }
        guard lines.count > longest else { return lines }
        return lines.prefix(longest) + ["and \(lines.count - longest) lines more"]
    }

    private static func what(_ event: Event) -> String {
        if let command = event.command { return "/\(command.name) \(command.text)" }
        let labels = event.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
        return "{" + labels.joined(separator: ", ") + "}"
    }

    private static func conditions(_ results: [ConditionResult], of all: [String]) -> [String] {
        let told = results.map { result in
            let word =
                switch result.verdict {
                case .match: "true   "
                case .noMatch: "false  "
                case .missing: "missing"
                case .error: "error  "
                }
            return "\(word) \(result.expression)" + particulars(result.verdict)
        }
        return told + all.dropFirst(results.count).map { "not asked \($0)" }
    }

    private static func particulars(_ verdict: Verdict) -> String {
        switch verdict {
        case .match, .noMatch: ""
        case .missing(let path): "  (no \(path))"
        case .error(let message): "  (\(message))"
        }
    }

    private static func word(_ verdict: Verdict) -> String {
        switch verdict {
        case .match: "matched"
        case .noMatch: "no match"
        case .missing(let path): "no match, \(path) is missing"
        case .error(let message): "no match, \(message)"
        }
    }
}
