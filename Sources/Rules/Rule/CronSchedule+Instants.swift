extension CronSchedule {
    /// How far ahead an instant is looked for: the 29th of February may be eight years away.
    private static let horizon: Int64 = 366 * 9

    /// The first instant after a Unix time; `nil` when none comes within nine years, or the zone is not known.
    ///
    /// A minute that the zone's clock skips stands for the first one after the skip; of one that it shows twice, only the first counts.
    /// A day fits when its month does and its date or its day of the week does; one of the two that is `*` leaves that to the other.
    /// Pure: the same zone data gives the same instant.
    func next(after second: Int64, offset: (Int64) -> Int?) -> Int64? {
        guard let present = offset(second) else { return nil }
        let local = second + Int64(present)
        let (firstDay, rest) = local.floored(by: 86_400)
        for day in firstDay...(firstDay + Self.horizon) where fits(day: day) {
            // Later local times never come at earlier instants, so the first that lies ahead is the next.
            var minute = day == firstDay ? Int(rest / 60) : 0
            while let found = minuteOfDay(from: minute) {
                if let instant = Self.instant(of: day * 86_400 + Int64(found) * 60, offset: offset), instant > second {
                    return instant
                }
                minute = found + 1
            }
        }
        return nil
    }

    /// Whether any day of a calendar fits.
    var hasInstants: Bool { next(after: 0) { _ in 0 } != nil }

    private func fits(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        guard months & 1 << UInt64(date.month) != 0 else { return false }
        let isDate = daysOfMonth & 1 << UInt64(date.day) != 0
        // 1 January 1970 was a Thursday.
        let isWeekday = daysOfWeek & 1 << UInt64((day + 4).floored(by: 7).remainder) != 0
        let (anyDate, anyWeekday) = (daysOfMonth == Self.everyDate, daysOfWeek == Self.everyWeekday)
        if anyDate || anyWeekday { return isDate && isWeekday }
        return isDate || isWeekday
    }

    private static let everyDate: UInt64 = (1 << 32) - 2
    private static let everyWeekday: UInt64 = 0x7F

    /// The first minute of a day, from that one on, that fits.
    private func minuteOfDay(from start: Int) -> Int? {
        guard start < 1_440 else { return nil }
        for hour in (start / 60)..<24 where hours & 1 << UInt64(hour) != 0 {
            for minute in (hour == start / 60 ? start % 60 : 0)..<60 where minutes & 1 << UInt64(minute) != 0 {
                return hour * 60 + minute
            }
        }
        return nil
    }

    /// When a zone's clock shows a local time: the first time that it does, or the end of the skip that leaves it out.
    private static func instant(of local: Int64, offset: (Int64) -> Int?) -> Int64? {
        // No zone changes twice within two days.
        guard let before = offset(local - 86_400), let after = offset(local + 86_400) else { return nil }
        let candidates = [local - Int64(before), local - Int64(after)].sorted()
        for candidate in candidates where offset(candidate).map({ candidate + Int64($0) == local }) ?? false { return candidate }
        // The change lies between the two; the first second with another offset is the first that exists again.
        var (low, high) = (candidates[0], candidates[1])
        while low < high {
            let middle = low + (high - low) / 2
            if offset(middle) == before { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
