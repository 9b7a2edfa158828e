package import Model

/// Reads the dates of HTTP headers (RFC 9110, section 5.6.7).
package enum HTTPDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

    /// The instant, from any of the three forms that a recipient must accept; `nil` for anything else.
    ///
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` (70 to 99 are of the 20th century, 00 to 69 of the
    /// 21st) and `Sun Nov  6 08:49:37 1994`. The name of the day is not checked against the date.
    package static func parse(_ text: String) -> Timestamp? {
        let separators: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "-")]
        guard text.utf8.count <= 64 else { return nil }
        let words = Array(text.utf8).split(whereSeparator: separators.contains).map { $0.map(\.asciiLowercased) }
        if words.count == 6, words[5] == Array("gmt".utf8) {
            return instant(year: words[3], month: words[2], day: words[1], time: words[4])
        }
        if words.count == 5 {
            return instant(year: words[4], month: words[1], day: words[2], time: words[3])
        }
        return nil
    }

    private static func instant(year: [UInt8], month: [UInt8], day: [UInt8], time: [UInt8]) -> Timestamp? {
        guard let monthIndex = months.firstIndex(where: { month.elementsEqual($0.utf8) }),
            var yearNumber = number(year), year.count == 4 || year.count == 2,
            let dayNumber = number(day), day.count <= 2, time.count == 8
        else { return nil }
        if year.count == 2 { yearNumber += yearNumber >= 70 ? 1_900 : 2_000 }
        let clock = String(decoding: time, as: UTF8.self)
        return Timestamp(rfc3339: "\(padded(yearNumber, 4))-\(padded(monthIndex + 1, 2))-\(padded(dayNumber, 2))T\(clock)Z")
    }

    private static func number(_ digits: [UInt8]) -> Int? {
        guard !digits.isEmpty, digits.count <= 4, digits.allSatisfy(\.isDigit) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
