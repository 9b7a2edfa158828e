/// The rule for times after a zone's last transition: a POSIX `TZ` text such as `CET-1CEST,M3.5.0,M10.5.0/3` (RFC 9636, section
/// 3.3).
struct TimeZoneFuture: Sendable {
    /// A day of every year with a time of that day.
    private struct Change: Sendable {
        enum Day: Sendable {
            /// The week of the month (5 is the last) and the weekday from Sunday.
            case weekday(month: Int, week: Int, day: Int)
            /// From 1, 29 February never counted.
            case julian(Int)
            /// From 0, 29 February counted.
            case ordinal(Int)
        }

        let day: Day
        /// From midnight of the local time before the change; may be negative or beyond a day.
        let seconds: Int
    }

    private let standard: Int
    private var summer: (offset: Int, start: Change, end: Change)?

    init?(_ text: [UInt8]) {
        var scanner = Scanner(bytes: text)
        guard scanner.name(), let standard = scanner.time(maxHours: 24) else { return nil }
        self.standard = -standard
        if scanner.isAtEnd { return }
        guard scanner.name() else { return nil }
        var offset = self.standard + 3_600
        if !scanner.isAt(0x2C) {
            guard let written = scanner.time(maxHours: 24) else { return nil }
            offset = -written
        }
        guard scanner.take(0x2C), let start = scanner.change(), scanner.take(0x2C), let end = scanner.change(), scanner.isAtEnd
        else {
            return nil
        }
        summer = (offset, start, end)
    }

    func offset(at second: Int64) -> Int {
        guard let summer else { return standard }
        let year = CivilDate(daysSinceEpoch: (second + Int64(standard)).floored(by: 86_400).quotient).year
        let start = Self.second(of: summer.start, year: Int(year)) - Int64(standard)
        let end = Self.second(of: summer.end, year: Int(year)) - Int64(summer.offset)
        let isSummer = start < end ? (start..<end).contains(second) : !(end..<start).contains(second)
        return isSummer ? summer.offset : standard
    }

    /// The local time of a change in a year, as if it were UTC.
    private static func second(of change: Change, year: Int) -> Int64 {
        let first = CivilDate.daysSinceEpoch(year: year, month: 1, day: 1)
        let days: Int64
        switch change.day {
        case .ordinal(let day): days = first + Int64(day)
        case .julian(let day):
            let isLeap = CivilDate.daysInMonth(year: year, month: 2) == 29
            days = first + Int64(day - 1) + (isLeap && day >= 60 ? 1 : 0)
        case .weekday(let month, let week, let day):
            let start = CivilDate.daysSinceEpoch(year: year, month: month, day: 1)
            let weekday = (start + 4).floored(by: 7).remainder
            var date = (Int64(day) - weekday).floored(by: 7).remainder + Int64(week - 1) * 7
            if date >= Int64(CivilDate.daysInMonth(year: year, month: month)) { date -= 7 }
            days = start + date
        }
        return days * 86_400 + Int64(change.seconds)
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { position == bytes.count }

        func isAt(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

        mutating func take(_ byte: UInt8) -> Bool {
            guard isAt(byte) else { return false }
            position += 1
            return true
        }

        /// A zone's abbreviation: letters, or anything in angle brackets.
        mutating func name() -> Bool {
            let start = position
            if take(0x3C) {
                while position < bytes.count, !isAt(0x3E) { position += 1 }
                return take(0x3E)
            }
            while position < bytes.count, (0x41...0x5A).contains(bytes[position] & 0xDF) { position += 1 }
            return position - start >= 3
        }

        mutating func number(_ range: ClosedRange<Int>) -> Int? {
            let start = position
            var number = 0
            while position < bytes.count, CELLexer.isDigit(bytes[position]), position - start < 4 {
                number = number * 10 + Int(bytes[position] - 0x30)
                position += 1
            }
            return position > start && range.contains(number) ? number : nil
        }

        /// `[+-]h[:m[:s]]` in seconds.
        mutating func time(maxHours: Int) -> Int? {
            let sign = take(0x2D) ? -1 : 1
            if sign == 1 { _ = take(0x2B) }
            guard let hours = number(0...maxHours) else { return nil }
            var seconds = hours * 3_600
            if take(0x3A) {
                guard let minutes = number(0...59) else { return nil }
                seconds += minutes * 60
                if take(0x3A) {
                    guard let rest = number(0...59) else { return nil }
                    seconds += rest
                }
            }
            return sign * seconds
        }

        mutating func change() -> Change? {
            let day: Change.Day
            if take(0x4D) {
                guard let month = number(1...12), take(0x2E), let week = number(1...5), take(0x2E), let weekday = number(0...6)
                else {
                    return nil
                }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take(0x4A) {
                guard let number = number(1...365) else { return nil }
                day = .julian(number)
            } else {
                guard let number = number(0...365) else { return nil }
                day = .ordinal(number)
            }
            guard take(0x2F) else { return Change(day: day, seconds: 7_200) }
            return time(maxHours: 167).map { Change(day: day, seconds: $0) }
        }
    }
}
