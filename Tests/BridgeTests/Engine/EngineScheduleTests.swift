import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import Webhooks

/// Rules that run by the clock: exactly once for each instant, under all guards.
@Suite("engine: schedules")
struct EngineScheduleTests {
    /// The fixture's clock begins at 2026-11-21T20:00:00Z... wherever it begins, every full hour is an instant.
    private static func rule(_ body: String, schedule: String = "0 * * * *", name: String = "hourly") -> String {
        """
        version: 1
        rules:
          - name: \(name)
            trigger: {schedule: "\(schedule)"}
            autonomy: auto
        \(body)
        """
    }

    private static let report = rule(
        "    actions: [{action: notify, with: {channel: ops, text: \"it is ${{ event.starts_at }}\"}}]")
    private static let reboot = rule("    target: '\"web-server-01\"'\n    actions: [server.reboot]")

    private func toTheHour(_ fixture: EngineFixture) -> Duration {
        .seconds(3_600 - fixture.clock.now().microseconds / 1_000_000 % 3_600)
    }

    @Test("every instant runs once, also over restarts and however often it is looked at")
    func once() async throws {
        let fixture = try EngineFixture(rules: Self.report)
        try await fixture.settle()
        #expect(try await fixture.store.runs(limit: 10).isEmpty, "what lay before the rule was loaded is not run")
        try await fixture.advance(by: toTheHour(fixture))
        for _ in 0..<3 {
            fixture.restart { _ in }
            try await fixture.settle()
        }
        #expect(try await fixture.store.runs(limit: 10).map(\.state) == [.succeeded])
        try await fixture.advance(by: .seconds(3_600))
        #expect(try await fixture.store.runs(limit: 10).count == 2)
        #expect(try await fixture.messages().count == 2)
    }

    @Test("a crash between the delivery and the note of it can not be: both are one transaction")
    func atomic() async throws {
        let fixture = try EngineFixture(rules: Self.report)
        try await fixture.settle()
        fixture.clock.advance(by: toTheHour(fixture))
        try await fixture.scheduler.tick()
        let instant = fixture.clock.now()
        #expect(try await fixture.store.scheduleCursors().map(\.decidedUntil) == [instant])
        #expect(try await fixture.store.undispatched(limit: 10).count == 1)
        // The clock is set back, and comes to the same instant again.
        let decision = try await fixture.store.commit(
            ScheduleTick(
                cursors: [],
                deliveries: [
                    NewDelivery(
                        source: "schedule", receivedAt: instant, body: [], contentType: "x",
                        dedupKey: "hourly@\(instant.rfc3339)")
                ], audit: []))
        #expect(decision == 0)
        #expect(try await fixture.store.undispatched(limit: 10).count == 1)
    }

    @Test("instants that passed while the bridge was away: within max_event_age they run, before it they are audited as missed")
    func missed() async throws {
        let fixture = try EngineFixture(rules: Self.report)
        try await fixture.settle()
        fixture.clock.advance(by: toTheHour(fixture) + .seconds(3 * 3_600 + 600))
        try await fixture.settle()
        #expect(try await fixture.store.runs(limit: 10).count == 1)
        let missed = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 100).filter { $0.reason == .missed }
        #expect(missed.count == 1 && missed.first?.detail.hasPrefix("3 instants") == true, "\(missed)")
        #expect(missed.first?.rule == "hourly")
    }

    @Test("a schedule that was changed, or whose rule comes back, begins anew")
    func changed() async throws {
        let fixture = try EngineFixture(rules: Self.report)
        try await fixture.settle()
        let key = try #require(try await fixture.store.scheduleCursors().first)
        _ = try await fixture.store.commit(
            ScheduleTick(
                cursors: [
                    ScheduleCursor(rule: key.rule, schedule: "5 * * * * UTC", decidedUntil: key.decidedUntil - .seconds(86_400))
                ],
                deliveries: [], audit: []))
        try await fixture.settle()
        #expect(try await fixture.store.runs(limit: 10).isEmpty)
        #expect(try await fixture.store.scheduleCursors().map(\.decidedUntil) == [fixture.clock.now()])
    }

    @Test("a scheduled action obeys the cooldown that other runs left, and is given up after max_event_age")
    func guarded() async throws {
        let fixture = try EngineFixture(
            rules: Self.reboot + "\n" + EngineFixture.hostDown.split(separator: "\n").dropFirst(2).joined(separator: "\n"))
        try await fixture.settle()
        try await fixture.advance(by: toTheHour(fixture) - .seconds(400))
        try await fixture.rescueOnce()
        #expect(fixture.api.ledger == ["reboot 12345"])
        try await fixture.advance(by: .seconds(300))
        let run = try await fixture.newestRun()
        #expect(run.rule == "hourly" && run.state == .held && run.reason == .cooldown)
        try await fixture.advance(by: .seconds(1_800))
        #expect(try await fixture.newestRun().state == .expired)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a scheduled reboot ends when the server is active again; one that does nothing but hang is told")
    func effect() async throws {
        let fixture = try EngineFixture(rules: Self.reboot)
        try await fixture.settle()
        try await fixture.advance(by: toTheHour(fixture) + .seconds(120))
        let run = try await fixture.newestRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(run.episode == nil)
    }

    @Test("a rule of another name is not woken by an instant, nor one that only waits for alerts")
    func ownInstants() async throws {
        let other = Self.rule(
            "    actions: [{action: notify, with: {channel: ops, text: other}}]", schedule: "0 0 1 1 *", name: "yearly")
        let fixture = try EngineFixture(
            rules: Self.report + "\n" + other.split(separator: "\n").dropFirst(2).joined(separator: "\n"))
        try await fixture.settle()
        try await fixture.advance(by: toTheHour(fixture))
        #expect(try await fixture.store.runs(limit: 10).map(\.rule) == ["hourly"])
    }

    @Test("a scheduled scale-in deletes what the bridge created, and nothing below min")
    func scaleIn() async throws {
        let rules = Self.rule(
            """
                fleet: {select: 'server.name.startsWith("web-")', delete: bridge-created}
                actions: [{action: fleet.scale, with: {min: 1, max: 4, delta: -1}}]
            """)
        let fixture = try EngineFixture(
            rules: rules + "\n" + EngineScale.down.split(separator: "\n").dropFirst(2).joined(separator: "\n"),
            servers: EngineScale.fleet)
        try await fixture.own([EngineScale.fleet[1]])
        try await fixture.settle()
        try await fixture.advance(by: toTheHour(fixture) + .seconds(60))
        #expect(fixture.api.ledger.filter { $0.hasPrefix("delete") } == ["delete 3"])
    }
}
