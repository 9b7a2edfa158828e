import JSON
import Model
import RuleTesting
import Rules
import Testing

@Suite("rule tests: virtual time")
struct RuleTestingTimeTests {
    private typealias Fixture = RuleTestingFixture

    private func expectGreen(_ report: RuleTestReport) {
        #expect(report.isGreen, "\(report.text())")
        #expect(report.results.count == 1)
    }

    @Test("`for: 2m` acts at 2m, and not a second before")
    func waitsExactly() async {
        expectGreen(
            await Fixture.run(
                """
                - at: 0s
                  event: \(Fixture.firing)
                  expect: {matched: [host-down], actions: [], run: {host-down: pending}}
                - at: 1m59s
                  expect: {actions: []}
                - at: 119999ms
                  expect: {actions: []}
                - at: 2m
                  expect: {actions: [{action: server.reboot, server: 12345}]}
                """))
    }

    @Test("the same step a second early fails, and says that nothing happened")
    func tooEarly() async throws {
        let report = await Fixture.run(
            """
            - at: 0s
              event: \(Fixture.firing)
            - at: 1m59s
              expect: {actions: [{action: server.reboot, server: 12345}]}
            """)
        #expect(report.failureTexts == ["actions: server.reboot 12345 / nothing"])
        let failure = try #require(report.results.first?.failures.first)
        #expect(failure.at == .seconds(119))
        #expect(failure.why == ["run of host-down is pending, waiting_for, looked at again at 2m"])
    }

    @Test("a resolve inside the wait cancels")
    func resolved() async {
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                - {at: 1m, event: \(Fixture.resolved)}
                - {at: 10m, expect: {actions: [], skipped: {host-down: resolved}, run: {host-down: cancelled}}}
                """))
    }

    @Test("rungs follow at their exact times while the alert is repeated")
    func escalates() async {
        expectGreen(
            await Fixture.run(
                """
                - event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}, repeat: {every: 5m, times: 8}}
                - {at: 2m, expect: {actions: [{action: server.reboot, server: web-03}]}}
                - {at: 11m59s, expect: {actions: []}}
                - {at: 12m, expect: {actions: [{action: server.stop, server: web-03}]}}
                - {at: 13m, expect: {actions: [{action: server.start, server: web-03}], messages: []}}
                - {at: 30m, expect: {messages: [{channel: oncall, text: web-03 is still down}], run: {host-down: failed}}}
                """))
    }

    @Test("without repeats the evidence goes stale, and the next rung is not taken")
    func staleEvidence() async {
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                - {at: 2m, expect: {actions: [{action: server.reboot}]}}
                - {at: 12m, expect: {actions: [{action: server.stop}]}}
                - {at: 40m, expect: {actions: [{action: server.start}], messages: [], held: {host-down: stale_evidence}}}
                """,
                rules: Fixture.hostDown.replacing(
                    "- actions: [{", with: "- {timeout: 5m, actions: [server.reboot]}\n      - actions: [{")))
    }

    @Test("a second problem is held by the cooldown, and acted on when it lifts")
    func cooldown() async {
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                - {at: 3m, event: \(Fixture.resolved), expect: {actions: [{action: server.reboot}]}}
                - {at: 5m, expect: {run: {host-down: succeeded}}}
                - at: 6m
                  event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}, repeat: {every: 5m, times: 6}}
                - {at: 8m, expect: {actions: [], held: {host-down: cooldown}}}
                - {at: 34m59s, expect: {actions: []}}
                - {at: 35m, expect: {actions: [{action: server.reboot}]}}
                """))
    }

    @Test("a problem that nobody speaks of for twelve hours is over, unseen")
    func stale() async {
        expectGreen(
            await Fixture.run(
                """
                - {event: \(Fixture.firing), server: {name: web-03, status: rebooting}}
                - {at: 11h59m, expect: {held: {host-down: stale_evidence}}}
                - {at: 12h1m, expect: {skipped: {host-down: episode_stale}}}
                """, rules: Fixture.hostDown.replacing("    when_server: [server.status == \"active\"]\n", with: "")))
    }

    @Test("what rules see as the time of receipt is the virtual time")
    func receivedAt() async {
        let rules = Fixture.hostDown.replacing(
            "event.labels.severity == \"critical\"", with: "event.received_at.getHours() >= 8")
        expectGreen(
            await Fixture.run(
                """
                - {at: 0s, event: \(Fixture.firing), expect: {no_match: host-down}}
                - {at: 29m59s, event: \(Fixture.firing), expect: {matched: []}}
                - {at: 30m, event: \(Fixture.firing), expect: {matched: [host-down], actions: [{action: server.reboot}]}}
                """, head: "start: 2026-01-10T07:30:00Z", rules: rules))
    }

    @Test("the same test gives the same report, every time")
    func deterministic() async {
        var reports: Set<String> = []
        for _ in 0..<3 {
            let report = await Fixture.run(
                """
                - event: \(Fixture.firing)
                - {at: 40m, expect: {messages: [nothing of the kind]}}
                """)
            reports.insert(report.json.description)
        }
        #expect(reports.count == 1)
    }
}
