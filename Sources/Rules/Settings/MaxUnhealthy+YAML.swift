import Model

extension MaxUnhealthy {
    /// Reads a number of servers or a share of them, such as `2` or `30%`; anything else is reported.
    static func read(_ node: YAMLNode, _ collector: DiagnosticCollector) -> MaxUnhealthy? {
        guard let scalar = node.scalar, case .string = scalar.value else {
            return node.int("`max_unhealthy`", in: 1...10_000, collector).map { .count($0) }
        }
        if let share = percent(in: scalar.text) { return .percent(share) }
        collector.report(
            node.diagnostic(
                .outOfRange, "`max_unhealthy` is a number of servers or a share of them", hint: "write `2` or `30%`"))
        return nil
    }

    /// The number of a share of 1 to 100 percent; `nil` for any other text.
    static func percent(in text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.last == 0x25, let first = bytes.first, CELLexer.isDigit(first),
            let number = Int(String(decoding: bytes.dropLast(), as: UTF8.self)), (1...100).contains(number)
        else { return nil }
        return number
    }
}
