package import Model

/// Reads the floor under every rule's limits: `limits` of `vpsbridge.yaml`, and of a rule test.
package enum LimitsFloor {
    private static let keys = ["cooldown", "budgets", "fleet_budgets", "max_concurrent", "max_event_age", "settle"]

    /// Lays what the node says over `limits`; what is wrong is reported and left as it was.
    package static func read(_ node: YAMLNode, into limits: inout Limits, _ collector: DiagnosticCollector) {
        guard let mapping = YAMLMapping(node, keys: keys, of: "`limits`", collector) else { return }
        if let span = mapping["cooldown"]?.duration("`cooldown`", collector) { limits.cooldown = span }
        if let span = mapping["settle"]?.duration("`settle`", collector) { limits.settle = span }
        if let span = mapping["max_event_age"]?.duration("`max_event_age`", collector) { limits.maxEventAge = span }
        if let number = mapping["max_concurrent"]?.int("`max_concurrent`", in: 1...100_000, collector) {
            limits.maxConcurrent = number
        }
        if let budgets = mapping["budgets"].flatMap({ readBudgets($0, "`budgets`", collector) }) { limits.budgets = budgets }
        if let budgets = mapping["fleet_budgets"].flatMap({ readBudgets($0, "`fleet_budgets`", collector) }) {
            limits.fleetBudgets = budgets
        }
    }

    private static func readBudgets(_ node: YAMLNode, _ title: String, _ collector: DiagnosticCollector) -> [Budget]? {
        guard let items = node.list(title, max: 20, collector) else { return nil }
        if items.isEmpty {
            collector.report(node.diagnostic(.outOfRange, "\(title) is empty", hint: "an empty list would bound nothing"))
            return nil
        }
        return items.compactMap { item in
            guard let mapping = YAMLMapping(item, keys: ["max", "per"], of: "an element of \(title)", collector),
                let max = mapping.required("max")?.int("`max`", in: 0...1_000_000, collector),
                let per = mapping.required("per")?.duration("`per`", collector)
            else { return nil }
            return Budget(max: max, per: per)
        }
    }
}
