import Engine
import Rules

/// Reads `retention` of `vpsbridge.yaml`: how long records are kept, never so short that something counts or repeats longer.
enum RetentionKeys {
    private static let keys = ["deliveries", "runs", "audit", "messages", "dead_letters"]

    static func read(_ node: YAMLNode, _ collector: DiagnosticCollector) -> Retention {
        guard let mapping = YAMLMapping(node, keys: keys, of: "`retention`", collector) else { return Retention() }
        let defaults = Retention()
        func span(_ key: String, _ standard: Duration, least: Duration, why: String) -> Duration {
            guard let node = mapping[key], let span = node.duration("`retention.\(key)`", collector) else { return standard }
            guard span >= least else {
                collector.report(
                    node.diagnostic(
                        .outOfRange, "`retention.\(key)` is shorter than \(least.components.seconds / 86_400)d", hint: why))
                return standard
            }
            return span
        }
        return Retention(
            deliveries: span(
                "deliveries", defaults.deliveries, least: Retention.leastDeliveries,
                why: "a sender may repeat a delivery for 76 hours, and a repeat must be known as one"),
            runs: span(
                "runs", defaults.runs, least: Retention.leastRuns, why: "budgets and costs are counted over a calendar month"),
            audit: span("audit", defaults.audit, least: Retention.leastRuns, why: "the audit outlives what it tells of"),
            messages: span("messages", defaults.messages, least: Retention.leastOther, why: "a day is the least"),
            deadLetters: span("dead_letters", defaults.deadLetters, least: Retention.leastOther, why: "a day is the least"))
    }
}
