/// A server that was asked for and may have been bought: it counts from its intent on, until it is known that it was not.
package struct Purchase: Sendable, Hashable {
    package var intent: IntentID
    package var run: RunID
    package var rule: String
    package var name: String
    /// `nil` when the request named none.
    package var plan: Int64?
    /// What the plan cost in a month when it was asked for; `nil` when that was not known.
    package var price: Money?
    package var createdAt: Timestamp
    /// The server, once it was seen.
    package var server: ServerID?
    /// When it was known to be gone, or no longer the bridge's.
    package var endedAt: Timestamp?

    package init(
        intent: IntentID, run: RunID, rule: String, name: String, plan: Int64?, price: Money?, createdAt: Timestamp,
        server: ServerID? = nil, endedAt: Timestamp? = nil
    ) {
        self.intent = intent
        self.run = run
        self.rule = rule
        self.name = name
        self.plan = plan
        self.price = price
        self.createdAt = createdAt
        self.server = server
        self.endedAt = endedAt
    }

    /// Whether it counts: another create of its name made the server of one that does not.
    package var isBought: Bool { server != nil || endedAt == nil }

    /// What it costs in a month: by today's prices, else by those of its time.
    package func price(in prices: PriceList) -> Money? { plan.flatMap { prices.plans[$0] } ?? price }
}
