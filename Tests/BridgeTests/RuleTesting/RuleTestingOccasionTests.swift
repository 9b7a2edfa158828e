import RuleTesting
import Testing

/// What a rule test can say of the clock and of evidence.
@Suite("rule tests: schedules, pull and waits")
struct RuleTestingOccasionTests {
    private typealias Fixture = RuleTestingFixture

    private func expectGreen(_ report: RuleTestReport) {
        #expect(report.isGreen, "\(report.text())")
        #expect(report.results.count == 1)
    }

    private static let nightly = """
        version: 1
        rules:
          - name: nightly
            trigger: {schedule: "30 3 * * *"}
            target: '"web-03"'
            autonomy: auto
            actions: [{action: wait, with: {for: 10m}}, server.reboot]
        """

    @Test("the clock comes to an instant: the rule matches, waits its step out, and acts once")
    func schedule() async {
        expectGreen(
            await Fixture.run(
                """
                - at: 3h29m59s
                  expect: {matched: [], run: {nightly: none}}
                - at: 3h30m
                  expect: {matched: [nightly], held: {nightly: waiting}}
                - at: 3h40m
                  expect: {actions: [{action: server.reboot, server: web-03}]}
                - at: 27h
                  expect: {run: {nightly: succeeded}}
                - at: 27h40m
                  expect: {actions: [{action: server.reboot, server: web-03}]}
                """, rules: Self.nightly))
    }

    @Test("a silence holds, an alert that is gone ends it, and who can not be asked changes nothing")
    func pull() async {
        let lasting = Fixture.hostDown.replacing("for: 2m", with: "for: 20m")
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                - at: 1m
                  pull: {source: alertmanager, answer: silenced, for: 2h}
                - at: 1h
                  expect: {actions: [], held: {host-down: silenced}}
                - at: 1h1m
                  pull: {source: alertmanager, answer: firing}
                - at: 1h10m
                  expect: {actions: [{action: server.reboot, server: web-03}]}
                """, rules: lasting))
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                - {at: 1m, pull: {source: alertmanager, answer: unavailable}}
                - at: 20m
                  expect: {actions: [], held: {host-down: stale_evidence}}
                - {at: 21m, pull: {source: alertmanager, answer: gone}}
                - at: 30m
                  expect: {actions: [], skipped: {host-down: resolved}}
                """, rules: lasting))
    }

    @Test(
        "a pause holds from its instant on what it covers, until it is lifted or its time is over",
        arguments: [
            ("pause: all", "resume: all"), ("pause: {for: 10m}", "probe: {healthy: false}"),
            ("pause: {rule: host-down, reason: a migration}", "resume: {rule: host-down}"),
            ("pause: {source: alertmanager}", "resume: {source: alertmanager}"),
            ("pause: [{action: server.reboot}, {server: db-01}]", "resume: {action: server.reboot}"),
            ("hold: web-03", "release: web-03"), ("hold: {server: 12345, for: 10m}", "probe: {healthy: false}"),
        ])
    func pause(stops: String, goesOn: String) async {
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                - at: 1m
                  \(stops)
                - at: 10m59s
                  expect: {actions: [], held: {host-down: paused}}
                - at: 11m
                  \(goesOn)
                  expect: {actions: [{action: server.reboot, server: web-03}]}
                """))
    }

    @Test(
        "a pause of something else holds nothing",
        arguments: ["pause: {action: server.create}", "hold: db-01", "pause: {source: slack}"])
    func otherPause(stops: String) async {
        expectGreen(
            await Fixture.run(
                """
                - event: \(Fixture.firing)
                  \(stops)
                - at: 2m
                  expect: {actions: [{action: server.reboot, server: web-03}]}
                """))
    }

    @Test(
        "a pause that names nothing there is, or two things, is an error of the test",
        arguments: [
            "pause: everything", "pause: {rule: other}", "pause: {source: other}", "pause: {action: reboot}", "hold: web-99",
            "pause: {rule: host-down, server: web-03}", "pause: {for: 0s}", "resume: {for: 2h}", "hold: {for: 2h}", "release: {}",
        ])
    func wrongPause(_ step: String) async {
        let report = await Fixture.run("- \(step)")
        #expect(!report.isGreen && report.results.isEmpty)
    }

    @Test(
        "what `pull` can not say is an error of the test",
        arguments: [
            "{answer: gone}", "{source: alertmanager}", "{source: alertmanager, answer: on}",
            "{source: alertmanager, answer: gone, for: 2h}",
        ])
    func wrong(_ pull: String) async {
        let report = await Fixture.run("- pull: \(pull)")
        #expect(!report.isGreen && report.results.isEmpty)
    }
}
