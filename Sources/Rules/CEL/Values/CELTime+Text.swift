/// Reading and writing of instants and spans: RFC 3339 and Go's duration texts, which CEL uses.
extension CELTimestamp {
    /// Reads an RFC 3339 date-time; digits of the fraction beyond the ninth are cut, leap seconds are refused.
    package init?(text: String) {
        var scanner = TimeScanner(bytes: Array(text.utf8))
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), scanner.take("T") || scanner.take("t"),
            let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2), scanner.take(":"),
            let second = scanner.digits(2), let fraction = scanner.fraction(), let offset = scanner.zone(), scanner.isAtEnd,
            year >= 1, (1...12).contains(month), hour < 24, minute < 60, second < 60,
            day >= 1, day <= CivilDate.daysInMonth(year: year, month: month)
        else { return nil }
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        let clock = Int64(hour * 3_600 + minute * 60 + second)
        self.init(seconds: days * 86_400 + clock - Int64(offset), nanoseconds: fraction)
    }

    /// The instant in UTC as RFC 3339, with a fraction only when there is one.
    package var text: String {
        let (days, rest) = seconds.floored(by: 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        var text = "\(padded(date.year, 4))-\(padded(Int64(date.month), 2))-\(padded(Int64(date.day), 2))T"
        text += "\(padded(rest / 3_600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
        return text + fractionText(Int64(nanoseconds)) + "Z"
    }
}

extension CELDuration {
    /// Reads Go's duration text: an optional sign, then numbers with the units `h m s ms us µs ns`; `0` alone needs no unit.
    package init?(text: String) {
        var scanner = TimeScanner(bytes: Array(text.utf8))
        let isNegative = scanner.take("-")
        if !isNegative { _ = scanner.take("+") }
        if scanner.takeLone(zero: ()) {
            self.init(nanoseconds: 0)
            return
        }
        // Summed as a magnitude, so that the most negative span can be read too.
        var total: UInt64 = 0
        repeat {
            guard let part = scanner.quantity() else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            if overflow { return nil }
            total = sum
        } while !scanner.isAtEnd
        let limit = UInt64(Int64.max) + (isNegative ? 1 : 0)
        guard total <= limit else { return nil }
        self.init(nanoseconds: isNegative ? Int64(truncatingIfNeeded: 0 &- total) : Int64(total))
    }

    /// The span in seconds, as protobuf's JSON writes it: `90s`, `-0.5s`.
    package var text: String {
        let magnitude = nanoseconds.magnitude
        let (seconds, fraction) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        return "\(nanoseconds < 0 ? "-" : "")\(seconds)\(fractionText(Int64(fraction)))s"
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

private func fractionText(_ nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "" }
    var digits = padded(nanoseconds, 9)
    while digits.utf8.last == 0x30 { digits.removeLast() }
    return "." + digits
}

/// A cursor over the bytes of a date or a span.
private struct TimeScanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            guard position + wanted.count <= bytes.count, bytes[position..<position + wanted.count].elementsEqual(wanted) else {
                return false
            }
            position += wanted.count
            return true
        }
    }

    /// The text `0` and nothing more.
    mutating func takeLone(zero: Void) -> Bool {
        position == bytes.count - 1 && take("0")
    }

    mutating func digits(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var number = 0
        for byte in bytes[position..<position + count] {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        position += count
        return number
    }

    /// The fraction of a second in nanoseconds; zero where there is none.
    mutating func fraction() -> Int32? {
        guard take(".") else { return 0 }
        var nanoseconds: Int32 = 0
        var places = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            if places < 9 { nanoseconds = nanoseconds * 10 + Int32(bytes[position] - 0x30) }
            places += 1
            position += 1
        }
        guard places > 0 else { return nil }
        for _ in 0..<max(0, 9 - places) { nanoseconds *= 10 }
        return nanoseconds
    }

    /// The offset from UTC in seconds.
    mutating func zone() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : (take("-") ? -1 : 0)
        guard sign != 0, let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    /// One number with its unit, in nanoseconds; cut after the nanosecond.
    mutating func quantity() -> UInt64? {
        let start = position
        var whole: UInt64 = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[position] - 0x30))
            if overflow || carry { return nil }
            whole = sum
            position += 1
        }
        let wholeDigits = position - start
        var fraction: UInt64 = 0
        var scale: UInt64 = 1
        var fractionDigits = 0
        if take(".") {
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
                if fractionDigits < 15 {
                    fraction = fraction * 10 + UInt64(bytes[position] - 0x30)
                    scale *= 10
                }
                fractionDigits += 1
                position += 1
            }
        }
        guard wholeDigits + fractionDigits > 0, let unit = unit() else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        // The fraction is below one unit, so that its product fits 128 bits; multipliedFullWidth keeps it exact.
        let wide = fraction.multipliedFullWidth(by: unit)
        let (sum, carry) = product.addingReportingOverflow(scale.dividingFullWidth(wide).quotient)
        return overflow || carry ? nil : sum
    }

    private mutating func unit() -> UInt64? {
        if take("ns") { return 1 }
        if take("us") || take("\u{B5}s") || take("\u{3BC}s") { return 1_000 }
        if take("ms") { return 1_000_000 }
        if take("s") { return 1_000_000_000 }
        if take("m") { return 60_000_000_000 }
        if take("h") { return 3_600_000_000_000 }
        return nil
    }
}
