package import Model

/// Something that a rule did in a replay, or would have asked people for.
package struct ReplayAction: Sendable, Hashable {
    package var rule: String
    /// The operation, `http.request`, or `ask` for a question to people.
    package var action: String
    /// The server's name and id, or what else it was sent to.
    package var target: String
    package var at: Timestamp
    /// The plan of a server that was created, for what it costs.
    package var plan: Int64?

    package init(rule: String, action: String, target: String, at: Timestamp, plan: Int64? = nil) {
        self.rule = rule
        self.action = action
        self.target = target
        self.at = at
        self.plan = plan
    }

    /// By time, then by the words.
    static func comesBefore(_ left: ReplayAction, _ right: ReplayAction) -> Bool {
        if left.at != right.at { return left.at < right.at }
        for (one, other) in [(left.rule, right.rule), (left.action, right.action), (left.target, right.target)]
        where !one.utf8.elementsEqual(other.utf8) {
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        }
        return false
    }
}

/// What one rule set did with the recorded deliveries.
package struct ReplayOutcome: Sendable {
    /// In the order of their times.
    package var actions: [ReplayAction] = []
    /// How many deliveries were decided on.
    package var deliveries = 0
    /// How often a rule decided what, by its reason; what holds back and what ends is there too.
    package var reasons: [Reason: Int] = [:]
    /// How many messages would have gone out.
    package var messages = 0

    /// Nothing yet.
    package init() {}

    /// What a month of the servers that were created costs, and how many of them have no price.
    package func cost(_ prices: PriceList) -> (amount: Money, unpriced: Int) {
        var (amount, unpriced) = (Money.zero, 0)
        for action in actions where action.action.utf8.elementsEqual(Operation.create.rawValue.utf8) {
            if let price = action.plan.flatMap({ prices.plans[$0] }) { amount = amount.adding(price) } else { unpriced += 1 }
        }
        return (amount, unpriced)
    }
}
