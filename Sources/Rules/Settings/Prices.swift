package import Model

/// Reads what plans cost: `prices` of `vpsbridge.yaml`, and of a rule test.
package enum Prices {
    /// Puts what the node says into `limits`; what is wrong is reported and left out.
    package static func read(_ node: YAMLNode, into limits: inout Limits, _ collector: DiagnosticCollector) {
        guard let mapping = YAMLMapping(node, keys: ["currency", "plans"], of: "`prices`", collector) else { return }
        var prices = PriceList()
        if let place = mapping["currency"], let currency = place.string("`currency`", collector) {
            prices.currency = currency
            if !(1...8).contains(currency.utf8.count) || !currency.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
                collector.report(place.diagnostic(.outOfRange, "`currency` is a short name", hint: "write `EUR`"))
            }
        }
        guard let plans = mapping.required("plans") else { return }
        guard case .mapping(let entries) = plans.content else {
            if !plans.isRefused {
                collector.report(
                    plans.diagnostic(
                        .wrongKind, "`plans` is a mapping, not \(plans.kindTitle)",
                        hint: "write `{2: 5.00}`: the plan's id, its price"
                    ))
            }
            return
        }
        for entry in entries {
            guard let plan = Int64(entry.name), plan > 0 else {
                collector.report(entry.key.diagnostic(.badName, "`\(entry.name)` is not the id of a plan"))
                continue
            }
            prices.plans[plan] = entry.value.amount("the price of plan \(plan)", collector)
        }
        limits.prices = prices
    }
}
