/// How many servers may be created, and what they may cost; `nil` bounds nothing.
package struct CreateCaps: Sendable, Hashable {
    /// In any 24 hours.
    package var maxPerDay: Int?
    /// In a calendar month, UTC.
    package var maxPerMonth: Int?
    /// What a calendar month (UTC) may cost: each created server that is there in it counts with its plan's whole price.
    package var maxCostPerMonth: Money?

    package init(maxPerDay: Int? = nil, maxPerMonth: Int? = nil, maxCostPerMonth: Money? = nil) {
        self.maxPerDay = maxPerDay
        self.maxPerMonth = maxPerMonth
        self.maxCostPerMonth = maxCostPerMonth
    }

    /// The stricter of both in every respect.
    package func strictest(_ other: CreateCaps) -> CreateCaps {
        CreateCaps(
            maxPerDay: [maxPerDay, other.maxPerDay].compactMap(\.self).min(),
            maxPerMonth: [maxPerMonth, other.maxPerMonth].compactMap(\.self).min(),
            maxCostPerMonth: [maxCostPerMonth, other.maxCostPerMonth].compactMap(\.self).min())
    }
}

/// What the plans of VPS.org cost in a month: the API does not say it.
package struct PriceList: Sendable, Hashable {
    /// How amounts are named for people, such as `EUR`; the bridge never converts.
    package var currency: String
    /// By the plan's id.
    package var plans: [Int64: Money]

    package init(currency: String = "", plans: [Int64: Money] = [:]) {
        self.currency = currency
        self.plans = plans
    }

    /// An amount for people.
    package func words(_ amount: Money) -> String { currency.utf8.isEmpty ? amount.text : "\(amount.text) \(currency)" }
}
