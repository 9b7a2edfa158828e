import Model

/// `limits`, which may only be stricter than the floor.
extension RuleReader {
    /// `rungs` say what the rule does: only one that changes no server counts by a key of its own.
    func readLimits(_ fields: RuleFields, _ scopes: RuleScopes, _ rungs: [Rung]) -> (Limits, ExtraLimits) {
        var limits = floor
        var extra = ExtraLimits()
        // The budgets of the floor are one server's. A group of servers has its own, over which the fleet's stand.
        let scales = fields["target"] == nil && rungs.contains { $0.countsServers }
        limits.creates = CreateCaps()
        if scales { limits.budgets = [] }
        let above = scales ? floor.fleetBudgets : floor.budgets
        guard let node = fields["limits"],
            let own = RuleFields(node, RuleTables.limits, of: "`limits` of \(owner)", collector)
        else { return (limits, extra) }
        if let cooldown = own.span("cooldown") {
            limits.cooldown = cooldown
            if cooldown < floor.cooldown { reportLooser(own, "cooldown", cooldown, "at least", floor.cooldown) }
        }
        if let settle = own.span("settle") {
            limits.settle = settle
            if settle < floor.settle { reportLooser(own, "settle", settle, "at least", floor.settle) }
        }
        if let age = own.span("max_event_age") {
            limits.maxEventAge = age
            if age > floor.maxEventAge { reportLooser(own, "max_event_age", age, "at most", floor.maxEventAge) }
        }
        if own["budgets"] != nil {
            limits.budgets += readBudgets(own, floor: above).filter { !limits.budgets.contains($0) }
        }
        if let count = own.int("max_concurrent") {
            limits.maxConcurrent = count
            checkConcurrency(count, own)
        }
        limits.creates = readCreates(own)
        extra.maxUnhealthy = readMaxUnhealthy(own)
        if let bound = extra.maxUnhealthy, !limits.maxUnhealthy.contains(bound) { limits.maxUnhealthy.append(bound) }
        extra.after = readAfter(own, rungs)
        if let key = own["key"] {
            let expression = readExpression(key, "`key`", scopes.when, wanted: [.string, .int, .uint])
            if rungs.contains(where: { $0.targetChange != nil || $0.countsServers }) {
                report(
                    own.place("key").diagnostic(
                        .looserThanFloor, "`key` would count \(owner) apart from the others that change the same servers",
                        hint:
                            "limits of servers count by server, or by the value of `group_by`; `key` is for rules of requests alone"
                    ))
            }
            extra.key = expression.map { bound($0) }
        }
        return (limits, extra)
    }

    private func reportLooser(_ own: RuleFields, _ key: String, _ value: Duration, _ relation: String, _ floor: Duration) {
        guard let node = own[key] else { return }
        report(
            node.diagnostic(
                .looserThanFloor, "`\(key)` of \(YAMLDuration.text(value)) is looser than the floor",
                hint: "\(relation) `\(YAMLDuration.text(floor))`; the floor is `limits` in vpsbridge.yaml"))
    }

    /// Without a number in vpsbridge.yaml the floor depends on the fleet, and a small fleet's is 1.
    private func checkConcurrency(_ count: Int, _ own: RuleFields) {
        let most = floor.concurrency(fleetSize: 1)
        guard count > most, floor != .none, let node = own["max_concurrent"] else { return }
        report(
            node.diagnostic(
                .looserThanFloor, "`max_concurrent` of \(count) is looser than the floor",
                hint: "at most `\(most)`; the floor is `limits` in vpsbridge.yaml"))
    }

    /// Of two bounds of one kind the rule's may not be the looser one; of two kinds both hold.
    private func readMaxUnhealthy(_ own: RuleFields) -> MaxUnhealthy? {
        guard let node = own["max_unhealthy"], let bound = MaxUnhealthy.read(node, collector) else { return nil }
        for above in floor.maxUnhealthy {
            switch (bound, above) {
            case (.count(let number), .count(let most)) where number > most,
                (.percent(let number), .percent(let most)) where number > most:
                report(
                    node.diagnostic(
                        .looserThanFloor, "`max_unhealthy` of \(bound.text) is looser than the floor",
                        hint: "at most `\(above.text)`; the floor is `limits` in vpsbridge.yaml"))
            default: continue
            }
        }
        return bound
    }

    private func readAfter(_ own: RuleFields, _ rungs: [Rung]) -> [String: Duration] {
        guard let node = own["after"] else { return [:] }
        if !rungs.isEmpty, !rungs.contains(where: { $0.action != nil || $0.scale != nil }) {
            report(
                own.place("after").diagnostic(
                    .badStep, "`after` counts by server or group, and \(owner) changes neither", hint: "use `cooldown`"))
        }
        guard case .mapping(let entries) = node.content else {
            if !node.isRefused {
                report(node.diagnostic(.wrongKind, "`after` is a mapping, not \(node.kindTitle)", hint: "write `{rule: 30m}`"))
            }
            return [:]
        }
        var after: [String: Duration] = [:]
        for entry in entries { after[entry.name] = entry.value.duration("`\(entry.name)`", collector) }
        return after
    }

    private func readBudgets(_ own: RuleFields, floor: [Budget]) -> [Budget] {
        guard let node = own["budgets"] else { return [] }
        guard let items = node.isMapping ? [node] : own.items("budgets") else { return [] }
        return items.compactMap { item in
            guard let fields = RuleFields(item, RuleTables.budget, collector) else { return nil }
            let max = fields.required("max").flatMap { fields.int("max", $0) }
            let per = fields.required("per").flatMap { fields.span("per", $0) }
            guard let max, let per else { return nil }
            let budget = Budget(max: max, per: per)
            for limit in floor where max > Self.mostAllowed(by: limit, in: per) {
                let allowed = Self.mostAllowed(by: limit, in: per)
                report(
                    (fields["max"] ?? item).diagnostic(
                        .looserThanFloor, "a budget of \(max) per \(YAMLDuration.text(per)) is looser than the floor",
                        hint: "the floor of \(limit.max) per \(YAMLDuration.text(limit.per)) allows at most \(allowed)"))
                return nil
            }
            return budget
        }
    }

    /// How often a budget lets something happen in a span at most: once its maximum for every span of its own that is touched.
    private static func mostAllowed(by budget: Budget, in span: Duration) -> Int {
        let own = Swift.max(1, budget.per.wholeMicroseconds)
        let spans = (Swift.max(1, span.wholeMicroseconds) - 1) / own + 1
        let (product, overflow) = budget.max.multipliedReportingOverflow(by: Int(clamping: spans))
        return overflow ? .max : product
    }
}
