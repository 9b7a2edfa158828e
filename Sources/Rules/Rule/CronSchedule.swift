/// When a rule runs by the clock: five fields as `cron` reads them, in a time zone.
package struct CronSchedule: Sendable, Hashable {
    /// As it was written.
    package let text: String
    /// The zone in which the fields are read, such as `Europe/Berlin`. Default `UTC`.
    package let timezone: String
    /// Bit n is set when minute n fits; likewise for the others. Months count from 1, Sunday is day 0 of a week.
    package let minutes: UInt64
    package let hours: UInt64
    package let daysOfMonth: UInt64
    package let months: UInt64
    package let daysOfWeek: UInt64

    /// Why a text is no schedule, for the file's author.
    struct Problem: Error {
        let message: String
    }

    private struct Field {
        let title: String
        let range: ClosedRange<Int>
        var names: [String] = []
    }

    private static let fields: [Field] = [
        Field(title: "the minute", range: 0...59), Field(title: "the hour", range: 0...23),
        Field(title: "the day of the month", range: 1...31),
        Field(
            title: "the month", range: 1...12,
            names: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        Field(title: "the day of the week", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    /// Reads five fields, each `*`, a number, a range `a-b`, a step `*/n` or `a-b/n`, or several of them with commas; months and
    /// days of the week also by their first three letters.
    init(_ text: String, timezone: String) throws(Problem) {
        let parts = text.utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == Self.fields.count, text.utf8.count <= 128 else {
            throw Problem(message: "a schedule has five fields: minute, hour, day of the month, month, day of the week")
        }
        var sets: [UInt64] = []
        for (part, field) in zip(parts, Self.fields) { sets.append(try Self.set(part, field)) }
        self.text = text
        self.timezone = timezone
        (minutes, hours, daysOfMonth, months) = (sets[0], sets[1], sets[2], sets[3])
        // 7 is another word for Sunday.
        daysOfWeek = (sets[4] & 0x7F) | (sets[4] >> 7 & 1)
    }

    private static func set(_ text: String, _ field: Field) throws(Problem) -> UInt64 {
        var set: UInt64 = 0
        for item in text.utf8.split(separator: 0x2C, omittingEmptySubsequences: false) {
            let halves = item.split(separator: 0x2F, maxSplits: 1, omittingEmptySubsequences: false)
            let span = try range(String(decoding: halves[0], as: UTF8.self), field, isOpen: halves.count == 2)
            var step = 1
            if halves.count == 2 {
                guard let number = Int(String(decoding: halves[1], as: UTF8.self)), (1...59).contains(number) else {
                    throw Problem(message: "\(field.title) has a step that is not 1 to 59")
                }
                step = number
            }
            for value in stride(from: span.lowerBound, through: span.upperBound, by: step) { set |= 1 << UInt64(value) }
        }
        return set
    }

    private static func range(_ text: String, _ field: Field, isOpen: Bool) throws(Problem) -> ClosedRange<Int> {
        if text.utf8.elementsEqual("*".utf8) { return field.range }
        let ends = text.utf8.split(separator: 0x2D, maxSplits: 1, omittingEmptySubsequences: false)
        let lower = try number(String(decoding: ends[0], as: UTF8.self), field)
        let upper =
            ends.count == 2
            ? try number(String(decoding: ends[1], as: UTF8.self), field) : (isOpen ? field.range.upperBound : lower)
        guard lower <= upper else { throw Problem(message: "\(field.title) has a range that ends before it begins") }
        return lower...upper
    }

    private static func number(_ text: String, _ field: Field) throws(Problem) -> Int {
        let word = String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
        if !word.utf8.isEmpty, let index = field.names.firstIndex(where: { $0.utf8.elementsEqual(word.utf8) }) { return index }
        guard CELNumberText.isInteger(text), let number = Int(text), field.range.contains(number) else {
            throw Problem(message: "\(field.title) is \(field.range.lowerBound) to \(field.range.upperBound), not `\(text)`")
        }
        return number
    }
}
