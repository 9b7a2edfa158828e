/// Reading and writing of RFC 3339 dates without Foundation.
extension Timestamp {
    /// Reads an RFC 3339 date-time such as `2025-01-16T15:30:00Z` or `2026-11-21T18:40:00.734046811+01:00`.
    ///
    /// Years 0001 to 9999; digits of the fraction beyond the sixth are cut; a leap second (`:60`) is read as the second after.
    /// `nil` for anything else: no surrounding white space, no missing zone.
    package init?(rfc3339 text: some StringProtocol) {
        var scanner = DateScanner(bytes: Array(text.utf8))
        guard let year = scanner.digits(4), scanner.take(UInt8(ascii: "-")),
            let month = scanner.digits(2), scanner.take(UInt8(ascii: "-")),
            let day = scanner.digits(2), scanner.takeEither("Tt"),
            let hour = scanner.digits(2), scanner.take(UInt8(ascii: ":")),
            let minute = scanner.digits(2), scanner.take(UInt8(ascii: ":")),
            let second = scanner.digits(2), let fraction = scanner.fraction(), let offset = scanner.zone(), scanner.isAtEnd,
            (1...9999).contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 61,
            day >= 1, day <= Timestamp.daysInMonth(year: year, month: month)
        else { return nil }
        let days = Timestamp.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second) - Int64(offset * 60)
        self.init(microseconds: seconds * 1_000_000 + Int64(fraction))
    }

    /// The instant as an RFC 3339 date-time in UTC, with a fraction only when there is one (`2025-01-16T15:30:00.25Z`).
    ///
    /// RFC 3339 knows the years 0001 to 9999 (0000 is left out here, as in reading): an instant outside is written as the first or last
    /// of them.
    package var rfc3339: String {
        let writable = min(max(microseconds, Self.firstWritable), Self.lastWritable)
        var seconds = writable / 1_000_000
        var fraction = writable % 1_000_000
        if fraction < 0 {
            fraction += 1_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        let (year, month, day) = Timestamp.civil(daysSinceEpoch: days)
        var text = "\(Self.padded(year, 4))-\(Self.padded(Int64(month), 2))-\(Self.padded(Int64(day), 2))T"
        text += "\(Self.padded(rest / 3_600, 2)):\(Self.padded(rest / 60 % 60, 2)):\(Self.padded(rest % 60, 2))"
        if fraction != 0 {
            var digits = Self.padded(fraction, 6)
            while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
            text += ".\(digits)"
        }
        return text + "Z"
    }

    /// 0001-01-01T00:00:00Z.
    private static let firstWritable: Int64 = -62_135_596_800_000_000
    /// 9999-12-31T23:59:59.999999Z.
    private static let lastWritable: Int64 = 253_402_300_799_999_999

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func civil(daysSinceEpoch days: Int64) -> (year: Int64, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

/// A cursor over the bytes of a date; every step says whether it found what it looked for.
private struct DateScanner {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func takeEither(_ choices: StaticString) -> Bool {
        choices.withUTF8Buffer { buffer in
            guard position < bytes.count, buffer.contains(bytes[position]) else { return false }
            position += 1
            return true
        }
    }

    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var number = 0
        for byte in bytes[position..<position + count] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += count
        return number
    }

    /// The fraction in microseconds; zero where there is none.
    mutating func fraction() -> Int? {
        guard take(UInt8(ascii: ".")) else { return 0 }
        var micros = 0
        var places = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            if places < 6 { micros = micros * 10 + Int(bytes[position] - UInt8(ascii: "0")) }
            places += 1
            position += 1
        }
        guard places > 0 else { return nil }
        for _ in 0..<max(0, 6 - places) { micros *= 10 }
        return micros
    }

    /// The offset from UTC in minutes.
    mutating func zone() -> Int? {
        if takeEither("Zz") { return 0 }
        let sign: Int
        if take(UInt8(ascii: "+")) {
            sign = 1
        } else if take(UInt8(ascii: "-")) {
            sign = -1
        } else {
            return nil
        }
        guard let hours = digits(2), take(UInt8(ascii: ":")), let minutes = digits(2), hours < 24, minutes < 60 else {
            return nil
        }
        return sign * (hours * 60 + minutes)
    }
}
