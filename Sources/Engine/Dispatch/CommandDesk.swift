package import Model
package import Rules

/// What becomes of a chat command; pure, so that the person is answered at once and the dispatcher comes to the same end later.
package enum CommandVerdict: Sendable {
    /// A rule takes it; `text` answers the person.
    case accepted(rule: Rule, text: String)
    /// An answer to a question of a run; what became of it is told when it was counted.
    case answer(ApprovalVote.Verdict, ApprovalID, reason: String?)
    /// Nothing will be done; `text` tells the person why.
    case refused(Reason, rule: String?, text: String)

    /// What the person is told at once.
    package var text: String {
        switch self {
        case .accepted(_, let text), .refused(_, _, let text): text
        case .answer(_, let id, _): "Your answer to \(id) is taken; what comes of it follows here."
        }
    }
}

/// Judges chat commands against the rule set.
package enum CommandDesk {
    /// Judges a command: which rule it is for, whether its arguments fit, and whether this person may.
    ///
    /// A rule without `permissions` lets nobody; the person is told the same whether a server exists or not.
    package static func judge(_ event: Event, ruleSet: RuleSet) -> CommandVerdict {
        guard let command = event.command else {
            return .refused(.noSuchCommand, rule: nil, text: "That was not a command.")
        }
        switch ApprovalCommand(command) {
        case .vote(let verdict, let id, let reason): return .answer(verdict, id, reason: reason)
        case .malformed(let usage): return .refused(.badArguments, rule: nil, text: usage)
        case nil: break
        }
        var usage: (rule: String, text: String)?
        for evaluation in ruleSet.evaluate(event) {
            let rule = evaluation.rule
            switch rule.matchCommand(command) {
            case .notThis:
                continue
            case .bad(let message):
                usage = usage ?? (rule.name, message)
            case .matched(let args):
                guard rule.permissions?.allow(command) == true else {
                    return .refused(
                        .notPermitted, rule: rule.name,
                        text:
                            "You may not use this command here. Ask for your id (\(command.userID)) to be added to `permissions` of rule \(rule.name)."
                    )
                }
                guard case .match = evaluation.verdict else {
                    return .refused(
                        .conditionMissing, rule: rule.name, text: "Not done: a condition of rule \(rule.name) does not hold.")
                }
                return .accepted(rule: rule, text: reply(rule, event: event, args: args))
            }
        }
        if let usage { return .refused(.badArguments, rule: usage.rule, text: usage.text) }
        return .refused(
            .noSuchCommand, rule: nil, text: "No rule knows this command: /\(command.name) \(String(command.text.prefix(100)))")
    }

    /// The command's arguments for a rule that took it.
    package static func arguments(of event: Event, for rule: Rule) -> [String: CELValue] {
        guard let command = event.command, case .matched(let args) = rule.matchCommand(command) else { return [:] }
        return args
    }

    private static func reply(_ rule: Rule, event: Event, args: [String: CELValue]) -> String {
        if let template = rule.replies.accepted,
            let text = try? template.renderText(EvaluationContext(event: event, args: args))
        {
            return text
        }
        return "Accepted: \(rule.name). The outcome follows here."
    }
}
