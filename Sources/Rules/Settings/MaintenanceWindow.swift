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
    /// Where each of `rules` is written.
    private let ruleNodes: [YAMLNode]
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
    ///
    /// It begins at the instants of its schedule, as a rule of that schedule would run: what the zone's clock skips begins when the skip
    /// ends, and what it shows twice begins once.
    package func end(at now: Timestamp) -> Timestamp? {
        let present = now.microseconds.floored(by: 1_000_000).quotient
        let earliest = (now - duration).microseconds.floored(by: 1_000_000).quotient
        // The latest beginning decides. It is looked for near by first: a schedule of every minute has ten thousand in a week.
        var span: Int64 = 3_600
        while true {
            let from = max(earliest, present - span)
            if let latest = latestBeginning(after: from, to: present) { return Timestamp(seconds: latest) + duration }
            if from == earliest { return nil }
            span *= 24
        }
    }

    private func latestBeginning(after start: Int64, to end: Int64) -> Int64? {
        var latest: Int64?
        while let next = schedule.next(after: latest ?? start, offset: { zones.offset(of: schedule.timezone, at: $0) }),
            next <= end
        {
            latest = next
        }
        return latest
    }

    /// What is to be said of rules that the window names and that there are not. They are warnings: rules come and go by a reload.
    package func findings(rules known: [String]) -> [Diagnostic] {
        ruleNodes.compactMap { node in
            guard let name = node.scalar?.text, !known.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else { return nil }
            return node.diagnostic(
                .unknownValue, severity: .warning, "a maintenance window names the rule `\(name)`, which there is not",
                hint: Suggestion.hint(for: name, among: known))
        }
    }

    // MARK: Reading

    /// The windows that are well written; the others are reported.
    ///
    /// `zoneData` reads the file of a time zone. `sources` are those that there are, `nil` checks no name of one; `aliases` are other names of
    /// servers, which no window takes.
    package static func read(
        _ node: YAMLNode, zoneData: @escaping (String) -> [UInt8]?, sources: Set<String>? = nil,
        aliases: [String: ServerID] = [:], _ collector: DiagnosticCollector
    ) -> [MaintenanceWindow] {
        guard let items = node.list("`maintenance`", max: 100, collector) else { return [] }
        let catalog = TimeZoneCatalog(data: zoneData)
        for item in items {
            if let sources { checkSources(item, sources, collector) }
            checkServers(item, aliases, collector)
        }
        return items.compactMap { read($0, catalog, collector) }
    }

    /// A window for a source that there is not would silently cover nothing.
    private static func checkSources(_ window: YAMLNode, _ sources: Set<String>, _ collector: DiagnosticCollector) {
        let known = sources.union([Trigger.scheduleSource]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for (name, node) in elements("sources", of: window) where !known.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
            collector.report(
                node.diagnostic(
                    .unknownValue, "a maintenance window names the source `\(name)`, which `sources` does not have",
                    hint: Suggestion.hint(for: name, among: known)))
        }
    }

    /// Which servers there are is not known here; what is an alias is no name of one, most likely.
    private static func checkServers(_ window: YAMLNode, _ aliases: [String: ServerID], _ collector: DiagnosticCollector) {
        for (name, node) in elements("servers", of: window) {
            guard let alias = aliases.first(where: { $0.key.utf8.elementsEqual(name.utf8) }) else { continue }
            collector.report(
                node.diagnostic(
                    .unknownValue, severity: .warning,
                    "a maintenance window names `\(name)`, which is an alias: it takes names and ids",
                    hint: "write the id: `\(alias.value)`"))
        }
    }

    /// The texts of a list in a window, as far as they are well written.
    private static func elements(_ key: String, of window: YAMLNode) -> [(String, YAMLNode)] {
        guard case .mapping(let entries) = window.content,
            case .sequence(let items)? = entries.first(where: { $0.name.utf8.elementsEqual(key.utf8) })?.value.content
        else { return [] }
        return items.compactMap { item in item.scalar.map { ($0.text, item) } }
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
        guard schedule.hasInstants else {
            collector.report(
                scheduleNode.diagnostic(
                    .badSchedule, "`\(text)` never comes: no month has that day", hint: "look at day and month"))
            return nil
        }
        return MaintenanceWindow(
            schedule: schedule, duration: duration, servers: names("servers", mapping, collector),
            rules: names("rules", mapping, collector), sources: names("sources", mapping, collector),
            reason: mapping["reason"]?.string("`reason`", collector) ?? "maintenance",
            ruleNodes: elements("rules", of: node).map(\.1),
            zones: catalog.zones)
    }

    private static func names(_ key: String, _ mapping: YAMLMapping, _ collector: DiagnosticCollector) -> [String] {
        mapping[key]?.identifiers("`\(key)`", max: 1_000, collector) ?? []
    }
}

extension RuleSetLoad {
    /// The load with what is to be said of windows that name rules which it does not have; it stays usable.
    package func checked(against windows: [MaintenanceWindow]) -> RuleSetLoad {
        guard let ruleSet else { return self }
        let names = ruleSet.rules.map(\.name)
        return RuleSetLoad(ruleSet: ruleSet, diagnostics: diagnostics + windows.flatMap { $0.findings(rules: names) })
    }
}
