import Model
import Store
import VPSAPI

/// Explanations as people read them.
extension DeliveryExplanation {
    /// The whole of it.
    package var lines: [String] {
        var lines = [heading]
        if let problem { lines.append("it is not judged again: \(problem)".printable) }
        if let rules { lines.append("judged again by \(rules)".printable) }
        lines += events.flatMap(\.lines)
        if let otherRules { lines += differenceLines(otherRules) }
        if !audit.isEmpty { lines.append("what was decided then") }
        lines += audit.map { "  \($0.line)" }
        for history in runs { lines += history.lines }
        if runs.isEmpty, decision.decidedAt != nil { lines.append("it began no run") }
        return lines
    }

    private var heading: String {
        let received = delivery.map { " of \($0.source), received \($0.receivedAt.rfc3339)" } ?? ""
        let decided = decision.decidedAt.map { "decided on \($0.rfc3339)" } ?? "not decided on yet"
        return "delivery \(id)\(received), \(decided)".printable
    }

    private func differenceLines(_ name: String) -> [String] {
        let found = differences
        guard !found.isEmpty else { return ["by \(name): the same".printable] }
        let changed = found.map { difference in
            let (before, after) = (difference.before?.word ?? "not there", difference.after?.word ?? "not there")
            return "  event \(difference.event), rule \(difference.rule): \(before) → \(after)"
        }
        // What the other rules look at is shown for what changes alone.
        let rules = otherEvents.flatMap { report in
            report.rules.filter { rule in found.contains { $0.event == report.index && $0.rule == rule.name } }
        }
        return ["by \(name) it is different".printable] + changed.map(\.printable) + rules.flatMap(\.lines).map { "  " + $0 }
    }
}

extension RunHistory {
    var lines: [String] {
        var lines = [
            "run \(run.id) of rule \(run.rule): \(run.state.rawValue)\(run.reason.map { ", \($0.rawValue)" } ?? "")",
            "  why      \(run.detail.isEmpty ? "-" : run.detail)\(run.state.isFinal ? "" : "; looked at next \(run.dueAt.rfc3339)")",
            "  server   \(run.serverName.map { "\($0) (\(run.server?.description ?? "-"))" } ?? "none")",
        ]
        for intent in intents {
            let outcome = intent.outcome?.rawValue ?? "on its way"
            lines.append("  request  \(intent.createdAt.rfc3339) rung \(intent.rung + 1): \(intent.requestLine): \(outcome)")
        }
        lines += audit.map { "  \($0.line)" }
        return lines.map(\.printable)
    }
}

extension Intent {
    /// Method and path, or the whole address of another API; with the name of a server to create or delete.
    fileprivate var requestLine: String {
        guard let operation else { return request.map { "\($0.method) \($0.url)" } ?? kind.rawValue }
        return operation.requestLine(server: server?.description ?? "-") + (request?.name.map { " (\($0))" } ?? "")
    }
}

extension AuditEntry {
    /// The entry on one line, safe for a terminal.
    package var line: String {
        "\(at.rfc3339) \(kind.rawValue) \(reason?.rawValue ?? "-") by \(actor)\(rule.map { " rule \($0)" } ?? ""): \(detail)"
            .printable
    }
}
