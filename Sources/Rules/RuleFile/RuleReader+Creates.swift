package import Model

/// `limits.creates`: how many servers a rule may create, and what they may cost.
extension RuleReader {
    /// The rule's own caps, which hold over those of all rules; none looser than those.
    func readCreates(_ limits: RuleFields) -> CreateCaps {
        guard let node = limits["creates"],
            let own = RuleFields(node, RuleTables.creates, of: "`creates` of \(owner)", collector)
        else { return CreateCaps() }
        let caps = CreateCaps(
            maxPerDay: own.int("max_per_day"), maxPerMonth: own.int("max_per_month"),
            maxCostPerMonth: own["max_cost_per_month"].flatMap { $0.amount("`max_cost_per_month`", collector) })
        checkCap(own, "max_per_day", caps.maxPerDay.map(Int64.init), floor.creates.maxPerDay.map(Int64.init)) { "\($0)" }
        checkCap(own, "max_per_month", caps.maxPerMonth.map(Int64.init), floor.creates.maxPerMonth.map(Int64.init)) { "\($0)" }
        checkCap(own, "max_cost_per_month", caps.maxCostPerMonth?.micros, floor.creates.maxCostPerMonth?.micros) {
            Money(micros: $0).text
        }
        return caps
    }

    private func checkCap(_ own: RuleFields, _ key: String, _ value: Int64?, _ most: Int64?, _ words: (Int64) -> String) {
        guard let value, let most, value > most, let node = own[key] else { return }
        report(
            node.diagnostic(
                .looserThanFloor, "`\(key)` of \(words(value)) is looser than the floor",
                hint: "at most `\(words(most))`; the floor is `limits.creates` in vpsbridge.yaml"))
    }
}

extension YAMLNode {
    /// An amount of money, from 0: digits, and at most four decimals after a point.
    package func amount(_ title: String, _ collector: DiagnosticCollector) -> Money? {
        guard let text = scalar?.text, let amount = Money(text: text) else {
            if !isRefused {
                collector.report(
                    diagnosticAtStart(.wrongKind, "\(title) is an amount of money", hint: "write `25` or `4.99`"))
            }
            return nil
        }
        return amount
    }
}
