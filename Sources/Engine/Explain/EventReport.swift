package import Model
package import Rules

/// What all rules say about one event, and what those that match would do.
package struct EventReport: Sendable {
    /// Its place in its delivery, from 0.
    package let index: Int
    /// What was received.
    package let event: Event
    /// Every rule, in the order of the files.
    package let rules: [RuleReport]

    /// The names of the rules that would begin a run.
    package var matched: [String] { rules.filter(\.isMatch).map(\.name) }
}

/// What one rule says about one event.
package struct RuleReport: Sendable {
    /// What the rule comes to; closed, the word of it in JSON.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// It would begin a run.
        case match
        case noMatch = "no_match"
        /// A condition reads a key that is not there.
        case missing
        /// A condition could not be evaluated.
        case error
        /// It is switched off.
        case disabled
        /// It waits for another source.
        case otherSource = "other_source"
        /// It waits for something else than this event reports.
        case otherStatus = "other_status"
        /// It waits for another command.
        case otherCommand = "other_command"
        /// Its command, wrongly called.
        case badArguments = "bad_arguments"
        /// Its command, by somebody or somewhere that `permissions` does not name.
        case notPermitted = "not_permitted"
    }

    /// The rule's name.
    package let name: String
    /// Where it stands: `FILE:LINE`.
    package let place: String
    /// What it comes to.
    package let outcome: Outcome
    /// Why, where the outcome alone does not say it: the missing path, the error, how to call the command.
    package let detail: String?
    /// Every condition; empty for a rule of another source or command.
    package let conditions: [ConditionExplanation]
    /// What it would do first; for a match only.
    package let plan: RulePlan?

    /// Whether the rule would begin a run.
    package var isMatch: Bool { outcome == .match }
}

/// Makes reports of events.
package struct EventReporter: Sendable {
    private let ruleSet: RuleSet
    private let planner: RulePlanner?

    /// A reporter for a rule set; with a planner it also says what rules that match would do.
    package init(ruleSet: RuleSet, planner: RulePlanner?) {
        self.ruleSet = ruleSet
        self.planner = planner
    }

    /// The reports of a delivery's events, in their order. Pure.
    package func reports(on events: [Event]) -> [EventReport] {
        events.enumerated().map { index, event in
            EventReport(
                index: index, event: event,
                rules: ruleSet.explain(event).map { report(on: event, $0) })
        }
    }

    private func report(on event: Event, _ explanation: RuleExplanation) -> RuleReport {
        let rule = explanation.rule
        let (outcome, detail) = judge(event, explanation)
        return RuleReport(
            name: rule.name, place: "\(rule.file):\(rule.line)", outcome: outcome, detail: detail,
            conditions: outcome == .otherCommand ? [] : explanation.conditions,
            plan: outcome == .match ? planner?.plan(rule, event: event) : nil)
    }

    private func awaited(_ trigger: Trigger) -> String {
        switch trigger.kind {
        case .event(let statuses): "a " + statuses.map(\.rawValue).sorted().joined(separator: " or ")
        case .command: "a command"
        case .schedule: "its time"
        }
    }

    private func judge(_ event: Event, _ explanation: RuleExplanation) -> (RuleReport.Outcome, String?) {
        let rule = explanation.rule
        switch explanation.bystander {
        case .disabled: return (.disabled, "enabled: false")
        case .otherSource: return (.otherSource, "waits for \(rule.trigger.source)")
        case .otherStatus: return (.otherStatus, "waits for \(awaited(rule.trigger)), and this is a \(event.status.rawValue)")
        case nil: break
        }
        if let command = event.command {
            switch rule.matchCommand(command) {
            case .notThis: return (.otherCommand, rule.trigger.command.map { "waits for \($0.usage)" })
            case .bad(let message): return (.badArguments, message)
            case .matched:
                guard rule.permissions?.allow(command) == true else {
                    return (.notPermitted, "user \(command.userID) in channel \(command.channelID)")
                }
            }
        }
        switch explanation.verdict {
        case .match: return (.match, nil)
        case .noMatch: return (.noMatch, nil)
        case .missing(let path): return (.missing, "no \(path)")
        case .error(let message): return (.error, message)
        }
    }
}
