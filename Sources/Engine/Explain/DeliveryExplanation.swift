package import Model
package import Store

/// What became of a stored delivery, and why.
package struct DeliveryExplanation: Sendable {
    /// Which one.
    package let id: DeliveryID
    /// As it was stored; `nil` when its body is not kept any more.
    package internal(set) var delivery: Delivery?
    /// When and by which rules it was decided on.
    package let decision: DeliveryDecision
    /// What the audit says of the delivery itself.
    package let audit: [AuditEntry]
    /// The runs that it began, each with what was done.
    package internal(set) var runs: [RunHistory]
    /// Why it can not be judged again; `nil` when it was.
    package internal(set) var problem: String?
    /// Which rules it was judged by here.
    package internal(set) var rules: String?
    /// What they say.
    package internal(set) var events: [EventReport] = []
    /// Which rules it is compared with; `nil` for none.
    package internal(set) var otherRules: String?
    /// What those say.
    package internal(set) var otherEvents: [EventReport] = []

    init(id: DeliveryID, delivery: Delivery?, decision: DeliveryDecision, audit: [AuditEntry], runs: [RunHistory]) {
        self.id = id
        self.delivery = delivery
        self.decision = decision
        self.audit = audit
        self.runs = runs
    }

    /// What the other rules make different, a line each.
    package var differences: [Difference] {
        guard otherRules != nil else { return [] }
        return zip(events, otherEvents).flatMap { Self.differences($0, $1) }
    }

    /// One rule that comes to something else under other rules.
    package struct Difference: Sendable, Hashable {
        package let event: Int
        package let rule: String
        /// `nil` when the rule is not there.
        package let before: RuleReport.Outcome?
        /// `nil` when the rule is not there.
        package let after: RuleReport.Outcome?
    }

    private static func differences(_ before: EventReport, _ after: EventReport) -> [Difference] {
        var then: [[UInt8]: RuleReport] = [:]
        for rule in before.rules { then[Array(rule.name.utf8)] = rule }
        var found: [Difference] = []
        for rule in after.rules {
            let earlier = then.removeValue(forKey: Array(rule.name.utf8))
            if earlier?.outcome != rule.outcome {
                found.append(Difference(event: after.index, rule: rule.name, before: earlier?.outcome, after: rule.outcome))
            }
        }
        let gone = before.rules.filter { then[Array($0.name.utf8)] != nil }
        return found + gone.map { Difference(event: before.index, rule: $0.name, before: $0.outcome, after: nil) }
    }
}

/// A run with everything that was written down about it.
package struct RunHistory: Sendable {
    /// The run as it stands.
    package let run: Run
    /// Its requests, in their order.
    package let intents: [Intent]
    /// What was decided on it, and why.
    package let audit: [AuditEntry]
}
