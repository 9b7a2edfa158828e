import Model
import Testing

@testable import Rules

@Suite("rules: maintenance windows and what sources may")
struct RulesMaintenanceTests {
    private static func read(_ text: String) -> (windows: [MaintenanceWindow], findings: [Diagnostic]) {
        let collector = DiagnosticCollector()
        let (parsed, findings) = YAMLDocument.parse(text: text, file: "v.yaml")
        guard let node = parsed else { return ([], findings) }
        let windows = MaintenanceWindow.read(
            node, zoneData: { RulesFiles.bytes("/usr/share/zoneinfo/\($0)") }, collector)
        return (windows, collector.diagnostics)
    }

    @Test(
        "when a window is open",
        arguments: [
            ("0 2 * * 0", "UTC", "3h", "2026-11-22T01:59:59Z", nil),
            ("0 2 * * 0", "UTC", "3h", "2026-11-22T02:00:00Z", "2026-11-22T05:00:00Z"),
            ("0 2 * * 0", "UTC", "3h", "2026-11-22T04:59:59Z", "2026-11-22T05:00:00Z"),
            ("0 2 * * 0", "UTC", "3h", "2026-11-22T05:00:00Z", nil),
            ("0 2 * * 0", "UTC", "3h", "2026-11-23T03:00:00Z", nil),
            // Over midnight and over the end of a month.
            ("30 23 30 * *", "UTC", "2h", "2026-12-01T00:00:00Z", "2026-12-01T01:30:00Z"),
            ("30 23 30 * *", "UTC", "2h", "2026-12-01T23:45:00Z", nil),
            ("30 23 30 * *", "UTC", "2h", "2026-12-31T00:00:00Z", "2026-12-31T01:30:00Z"),
            // Where both kinds of days are given one of them is enough.
            ("0 0 1 * mon", "UTC", "1h", "2026-11-23T00:30:00Z", "2026-11-23T01:00:00Z"),
            ("0 0 1 * mon", "UTC", "1h", "2026-12-01T00:30:00Z", "2026-12-01T01:00:00Z"),
            ("0 0 1 * mon", "UTC", "1h", "2026-11-24T00:30:00Z", nil),
            // The zone's own clock, in winter and in summer; the beginning that is last decides.
            ("0 2 * * *", "Europe/Berlin", "1h", "2026-11-22T01:30:00Z", "2026-11-22T02:00:00Z"),
            ("0 2 * * *", "Europe/Berlin", "1h", "2026-07-22T00:30:00Z", "2026-07-22T01:00:00Z"),
            ("0 * * * *", "UTC", "90m", "2026-11-22T05:10:00Z", "2026-11-22T06:30:00Z"),
            ("0 2 * * *", "+05:30", "1h", "2026-11-21T20:45:00Z", "2026-11-21T21:30:00Z"),
            ("0 0 1 1 *", "UTC", "7d", "2026-01-07T23:59:00Z", "2026-01-08T00:00:00Z"),
        ] as [(String, String, String, String, String?)])
    func open(schedule: String, zone: String, duration: String, at: String, end: String?) throws {
        let (windows, findings) = Self.read("[{schedule: '\(schedule)', timezone: '\(zone)', duration: \(duration)}]")
        try #require(findings.isEmpty, "\(findings)")
        let now = try #require(Timestamp(rfc3339: at))
        #expect(windows.first?.end(at: now)?.rfc3339 == end.flatMap { Timestamp(rfc3339: $0)?.rfc3339 })
    }

    @Test(
        "a window begins when a rule of its schedule would run, also when the zone's clock skips or repeats an hour",
        .enabled(if: RulesFiles.bytes("/usr/share/zoneinfo/Europe/Berlin") != nil, "the machine has no zone data"),
        arguments: [
            // 2026-03-29: 02:00 is followed by 03:00 (01:00 UTC).
            ("30 2 * * *", "1h", "2026-03-29T00:59:59Z", nil),
            ("30 2 * * *", "1h", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
            ("30 2 * * *", "1h", "2026-03-29T01:59:59.5Z", "2026-03-29T02:00:00Z"),
            ("30 2 * * *", "1h", "2026-03-29T02:00:00Z", nil),
            ("15,45 2 * * *", "30m", "2026-03-29T01:10:00Z", "2026-03-29T01:30:00Z"),
            // 2026-10-25: 03:00 is followed by 02:00 (01:00 UTC); what is shown twice begins once.
            ("30 2 * * *", "30m", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z"),
            ("30 2 * * *", "30m", "2026-10-25T01:45:00Z", nil),
            ("* * * * *", "7d", "2026-03-29T01:00:30Z", "2026-04-05T01:00:00Z"),
            ("0 0 29 2 *", "7d", "2028-03-03T22:59:59Z", "2028-03-06T23:00:00Z"),
        ] as [(String, String, String, String?)])
    func clockChanges(schedule: String, duration: String, at: String, end: String?) throws {
        try open(schedule: schedule, zone: "Europe/Berlin", duration: duration, at: at, end: end)
    }

    @Test(
        "a window begins at every instant of its schedule and at no other, whatever the schedule",
        .enabled(if: RulesFiles.bytes("/usr/share/zoneinfo/Europe/Berlin") != nil, "the machine has no zone data"))
    func asSchedules() throws {
        var random = RulesRandom(seed: 5)
        let zone = try #require(RulesFiles.bytes("/usr/share/zoneinfo/Europe/Berlin").flatMap { TimeZoneRules(tzif: $0) })
        for _ in 0..<100 {
            let text = "\(random.below(60)) \(random.below(24)) * * *"
            let (windows, findings) = Self.read("[{schedule: '\(text)', timezone: Europe/Berlin, duration: 1m}]")
            let window = try #require(windows.first, "\(findings)")
            var second = 1_770_000_000 + Int64(random.below(40_000_000))
            for _ in 0..<5 {
                let next = window.schedule.next(after: second) { zone.offset(at: $0) }
                second = try #require(next)
                let instant = Timestamp(seconds: second)
                #expect(window.end(at: instant) == instant + .seconds(60), "\(text) \(instant.rfc3339)")
                #expect(window.end(at: instant - .seconds(1)) == nil && window.end(at: instant + .seconds(60)) == nil)
            }
        }
    }

    @Test(
        "names that there are not: sources are errors, rules and aliases are told",
        arguments: [
            ("sources: [alertmanager, schedule]", []),
            (
                "sources: [alertmanger]",
                ["error a maintenance window names the source `alertmanger`, which `sources` does not have"]
            ),
            ("servers: [web-*, 'db', '7']", []),
            ("servers: [primary]", ["warning a maintenance window names `primary`, which is an alias: it takes names and ids"]),
            ("rules: [host-down]", []),
            ("rules: [host-up, host-down]", ["warning a maintenance window names the rule `host-up`, which there is not"]),
        ] as [(String, [String])])
    func names(key: String, told: [String]) throws {
        let collector = DiagnosticCollector()
        let node = try #require(
            YAMLDocument.parse(text: "[{schedule: '0 2 * * 0', duration: 1h, \(key)}]", file: "v.yaml").0)
        let windows = MaintenanceWindow.read(
            node, zoneData: { _ in nil }, sources: ["alertmanager"], aliases: ["primary": ServerID(rawValue: 7)], collector)
        let load = RulesFixture.load(RulesFixture.alertRule()).checked(against: windows)
        #expect(load.ruleSet != nil && windows.count == 1)
        let found = collector.diagnostics + load.diagnostics
        #expect(found.map { "\($0.severity.rawValue) \($0.message)" } == told)
        #expect(found.allSatisfy { $0.file == "v.yaml" && $0.line == 1 && $0.column > 30 })
    }

    @Test("where nobody says which sources there are, none is checked")
    func unknownSources() {
        #expect(Self.read("[{schedule: '0 2 * * 0', duration: 1h, sources: [any]}]").findings.isEmpty)
    }

    @Test(
        "wrong windows are refused",
        arguments: [
            "{schedule: '0 2 * * 0', duration: 1h}", "[{schedule: '0 2 * *', duration: 1h}]", "[{duration: 1h}]",
            "[{schedule: '0 2 * * 0'}]",
            "[{schedule: '0 2 * * 0', duration: 30s}]", "[{schedule: '0 2 * * 0', duration: 8d}]",
            "[{schedule: '0 2 * * 0', duration: 1h, timezone: Mars/Olympus}]",
            "[{schedule: '0 2 * * 0', duration: 1h, server: [a]}]", "[{schedule: '0 2 31 2 *', duration: 1h}]",
        ])
    func wrong(text: String) {
        #expect(Self.read(text).findings.hasErrors)
    }

    @Test("a rule that does more than its source may is refused at its trigger; messages need no leave")
    func may() {
        let text = RulesFixture.alertRule(
            "actions: [server.reboot, {action: notify, with: {channel: ops, text: a}}]")
        func load(_ actions: [String]?) -> RuleSetLoad {
            RuleSet.load(
                [RuleSource(name: "rules/web.yaml", text: text)], revision: RuleSetRevision(rawValue: "r"),
                sources: ["alertmanager"],
                floor: Limits(), may: actions.map { ["alertmanager": SourcePermission($0)] } ?? [:])
        }
        #expect(load(nil).ruleSet != nil && load(["server.reboot"]).ruleSet != nil)
        for listed in [[], ["server.stop"]] {
            let refused = load(listed).diagnostics
            #expect(refused.map(\.code) == [.looserThanFloor] && refused.first?.line == 5, "\(refused)")
            #expect(refused.first?.message == "source `alertmanager` may not lead to `server.reboot`")
        }
    }

    @Test("a rule's max_unhealthy holds beside the floor's, and is not looser than one of its kind")
    func maxUnhealthy() throws {
        func load(_ bound: String, floor: [MaxUnhealthy]) -> RuleSetLoad {
            RulesFixture.load(RulesFixture.alertRule("limits: {max_unhealthy: \(bound)}"), floor: Limits(maxUnhealthy: floor))
        }
        #expect(load("30%", floor: [.count(2)]).ruleSet?.rules.first?.limits.maxUnhealthy == [.count(2), .percent(30)])
        #expect(load("2", floor: [.count(2)]).ruleSet?.rules.first?.limits.maxUnhealthy == [.count(2)])
        #expect(load("3", floor: [.count(2)]).diagnostics.map(\.code) == [.looserThanFloor])
        #expect(load("31%", floor: [.percent(30)]).diagnostics.map(\.code) == [.looserThanFloor])
        #expect(load("0", floor: []).ruleSet == nil)
    }

    @Test(
        "how many servers of a fleet may have a problem",
        arguments: [
            (MaxUnhealthy.percent(20), 1, 1), (.percent(20), 5, 1), (.percent(20), 9, 1), (.percent(20), 10, 2),
            (.percent(1), 3, 1),
            (.percent(100), 7, 7), (.count(3), 2, 3), (.count(0), 9, 1), (.percent(50), 0, 1),
        ])
    func most(bound: MaxUnhealthy, fleet: Int, most: Int) {
        #expect(bound.most(of: fleet) == most)
    }
}
