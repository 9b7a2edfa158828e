import Model

/// The caps on creates, in count and in money: looked at in the transaction that spends the next one.
extension GuardCheck {
    /// The cap in the way of a create; `nil` for any other request.
    func purchaseRefusal() throws -> Refusal? {
        guard let purchase = guards.purchase else { return nil }
        return try capRefusal(purchase.caps, of: nil, purchase) ?? capRefusal(purchase.ruleCaps, of: run.rule, purchase)
    }

    private func capRefusal(_ caps: CreateCaps, of rule: String?, _ purchase: PurchaseCheck) throws -> Refusal? {
        if let most = caps.maxPerDay, let refusal = try dayRefusal(most, of: rule, purchase) { return refusal }
        let month = Month(containing: now)
        if let most = caps.maxPerMonth {
            let used = try session.count(
                "SELECT count(*) FROM purchases WHERE created_at >= ? AND \(Session.isBought)",
                [.time(month.start)] + Session.bought(by: rule, besides: repeated(by: purchase)))
            if used >= most {
                return refusal(until: month.end, "\(scope(rule)): \(used) of \(most) servers of \(month) are created")
            }
        }
        guard let most = caps.maxCostPerMonth else { return nil }
        return try costRefusal(most, of: rule, purchase, month: month)
    }

    /// The create that this one would repeat.
    private func repeated(by purchase: PurchaseCheck) -> Session.RepeatedCreate {
        Session.RepeatedCreate(run: run.id, name: purchase.name)
    }

    private func dayRefusal(_ most: Int, of rule: String?, _ purchase: PurchaseCheck) throws -> Refusal? {
        let window: [SQLValue] = [.time(now - .seconds(86_400))] + Session.bought(by: rule, besides: repeated(by: purchase))
        let from = "FROM purchases WHERE created_at > ? AND \(Session.isBought)"
        let used = try session.count("SELECT count(*) \(from)", window)
        guard used >= most else { return nil }
        // With this one gone from the window there is room for one more.
        let decisive =
            most > 0
            ? try session.first(
                "SELECT created_at \(from) ORDER BY created_at DESC LIMIT 1 OFFSET ?", window + [.int(most - 1)]
            ) { try $0.time() } : nil
        return refusal(
            until: decisive.map { $0 + .seconds(86_400) }, "\(scope(rule)): \(used) of \(most) servers of 24 hours are created")
    }

    /// A month costs the whole price of each server that was there in it, however short.
    private func costRefusal(_ most: Money, of rule: String?, _ purchase: PurchaseCheck, month: Month) throws -> Refusal? {
        guard let price = purchase.plan.flatMap({ purchase.prices.plans[$0] }) else {
            return refusal(
                until: nil, "plan \(purchase.plan.map(String.init) ?? "?") has no price, so that a cap in money can not be kept")
        }
        var spent = Money.zero
        for group in try session.costs(from: month.start, of: rule, besides: repeated(by: purchase)) {
            guard let cost = group.plan.flatMap({ purchase.prices.plans[$0] }) ?? group.price else {
                return refusal(
                    until: nil,
                    "\(group.name) of plan \(group.plan.map(String.init) ?? "?") has no price: its month is not known")
            }
            spent = spent.adding(cost.times(group.count))
        }
        guard spent.adding(price) > most else { return nil }
        let words = purchase.prices.words
        return refusal(
            until: month.end,
            "\(scope(rule)): \(words(spent)) of \(words(most)) of \(month) are spent, the next server costs \(words(price))")
    }

    private func scope(_ rule: String?) -> String { rule.map { "rule \($0)" } ?? "all rules" }

    private func refusal(until: Timestamp?, _ detail: String) -> Refusal {
        Refusal(reason: .costCap, until: until, detail: detail)
    }
}
