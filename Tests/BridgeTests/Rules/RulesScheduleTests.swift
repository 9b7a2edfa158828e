import Model
import Testing

@testable import Rules

@Suite("rules: the instants of schedules")
struct RulesScheduleTests {
    private static func zone(_ name: String) -> TimeZoneRules? {
        RulesFiles.bytes("/usr/share/zoneinfo/" + name).flatMap { TimeZoneRules(tzif: $0) }
    }

    /// The instants after one, as texts.
    private func instants(
        _ schedule: String, _ zone: String, after: String, _ count: Int
    ) throws -> [String] {
        let cron = try CronSchedule(schedule, timezone: zone)
        let rules = Self.zone(zone)
        var second = try #require(Timestamp(rfc3339: after)).microseconds / 1_000_000
        var found: [String] = []
        for _ in 0..<count {
            let next = cron.next(after: second) { CELTimeZones.fixedOffset(zone) ?? rules?.offset(at: $0) }
            second = try #require(next)
            found.append(Timestamp(seconds: second).rfc3339)
        }
        return found
    }

    @Test(
        "in a zone without changes",
        arguments: [
            ("0 22 * * *", "UTC", "2026-01-01T00:00:00Z", ["2026-01-01T22:00:00Z", "2026-01-02T22:00:00Z"]),
            ("0 22 * * *", "UTC", "2026-01-01T22:00:00Z", ["2026-01-02T22:00:00Z"]),
            ("0 22 * * *", "+02:00", "2026-01-01T00:00:00Z", ["2026-01-01T20:00:00Z"]),
            ("0 1 * * *", "+02:00", "2026-01-01T00:00:00Z", ["2026-01-01T23:00:00Z"]),
            ("*/15 8-9 * * *", "UTC", "2026-01-01T08:50:00Z", ["2026-01-01T09:00:00Z", "2026-01-01T09:15:00Z"]),
            ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
            ("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
            // 2026-01-01 is a Thursday. A date and a day of the week: either.
            ("0 6 * * mon", "UTC", "2026-01-01T00:00:00Z", ["2026-01-05T06:00:00Z", "2026-01-12T06:00:00Z"]),
            ("0 6 3 * mon", "UTC", "2026-01-01T00:00:00Z", ["2026-01-03T06:00:00Z", "2026-01-05T06:00:00Z"]),
            ("59 23 31 12 *", "UTC", "2026-01-01T00:00:00Z", ["2026-12-31T23:59:00Z"]),
            ("0 0 * * 7", "UTC", "1969-12-27T00:00:00Z", ["1969-12-28T00:00:00Z"]),
        ] as [(String, String, String, [String])])
    func plain(_ schedule: String, _ zone: String, _ after: String, _ wanted: [String]) throws {
        #expect(try instants(schedule, zone, after: after, wanted.count) == wanted)
    }

    @Test(
        "a minute that is skipped runs at the next one that exists, one that is shown twice runs once",
        .enabled(if: zone("Europe/Berlin") != nil, "the machine has no zone data"),
        arguments: [
            // 2026-03-29: 02:00 is followed by 03:00 (01:00 UTC). 2026-10-25: 03:00 is followed by 02:00 (01:00 UTC).
            ("30 2 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            ("0 3 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]),
            ("15,45 2 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"]),
            ("30 2,3 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]),
            ("30 2 * * *", "2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            ("0 3 * * *", "2026-10-24T12:00:00Z", ["2026-10-25T02:00:00Z"]),
            // From within the second showing of the hour.
            ("30 2 * * *", "2026-10-25T01:10:00Z", ["2026-10-26T01:30:00Z"]),
            ("30 * * * *", "2026-10-24T23:40:00Z", ["2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"]),
            ("0 9 * * *", "2026-03-28T12:00:00Z", ["2026-03-29T07:00:00Z"]),
            ("0 9 * * *", "2026-10-25T00:00:00Z", ["2026-10-25T08:00:00Z"]),
        ] as [(String, String, [String])])
    func daylightSaving(_ schedule: String, _ after: String, _ wanted: [String]) throws {
        #expect(try instants(schedule, "Europe/Berlin", after: after, wanted.count) == wanted)
    }

    @Test("a day that a zone left out runs when the next one begins", .enabled(if: zone("Pacific/Apia") != nil, "no zone data"))
    func skippedDay() throws {
        // Samoa had no 30 December 2011: after 23:59 of the 29th (10:00 UTC of the 30th) came the 31st.
        #expect(
            try instants("0 12 * * *", "Pacific/Apia", after: "2011-12-29T23:00:00Z", 2)
                == ["2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"])
    }

    @Test(
        "instants are whole minutes, ascend, and fit, whatever schedule and zone",
        .enabled(if: zone("Europe/Berlin") != nil, "no data"))
    func properties() throws {
        var random = RulesRandom(seed: 11)
        let berlin = try #require(Self.zone("Europe/Berlin"))
        for _ in 0..<300 {
            let fields = [60, 24].map { range in
                random.below(3) == 0 ? "*/\(1 + random.below(range - 1))" : "\(random.below(range))"
            }
            let cron = try CronSchedule("\(fields[0]) \(fields[1]) * * *", timezone: "Europe/Berlin")
            var second = 1_770_000_000 + Int64(random.below(40_000_000))
            for _ in 0..<5 {
                let next = try #require(cron.next(after: second) { berlin.offset(at: $0) })
                #expect(next > second && next % 60 == 0)
                let local = next + Int64(berlin.offset(at: next))
                let (hour, minute) = (UInt64(local % 86_400 / 3_600), UInt64(local % 3_600 / 60))
                let fits = cron.hours & 1 << hour != 0 && cron.minutes & 1 << minute != 0
                // Only the end of the skip runs for what was skipped.
                let isSkip = berlin.offset(at: next) != berlin.offset(at: next - 1)
                #expect(fits || isSkip, "\(cron.text) \(Timestamp(seconds: next).rfc3339)")
                second = next
            }
        }
    }

    // MARK: Files

    private func messages(_ lines: String...) -> [String] {
        let load = RulesFixture.load(RulesFixture.alertRule(lines: lines), sources: ["alertmanager"])
        return load.diagnostics.map { "\($0.code.rawValue) \($0.message)" }
    }

    @Test("what a scheduled rule can not mean is refused")
    func refused() {
        let night = "trigger: {schedule: '0 3 * * *'}"
        #expect(messages(night, "when: -", "target: '\"web-1\"'") == [])
        #expect(messages(night, "when: -", "vars: {one: web-1}", "target: vars.one") == [])
        #expect(messages(night, "when: -") == ["R053 an instant of a schedule names no server"])
        #expect(
            messages(night, "when: -", "target: '\"web-1\"'", "for: 2m", "while_firing: {every: 10m, max: 2}").map {
                String($0.prefix(20))
            }
                == ["R053 `for` has no me", "R053 `while_firing` "])
        #expect(
            messages("trigger: {schedule: '0 0 31 2 *'}", "when: -", "target: '\"a\"'").first?.contains("never comes") == true)
        #expect(
            messages(night, "when: event.annotations.summary == \"x\"", "target: '\"a\"'").first?.contains("annotations") == true)
    }

    @Test("what a rule on the end of a problem can not mean is refused")
    func ends() {
        #expect(messages("trigger: {source: alertmanager, status: resolved}") == [])
        #expect(
            messages("trigger: {source: alertmanager, status: any}")
                == ["R043 rule `host-down` would change servers when the problem begins and again when it ends"])
        #expect(messages("trigger: {source: alertmanager, status: resolved}", "for: 2m").count == 1)
    }

    @Test("`after` names a rule that there is, in a rule that changes servers; `key` stays with requests")
    func limits() {
        #expect(
            messages("limits: {after: {host-up: 1h}}").first?.contains("names the rule `host-up`, which there is not") == true)
        #expect(messages("limits: {after: {host-down: 1h}}") == [])
        #expect(
            messages(
                "limits: {after: {host-down: 1h}}", "target: -",
                "actions: [{action: http.request, with: {url: 'https://a.example/'}}]"
            ).first?.hasPrefix("R049") == true)
        #expect(messages("limits: {key: event.labels.instance}").first?.hasPrefix("R042 `key` would count") == true)
    }

    @Test("waits and starts that mean nothing are refused")
    func waits() {
        #expect(messages("actions: [{action: wait, with: {for: 5m}}, server.reboot]") == [])
        #expect(
            messages("actions: [{action: wait, with: {for: 5m}}, {action: notify, with: {channel: a, text: b}}]").count == 1)
        #expect(messages("actions: [server.start]").first?.hasPrefix("R043") == true)
        #expect(messages("actions: [server.start]", "start_stopped: true") == [])
        #expect(messages("start_stopped: true").first?.contains("starts no server") == true)
    }

    // MARK: Groups of people

    private func load(_ groups: [String: [String]]?, _ permissions: String) -> RuleSetLoad {
        let text = """
            version: 1
            rules:
              - name: hello
                trigger: {source: slack, command: vps hello}
                permissions: \(permissions)
                approval: {approvers: {groups: [ops]}, required: 2}
                target: '"web-1"'
                actions: [server.reboot]
            """
        return RuleSet.load(
            [RuleSource(name: "f", text: text)], revision: RuleSetRevision(rawValue: "r"), sources: ["slack"], groups: groups,
            floor: Limits())
    }

    @Test("a group stands for its people; an unknown one is an error, and one that is gone lets nobody")
    func groups() throws {
        let rule = try #require(load(["ops": ["U1", "U2"]], "{groups: [ops], users: [U3]}").ruleSet?.rules.first)
        #expect(rule.permissions?.users == ["U1", "U2", "U3"])
        #expect(rule.approval.approvers.users == ["U1", "U2"])
        #expect(load(["ops": ["U1"]], "{groups: [ops]}").diagnostics.map(\.code) == [.badApproval], "two are required of one")
        #expect(load(["dev": ["U1", "U2"]], "{groups: [opps]}").diagnostics.map(\.code) == [.badPermissions, .badApproval])
        // Rules of a stored revision, read when nobody knows the groups: nobody, not everybody.
        let old = try #require(load(nil, "{groups: [ops], channels: [C0OPS]}").ruleSet?.rules.first)
        let anybody = ChatCommand(
            name: "vps", text: "hello", userID: "U9", userName: "", channelID: "C0OPS", teamID: "", responseURL: nil)
        #expect(old.permissions?.allow(anybody) == false)
    }
}
