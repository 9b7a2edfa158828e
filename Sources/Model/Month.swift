/// A calendar month in UTC.
package struct Month: Sendable, Hashable, CustomStringConvertible {
    /// From 1 to 9999.
    package let year: Int
    /// From 1 to 12.
    package let number: Int

    /// Reads `2026-11`; `nil` for anything else.
    package init?(text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 4, parts[1].count == 2,
            parts.allSatisfy({ $0.allSatisfy { (0x30...0x39).contains($0) } }),
            let year = Int(String(decoding: parts[0], as: UTF8.self)),
            let number = Int(String(decoding: parts[1], as: UTF8.self)),
            (1...9999).contains(year), (1...12).contains(number)
        else { return nil }
        self.init(year: year, number: number)
    }

    /// The month of an instant.
    package init(containing instant: Timestamp) {
        let seconds = instant.microseconds / 1_000_000 - (instant.microseconds % 1_000_000 < 0 ? 1 : 0)
        let days = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let date = Timestamp.civil(daysSinceEpoch: days)
        self.init(year: Int(date.year), number: date.month)
    }

    private init(year: Int, number: Int) {
        self.year = year
        self.number = number
    }

    /// Its first instant.
    package var start: Timestamp {
        Timestamp(seconds: Timestamp.daysSinceEpoch(year: year, month: number, day: 1) * 86_400)
    }

    /// The first instant after it.
    package var end: Timestamp {
        Timestamp(
            seconds: Timestamp.daysSinceEpoch(year: number == 12 ? year + 1 : year, month: number == 12 ? 1 : number + 1, day: 1)
                * 86_400)
    }

    /// As `2026-11`.
    package var description: String {
        let digits = String(year)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits + (number < 10 ? "-0" : "-") + "\(number)"
    }
}
