package import Model

/// What the servers that the bridge created cost in a month, and what is left of each cap; pure.
package struct CostReport: Sendable {
    /// One create.
    package struct Line: Sendable {
        package let purchase: Purchase
        /// What a whole month of its plan costs, which is what caps count; `nil` without a price.
        package let fullMonth: Money?
        /// The part of it for the time of the month that it was there.
        package let soFar: Money?
    }

    /// What a rule's creates come to.
    package struct RuleSum: Sendable, Hashable {
        package let rule: String
        package let count: Int
        package let soFar: Money
        package let fullMonth: Money
    }

    /// How much of a cap is used.
    package struct Cap: Sendable, Hashable {
        /// A rule's name; `nil` for that over all rules.
        package let rule: String?
        /// The key under `limits.creates`, such as `max_per_day`.
        package let key: String
        package let used: String
        package let most: String
        package let left: String
    }

    package let month: Month
    package let prices: PriceList
    package let lines: [Line]
    package let rules: [RuleSum]
    /// Those of the day only in a report of the present month.
    package let caps: [Cap]
    /// How many creates are of plans without a price.
    package let unpriced: Int

    /// How far back purchases are needed for a report of a month that is made at `now`.
    package static func start(of month: Month, now: Timestamp) -> Timestamp { min(month.start, now - .seconds(86_400)) }

    /// A report.
    ///
    /// - Parameters:
    ///   - month: the month.
    ///   - purchases: every create from ``start(of:now:)`` to the month's end.
    ///   - limits: the floor, with its caps and prices.
    ///   - ruleCaps: the caps of rules that have any, by their names.
    ///   - now: when it is made.
    package init(
        _ month: Month, purchases: [Purchase], limits: Limits, ruleCaps: [(rule: String, caps: CreateCaps)], now: Timestamp
    ) {
        self.month = month
        prices = limits.prices
        let purchases = purchases.filter(\.isBought)
        let present = purchases.filter { $0.createdAt < month.end && ($0.endedAt.map { $0 >= month.start } ?? true) }
        let lines = present.map { Line($0, month: month, prices: limits.prices, now: now) }
        self.lines = lines
        unpriced = lines.count { $0.fullMonth == nil }
        var names: [String] = []
        for line in lines where !names.contains(where: { $0.utf8.elementsEqual(line.purchase.rule.utf8) }) {
            names.append(line.purchase.rule)
        }
        rules = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
            let own = lines.filter { $0.purchase.rule.utf8.elementsEqual(name.utf8) }
            return RuleSum(
                rule: name, count: own.count, soFar: Self.sum(own.map(\.soFar)), fullMonth: Self.sum(own.map(\.fullMonth)))
        }
        let scopes = [(rule: String?.none, caps: limits.creates)] + ruleCaps.map { (rule: Optional($0.rule), caps: $0.caps) }
        caps = scopes.flatMap { scope in
            Self.caps(
                scope.caps, of: scope.rule,
                purchases.filter { purchase in scope.rule.map { purchase.rule.utf8.elementsEqual($0.utf8) } ?? true },
                lines.filter { line in scope.rule.map { line.purchase.rule.utf8.elementsEqual($0.utf8) } ?? true },
                month: month, prices: limits.prices, now: now)
        }
    }

    /// The whole.
    package var soFar: Money { Self.sum(lines.map(\.soFar)) }
    /// What the month costs when nothing is deleted: as the caps count it.
    package var fullMonth: Money { Self.sum(lines.map(\.fullMonth)) }

    private static func sum(_ amounts: [Money?]) -> Money { amounts.compactMap(\.self).reduce(.zero) { $0.adding($1) } }

    private static func caps(
        _ caps: CreateCaps, of rule: String?, _ purchases: [Purchase], _ lines: [Line], month: Month, prices: PriceList,
        now: Timestamp
    ) -> [Cap] {
        var found: [Cap] = []
        func add(_ key: String, _ used: Int, _ most: Int) {
            found.append(Cap(rule: rule, key: key, used: "\(used)", most: "\(most)", left: "\(max(0, most - used))"))
        }
        if let most = caps.maxPerDay, month == Month(containing: now) {
            add("max_per_day", purchases.count { $0.createdAt > now - .seconds(86_400) }, most)
        }
        if let most = caps.maxPerMonth { add("max_per_month", lines.count { $0.purchase.createdAt >= month.start }, most) }
        if let most = caps.maxCostPerMonth {
            let used = sum(lines.map(\.fullMonth))
            found.append(
                Cap(
                    rule: rule, key: "max_cost_per_month", used: prices.words(used), most: prices.words(most),
                    left: prices.words(Money(micros: max(0, most.micros - min(used.micros, most.micros))))))
        }
        return found
    }
}

extension CostReport.Line {
    fileprivate init(_ purchase: Purchase, month: Month, prices: PriceList, now: Timestamp) {
        self.purchase = purchase
        fullMonth = purchase.price(in: prices)
        let from = max(purchase.createdAt, month.start)
        let to = min(purchase.endedAt ?? month.end, month.end, now)
        let there = max(0, to.microseconds - from.microseconds) / 1_000_000
        let whole = (month.end.microseconds - month.start.microseconds) / 1_000_000
        soFar = fullMonth.map { price in
            let product = price.micros.multipliedFullWidth(by: there)
            return Money(micros: whole.dividingFullWidth(product).quotient)
        }
    }
}
