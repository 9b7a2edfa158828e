package import Model

/// What a create is checked against in the transaction of its intent, and what it costs.
package struct PurchaseCheck: Sendable, Hashable {
    /// The plan that is asked for; `nil` when the request names none.
    package var plan: Int64?
    /// The server's name; an earlier create of the same run and name whose server was never seen is the one that this repeats, and is not
    /// counted beside it.
    package var name: String
    /// Over the creates of all rules.
    package var caps: CreateCaps
    /// Over the creates of the run's own rule.
    package var ruleCaps: CreateCaps
    package var prices: PriceList

    package init(plan: Int64?, name: String = "", caps: CreateCaps, ruleCaps: CreateCaps, prices: PriceList) {
        self.plan = plan
        self.name = name
        self.caps = caps
        self.ruleCaps = ruleCaps
        self.prices = prices
    }
}
