import Model

/// `limits`, which may only be stricter than the floor, and `probe`.
extension RuleReader {
    func readLimits(_ fields: YAMLMapping) -> Limits {
        var limits = floor
        guard let node = fields["limits"] else { return limits }
        let keys = ["cooldown", "budgets", "max_event_age", "settle"]
        guard let own = YAMLMapping(node, keys: keys, of: "`limits` of \(owner)", collector) else { return limits }
        let any = Duration.zero...(.seconds(366 * 86_400))
        if let cooldown = readSpan(own, "cooldown", in: any) {
            limits.cooldown = cooldown
            if cooldown < floor.cooldown { reportLooser(own, "cooldown", cooldown, "at least", floor.cooldown) }
        }
        if let settle = readSpan(own, "settle", in: any) {
            limits.settle = settle
            if settle < floor.settle { reportLooser(own, "settle", settle, "at least", floor.settle) }
        }
        if let age = readSpan(own, "max_event_age", in: .seconds(1)...any.upperBound) {
            limits.maxEventAge = age
            if age > floor.maxEventAge { reportLooser(own, "max_event_age", age, "at most", floor.maxEventAge) }
        }
        if let budgets = own["budgets"] { limits.budgets += readBudgets(budgets).filter { !floor.budgets.contains($0) } }
        return limits
    }

    private func reportLooser(_ own: YAMLMapping, _ key: String, _ value: Duration, _ relation: String, _ floor: Duration) {
        guard let node = own[key] else { return }
        report(
            node.diagnostic(
                .looserThanFloor, "`\(key)` of \(YAMLDuration.text(value)) is looser than the floor",
                hint: "\(relation) `\(YAMLDuration.text(floor))`; the floor is `limits` in vpsbridge.yaml"))
    }

    private func readBudgets(_ node: YAMLNode) -> [Budget] {
        guard let items = node.list("`budgets`", max: 8, collector) else { return [] }
        return items.compactMap { item in
            guard let fields = YAMLMapping(item, keys: ["max", "per"], of: "a budget", collector) else { return nil }
            let max = fields.required("max").flatMap { $0.int("`max`", in: 0...1_000, collector) }
            let per = fields.required("per") == nil ? nil : readSpan(fields, "per", in: .seconds(1)...(.seconds(366 * 86_400)))
            guard let max, let per else { return nil }
            let budget = Budget(max: max, per: per)
            for limit in floor.budgets where max > Self.mostAllowed(by: limit, in: per) {
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

    func readProbe(_ node: YAMLNode) -> Probe? {
        guard let fields = YAMLMapping(node, keys: ["tcp", "http"], of: "`probe`", collector) else { return nil }
        switch (fields["tcp"], fields["http"]) {
        case (let tcp?, nil):
            return tcp.int("`tcp`", in: 1...65_535, collector).map { .tcp(port: $0) }
        case (nil, let http?): return readHTTPProbe(http)
        case (nil, nil):
            report(node.diagnosticAtStart(.missingKey, "`probe` has neither `tcp` nor `http`", hint: "write `probe: {tcp: 22}`"))
            return nil
        case (_?, let http?):
            report(http.diagnosticAtStart(.unknownKey, "`probe` has both `tcp` and `http`", hint: "keep one"))
            return nil
        }
    }

    private func readHTTPProbe(_ node: YAMLNode) -> Probe? {
        guard let fields = YAMLMapping(node, keys: ["port", "path", "scheme"], of: "`http` of `probe`", collector) else {
            return nil
        }
        let scheme = fields["scheme"].map { $0.choice("`scheme`", among: ["http", "https"], collector) } ?? "http"
        guard let scheme else { return nil }
        let port = fields["port"].map { $0.int("`port`", in: 1...65_535, collector) } ?? (scheme == "https" ? 443 : 80)
        var path = "/"
        if let pathNode = fields["path"] {
            guard let written = pathNode.string("`path`", collector) else { return nil }
            // Printable ASCII without blanks: nothing that could end a request line.
            guard written.utf8.first == 0x2F, written.utf8.count <= 512, written.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                report(
                    pathNode.diagnostic(.outOfRange, "`path` begins with `/` and holds no blanks", hint: "write `path: /healthz`")
                )
                return nil
            }
            path = written
        }
        return port.map { .http(scheme: scheme, port: $0, path: path) }
    }
}
