/// Spans of time as people write them in files: `90s`, `2m`, `1h30m`, `7d`, `500ms`.
package enum YAMLDuration {
    /// Ten years: longer is a mistake, and far below what could overflow.
    static let maxMilliseconds: UInt64 = 3_652 * 86_400_000

    /// Reads a span: whole numbers with the units `d h m s ms`, each at most once and the largest first.
    ///
    /// `nil` for anything else, also for a span of more than ten years.
    package static func parse(_ text: String) -> Duration? {
        let units: [(name: String, milliseconds: UInt64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
        ]
        var rest = Array(text.utf8)[...]
        var next = 0
        var total: UInt64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...12).contains(digits.count), let count = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { (0x61...0x7A).contains($0) }
            rest = rest.dropFirst(letters.count)
            guard let unit = units[next...].firstIndex(where: { $0.name.utf8.elementsEqual(letters) }) else { return nil }
            next = unit + 1
            let (part, overflow) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
            guard !overflow, part <= maxMilliseconds else { return nil }
            total += part
        }
        return total <= maxMilliseconds ? .milliseconds(Int64(total)) : nil
    }

    /// The span as `parse` reads it, such as `1h30m`; parts below a millisecond are cut.
    package static func text(_ span: Duration) -> String {
        let (seconds, attoseconds) = span.components
        var rest = seconds
        var text = ""
        for (name, size) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60), ("s", 1)] where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if milliseconds > 0 { text += "\(milliseconds)ms" }
        return text.utf8.isEmpty ? "0s" : text
    }
}
