package import Model

/// Reads the floor under every rule's limits: `limits` of `vpsbridge.yaml`, and of a rule test.
package enum LimitsFloor {
    private static let keys = [
        "cooldown", "budgets", "fleet_budgets", "max_concurrent", "max_event_age", "settle", "creates", "max_unhealthy", "flaps",
        "boot_grace", "storm",
    ]

    /// Lays what the node says over `limits`; what is wrong is reported and left as it was.
    package static func read(_ node: YAMLNode, into limits: inout Limits, _ collector: DiagnosticCollector) {
        guard let mapping = YAMLMapping(node, keys: keys, of: "`limits`", collector) else { return }
        if let span = mapping["cooldown"]?.duration("`cooldown`", collector) { limits.cooldown = span }
        if let span = mapping["settle"]?.duration("`settle`", collector) { limits.settle = span }
        if let span = mapping["max_event_age"]?.duration("`max_event_age`", collector) { limits.maxEventAge = span }
        if let number = mapping["max_concurrent"]?.int("`max_concurrent`", in: 1...100_000, collector) {
            limits.maxConcurrent = number
        }
        if let node = mapping["creates"] { limits.creates = readCreates(node, over: limits.creates, collector) }
        if let budgets = mapping["budgets"].flatMap({ readBudgets($0, "`budgets`", collector) }) { limits.budgets = budgets }
        if let budgets = mapping["fleet_budgets"].flatMap({ readBudgets($0, "`fleet_budgets`", collector) }) {
            limits.fleetBudgets = budgets
        }
        if let span = mapping["boot_grace"]?.duration("`boot_grace`", collector) { limits.bootGrace = span }
        if let bound = mapping["max_unhealthy"].flatMap({ MaxUnhealthy.read($0, collector) }) { limits.maxUnhealthy = [bound] }
        if let flaps = mapping["flaps"].flatMap({ readFlaps($0, collector) }) { limits.flaps = flaps }
        if let node = mapping["storm"] { readStorm(node, into: &limits.storm, collector) }
    }

    private static func readFlaps(_ node: YAMLNode, _ collector: DiagnosticCollector) -> Budget? {
        guard let mapping = YAMLMapping(node, keys: ["max", "per"], of: "`flaps`", collector),
            let max = mapping.required("max")?.int("`max`", in: 2...1_000, collector),
            let per = mapping.required("per")?.duration("`per`", collector)
        else { return nil }
        return Budget(max: max, per: per)
    }

    private static func readStorm(_ node: YAMLNode, into storm: inout StormThreshold, _ collector: DiagnosticCollector) {
        guard let mapping = YAMLMapping(node, keys: ["servers", "share", "quiet"], of: "`storm`", collector) else { return }
        if let number = mapping["servers"]?.int("`servers`", in: 2...100_000, collector) { storm.servers = number }
        if let span = mapping["quiet"]?.duration("`quiet`", collector) { storm.quiet = span }
        guard let share = mapping["share"], let text = share.string("`share`", collector) else { return }
        guard let percent = MaxUnhealthy.percent(in: text) else {
            collector.report(share.diagnostic(.outOfRange, "`share` is a share of the fleet", hint: "write `20%`"))
            return
        }
        storm.percent = percent
    }

    private static func readCreates(_ node: YAMLNode, over caps: CreateCaps, _ collector: DiagnosticCollector) -> CreateCaps {
        let keys = ["max_per_day", "max_per_month", "max_cost_per_month"]
        guard let mapping = YAMLMapping(node, keys: keys, of: "`creates`", collector) else { return caps }
        var caps = caps
        if let number = mapping["max_per_day"]?.int("`max_per_day`", in: 0...1_000_000, collector) { caps.maxPerDay = number }
        if let number = mapping["max_per_month"]?.int("`max_per_month`", in: 0...1_000_000, collector) {
            caps.maxPerMonth = number
        }
        if let amount = mapping["max_cost_per_month"]?.amount("`max_cost_per_month`", collector) { caps.maxCostPerMonth = amount }
        return caps
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
