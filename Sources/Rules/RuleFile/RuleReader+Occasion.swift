import Model

/// What a rule may do on its occasion: a problem, its end, an instant, a command.
extension RuleReader {
    static func isSchedule(_ trigger: Trigger) -> Bool {
        if case .schedule = trigger.kind { true } else { false }
    }

    /// Keys that need an open problem, in rules that have none; and actions that an occasion does not call for.
    func checkOccasion(_ trigger: Trigger?, _ rungs: [Rung], _ fields: RuleFields) {
        switch trigger?.kind {
        case .schedule: checkScheduled(fields)
        case .event(let statuses) where statuses.contains(.resolved): checkResolved(statuses, rungs, fields)
        case .command, .event, nil: break
        }
        if fields["while_firing"] != nil, isCommand(fields) { refuse("while_firing", "a command", fields) }
        for rung in rungs where !rung.isChanging && rung.steps.contains(where: \.isWait) {
            report(
                fields.place("actions").diagnostic(
                    .badEscalation, "\(owner) waits where nothing but messages follows and nothing was done before",
                    hint: "how long a problem must last is `for`; how long an effect is waited for is `timeout` of the rung"))
            return
        }
    }

    private func checkScheduled(_ fields: RuleFields) {
        for key in ["for", "while_firing"] where fields[key] != nil { refuse(key, "an instant", fields) }
        if let target = fields["target"], let text = target.scalar?.text, (try? CELExpression(text))?.mentions("event") == true {
            report(
                target.diagnostic(
                    .badSchedule, "an instant of a schedule names no server", hint: "name it as a text: `target: '\"web-1\"'`"))
        }
    }

    private func checkResolved(_ statuses: Set<Event.Status>, _ rungs: [Rung], _ fields: RuleFields) {
        for key in ["for", "while_firing"] where fields[key] != nil { refuse(key, "a problem's end", fields) }
        if statuses.contains(.problem), rungs.contains(where: { $0.action != nil || $0.scale != nil }) {
            report(
                fields.place("trigger").diagnostic(
                    .badEscalation, "\(owner) would change servers when the problem begins and again when it ends",
                    hint: "`status: any` is for messages and requests; write `problem` or `resolved`"))
        }
    }

    private func refuse(_ key: String, _ occasion: String, _ fields: RuleFields) {
        report(
            fields.place(key).diagnostic(
                .badSchedule, "`\(key)` has no meaning for \(occasion), which has no problem that lasts", hint: "remove `\(key)`")
        )
    }
}

extension Step {
    /// Whether the step only lets time pass.
    package var isWait: Bool {
        if case .wait = action { true } else { false }
    }
}
