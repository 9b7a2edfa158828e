package import Model

/// A time at which people work on servers, again and again by a schedule: rules change nothing of what it covers until it ends.
package struct MaintenanceWindow: Sendable {
    /// When it begins.
    let schedule: CronSchedule
    /// How long it lasts, up to 7 days.
    package let duration: Duration
    /// Ids, names, or beginnings of names followed by `*`; empty covers every server, and what has none.
    package let servers: [String]
    /// Names of rules; empty covers every rule.
    package let rules: [String]
    /// Names of sources; empty covers every source.
    package let sources: [String]
    /// For people.
    package let reason: String
    private let zones: CELTimeZones

    private static let keys = ["schedule", "timezone", "duration", "servers", "rules", "sources", "reason"]

    /// Whether a run of that rule, begun by that source, on a server of those names (its name and its id) is covered.
    package func covers(rule: String, source: String, servers names: [String]) -> Bool {
        (rules.isEmpty || rules.contains { $0.utf8.elementsEqual(rule.utf8) })
            && (sources.isEmpty || sources.contains { $0.utf8.elementsEqual(source.utf8) })
            && (servers.isEmpty || servers.contains { entry in names.contains { Self.matches(entry, $0) } })
    }

    private static func matches(_ entry: String, _ name: String) -> Bool {
        entry.utf8.last == UInt8(ascii: "*") ? name.utf8.starts(with: entry.utf8.dropLast()) : entry.utf8.elementsEqual(name.utf8)
    }

    /// When the window ends that is open at an instant; `nil` when none is.
    package func end(at now: Timestamp) -> Timestamp? {
        // The latest beginning decides; a minute that is left out or repeated by a clock change does as the local clock shows it.
        var minute = now.microseconds.floored(by: 60_000_000).quotient
        let first = (now - duration).microseconds.floored(by: 60_000_000).quotient
        while minute > first {
            if begins(atMinute: minute) { return Timestamp(seconds: minute * 60) + duration }
            minute -= 1
        }
        return nil
    }

    private func begins(atMinute minute: Int64) -> Bool {
        guard let offset = zones.offset(of: schedule.timezone, at: minute * 60) else { return false }
        let (day, minuteOfDay) = (minute + Int64(offset) / 60).floored(by: 1_440)
        guard schedule.minutes >> UInt64(minuteOfDay % 60) & 1 == 1, schedule.hours >> UInt64(minuteOfDay / 60) & 1 == 1 else {
            return false
        }
        return schedule.includes(day: day)
    }

    // MARK: Reading

    /// The windows that are well written; the others are reported. `zoneData` reads the file of a time zone.
    package static func read(
        _ node: YAMLNode, zoneData: @escaping (String) -> [UInt8]?, _ collector: DiagnosticCollector
    ) -> [MaintenanceWindow] {
        guard let items = node.list("`maintenance`", max: 100, collector) else { return [] }
        let catalog = TimeZoneCatalog(data: zoneData)
        return items.compactMap { read($0, catalog, collector) }
    }

    private static func read(_ node: YAMLNode, _ catalog: TimeZoneCatalog, _ collector: DiagnosticCollector) -> MaintenanceWindow?
    {
        guard let mapping = YAMLMapping(node, keys: keys, of: "an element of `maintenance`", collector),
            let scheduleNode = mapping.required("schedule"), let text = scheduleNode.string("`schedule`", collector),
            let durationNode = mapping.required("duration"), let duration = durationNode.duration("`duration`", collector)
        else { return nil }
        let timezone = mapping["timezone"]?.string("`timezone`", collector) ?? "UTC"
        if !catalog.knows(timezone) {
            collector.report(
                (mapping["timezone"] ?? node).diagnostic(
                    .badSchedule, "there is no time zone `\(timezone)`", hint: "write it like `Europe/Berlin`, `+02:00` or `UTC`")
            )
            return nil
        }
        guard duration >= .seconds(60), duration <= .seconds(7 * 86_400) else {
            collector.report(
                durationNode.diagnostic(.outOfRange, "`duration` of a maintenance window is a minute to 7 days"))
            return nil
        }
        let schedule: CronSchedule
        do throws(CronSchedule.Problem) {
            schedule = try CronSchedule(text, timezone: timezone)
        } catch {
            collector.report(
                scheduleNode.diagnostic(.badSchedule, error.message, hint: "every Sunday at two in the night: `0 2 * * 0`"))
            return nil
        }
        return MaintenanceWindow(
            schedule: schedule, duration: duration, servers: names("servers", mapping, collector),
            rules: names("rules", mapping, collector), sources: names("sources", mapping, collector),
            reason: mapping["reason"]?.string("`reason`", collector) ?? "maintenance", zones: catalog.zones)
    }

    private static func names(_ key: String, _ mapping: YAMLMapping, _ collector: DiagnosticCollector) -> [String] {
        mapping[key]?.identifiers("`\(key)`", max: 1_000, collector) ?? []
    }
}

extension CronSchedule {
    /// Whether a day, counted from 1970-01-01, is one of the schedule's: where both kinds of days are given, one of them is enough.
    func includes(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        guard months >> UInt64(date.month) & 1 == 1 else { return false }
        let weekday = (day + 4).floored(by: 7).remainder
        let isDay = daysOfMonth >> UInt64(date.day) & 1 == 1
        let isWeekday = daysOfWeek >> UInt64(weekday) & 1 == 1
        let givesDays = daysOfMonth & 0xFFFF_FFFE != 0xFFFF_FFFE
        let givesWeekdays = daysOfWeek & 0x7F != 0x7F
        return givesDays && givesWeekdays ? isDay || isWeekday : isDay && isWeekday
    }
}
