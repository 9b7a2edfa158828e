/// An amount of money in millionths of a currency's unit: exact, never negative when read from a text.
package struct Money: Sendable, Hashable, Comparable {
    /// Millionths of the unit.
    package var micros: Int64

    package init(micros: Int64) {
        self.micros = micros
    }

    package static let zero = Money(micros: 0)

    /// Reads `5`, `5.00` or `0.0125`: digits, and one to four decimals after a point; `nil` for anything else, and above a billion.
    package init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts[0]
        let decimals = parts.count == 2 ? parts[1] : "0".utf8[...]
        let isDigits = { (bytes: Substring.UTF8View) in bytes.allSatisfy { (0x30...0x39).contains($0) } }
        guard (1...10).contains(whole.count), isDigits(whole), (1...4).contains(decimals.count), isDigits(decimals),
            let units = Int64(String(decoding: whole, as: UTF8.self)), units <= 1_000_000_000,
            let fraction = Int64(String(decoding: decimals, as: UTF8.self))
        else { return nil }
        var scale: Int64 = 1_000_000
        for _ in 0..<decimals.count { scale /= 10 }
        micros = units * 1_000_000 + fraction * scale
    }

    /// With two decimals, or four when there are more; rounded down to them.
    package var text: String {
        let sign = micros < 0 ? "-" : ""
        let size = micros.magnitude
        let fraction = size % 1_000_000 / 100
        let digits = fraction % 100 == 0 ? Self.padded(fraction / 100, 2) : Self.padded(fraction, 4)
        return "\(sign)\(size / 1_000_000).\(digits)"
    }

    private static func padded(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// The sum; the greatest amount there is when it would be more.
    package func adding(_ other: Money) -> Money {
        let (sum, overflow) = micros.addingReportingOverflow(other.micros)
        return Money(micros: overflow ? .max : sum)
    }

    /// So many times as much, from 0; the greatest amount there is when it would be more.
    package func times(_ count: Int) -> Money {
        let (product, overflow) = micros.multipliedReportingOverflow(by: Int64(count))
        return Money(micros: overflow ? .max : product)
    }

    package static func < (left: Money, right: Money) -> Bool { left.micros < right.micros }
}
