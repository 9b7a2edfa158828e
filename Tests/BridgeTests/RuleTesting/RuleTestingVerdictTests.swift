import JSON
import Model
import RuleTesting
import Rules
import Testing
import Webhooks

/// One step that must fail, and what the failure says.
struct RuleTestingFailureCase: Sendable, CustomTestStringConvertible {
    let name: String
    let expect: String
    let failure: String
    var testDescription: String { name }
}

@Suite("rule tests: what must fail does")
struct RuleTestingVerdictTests {
    private typealias Fixture = RuleTestingFixture

    static let cases = [
        RuleTestingFailureCase(
            name: "wrong action", expect: "actions: [{action: server.stop, server: 12345}]",
            failure: "actions: server.stop 12345 / server.reboot web-03 (12345) at 2m"),
        RuleTestingFailureCase(
            name: "wrong server", expect: "actions: [{action: server.reboot, server: db-01}]",
            failure: "actions: server.reboot db-01 / server.reboot web-03 (12345) at 2m"),
        RuleTestingFailureCase(
            name: "missing action",
            expect: "actions: [{action: server.reboot, server: web-03}, {action: server.reboot, server: db-01}]",
            failure: "actions: server.reboot web-03; server.reboot db-01 / server.reboot web-03 (12345) at 2m"),
        RuleTestingFailureCase(
            name: "extra action", expect: "actions: []", failure: "actions: nothing / server.reboot web-03 (12345) at 2m"),
        RuleTestingFailureCase(
            name: "an action that no step lists", expect: "run: {host-down: verifying}",
            failure: "actions: none, since the step has no `actions` / server.reboot web-03 (12345) at 2m"),
        RuleTestingFailureCase(
            name: "wrong state", expect: "actions: [{action: server.reboot}], run: {host-down: succeeded}",
            failure: "run: host-down: succeeded / host-down is verifying: applied (answered: Server is rebooting)"),
        RuleTestingFailureCase(
            name: "no run where there is one", expect: "actions: [{action: server.reboot}], run: {host-down: none}",
            failure: "run: host-down: no run / host-down is verifying: applied (answered: Server is rebooting)"),
        RuleTestingFailureCase(
            name: "wrong reason", expect: "actions: [{action: server.reboot}], held: {host-down: cooldown}",
            failure: "held: host-down waits: cooldown / host-down is verifying: applied (answered: Server is rebooting)"),
        RuleTestingFailureCase(
            name: "not skipped", expect: "actions: [{action: server.reboot}], skipped: {host-down: not_live}",
            failure: "skipped: host-down ends: not_live / host-down is verifying: applied (answered: Server is rebooting)"),
        RuleTestingFailureCase(
            name: "a message that was not sent", expect: "actions: [{action: server.reboot}], messages: [is still down]",
            failure: "messages: …is still down… / nothing"),
        RuleTestingFailureCase(
            name: "a request that was not sent",
            expect: "actions: [{action: server.reboot}], requests: [{method: POST, url: 'https://example.com/'}]",
            failure: "requests: POST https://example.com/ / nothing"),
    ]

    @Test("after a reboot", arguments: cases)
    func fails(_ wanted: RuleTestingFailureCase) async {
        let report = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - {at: 2m, expect: {\(wanted.expect)}}
            """)
        #expect(!report.isGreen)
        #expect(report.failureTexts == [wanted.failure])
        #expect(report.text().contains("FAIL  rules/a.test.yaml:5 the test"))
    }

    static let evaluations = [
        RuleTestingFailureCase(
            name: "wrong missing path", expect: "missing: {host-down: event.labels.env}",
            failure: "missing: host-down: no event.labels.env / no event.labels.severity"),
        RuleTestingFailureCase(
            name: "nothing may be missing", expect: "missing: {}",
            failure: "missing: nothing / host-down: no event.labels.severity"),
        RuleTestingFailureCase(
            name: "a match that is none", expect: "matched: [host-down]", failure: "matched: host-down / nothing"),
        RuleTestingFailureCase(
            name: "an error that is none", expect: "error: {host-down: overload}",
            failure: "error: host-down: …overload… / no event.labels.severity"),
    ]

    @Test("about an alert without a severity", arguments: evaluations)
    func failsOnEvaluation(_ wanted: RuleTestingFailureCase) async throws {
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, server: web-03}}
              expect: {\(wanted.expect)}
            """)
        #expect(report.failureTexts == [wanted.failure])
        let why = try #require(report.results.first?.failures.first?.why)
        #expect(
            why == [
                #"problem from alertmanager, {alertname="HostDown", server="web-03"}"#,
                "  rule host-down: no match, event.labels.severity is missing",
                #"    true    event.labels.alertname == "HostDown""#,
                #"    missing event.labels.severity == "critical"  (no event.labels.severity)"#,
            ])
    }

    @Test("a rule that matched although it should not")
    func matchedAnyway() async {
        let report = await Fixture.run("- {event: \(Fixture.firing), expect: {no_match: [host-down]}}")
        #expect(report.failureTexts == ["no_match: host-down does not match / host-down matched"])
    }

    @Test("a rule that was not asked is not a rule that misses something")
    func notAsked() async {
        let report = await Fixture.run("- {expect: {missing: {host-down: event.labels.x}}}")
        #expect(
            report.failureTexts == [
                "missing: host-down: no event.labels.x / host-down was not asked: since the step before, no problem came from its "
                    + "source alertmanager"
            ])
    }

    @Test("the conditions after a false one are told as not asked; what the server said is told too")
    func explains() async throws {
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: DiskFull}}
              expect: {matched: [host-down]}
            - {event: \(Fixture.firing), server: {id: 12345, status: stopped}}
            - {at: 5m, expect: {run: {host-down: succeeded}}}
            """)
        let whys = report.results.flatMap(\.failures).map(\.why)
        try #require(whys.count == 2)
        #expect(
            whys[0].suffix(2) == [
                #"    false   event.labels.alertname == "HostDown""#, #"    not asked event.labels.severity == "critical""#,
            ])
        #expect(
            whys[1] == [
                "when_server of rule host-down: no match", #"  false   server.status == "active""#,
                #"2m host-down: cancelled: when_server does not hold: server.status == "active""#,
            ])
    }

    @Test("not live, protected, an alias: `config` of the test goes before that of the file, and that before the settings")
    func configuration() async {
        let settings = RuleTestSettings(live: false, protected: ["web-03"])
        let refused = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - {at: 2m, expect: {actions: [], skipped: {host-down: protected}}}
            """, settings: settings)
        #expect(refused.isGreen, "\(refused.text())")
        let notLive = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - {at: 2m, expect: {actions: [], skipped: {host-down: not_live}}}
            """, head: "config: {protected: []}", settings: settings)
        #expect(notLive.isGreen, "\(notLive.text())")
        let alias = await Fixture.run(
            """
            - event: {source: prod, labels: {alertname: HostDown, severity: critical, server: the-web}}
            - {at: 2m, expect: {actions: [{action: server.reboot, server: web-03}]}}
            """,
            head: "config: {live: true, protected: [], aliases: {the-web: 12345}, sources: {prod: generic}}",
            rules: Fixture.hostDown.replacing("trigger: alertmanager", with: "trigger: prod"), settings: settings)
        #expect(alias.isGreen, "\(alias.text())")
    }

    @Test("faults of the API, probes and servers that go")
    func world() async {
        let lost = await Fixture.run(
            """
            - {event: \(Fixture.firing), api: {reboot: [unreachable, lost]}}
            - {at: 2m, expect: {actions: [{action: server.reboot}], held: {host-down: api_unavailable}}}
            - {at: 3m, expect: {actions: [{action: server.reboot}], run: {host-down: verifying}}}
            """)
        #expect(lost.isGreen, "\(lost.text())")
        let gone = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - {at: 1m, server: {name: web-03, gone: true}}
            - {at: 3m, expect: {actions: [], skipped: {host-down: target_not_found}}}
            """)
        #expect(gone.isGreen, "\(gone.text())")
        let probed = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - {at: 2m, expect: {actions: [{action: server.reboot}]}}
            - {at: 3m, probe: {healthy: true, server: web-03}}
            - {at: 6m, expect: {run: {host-down: succeeded}}}
            """, rules: Fixture.hostDown.replacing("    autonomy: auto", with: "    probe: {tcp: 22}\n    autonomy: auto"))
        #expect(probed.isGreen, "\(probed.text())")
    }

    @Test("a server that somebody stops stays stopped, whatever it was on its way to")
    func frozen() async {
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}, repeat: {every: 5m, times: 3}}
            - {at: 2m, expect: {actions: [{action: server.reboot}]}}
            - {at: 2m1s, server: {name: web-03, status: stopped}}
            - {at: 13m, expect: {actions: [], skipped: {host-down: refused}, messages: [web-03 is still down]}}
            """)
        #expect(report.isGreen, "\(report.text())")
    }

    @Test("a condition that fails is an error, not a match")
    func conditionError() async {
        let rules = Fixture.hostDown.replacing("event.labels.severity == \"critical\"", with: "int(event.labels.cpu) > 90")
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, cpu: many}}
              expect: {matched: [], missing: {}, error: {host-down: not a number}}
            """, rules: rules)
        #expect(report.isGreen, "\(report.text())")
        #expect(report.coverage.rules.first?.conditions[1].hadNoValue == 1)
        let numbers = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, cpu: 95, server: 12345}}
              expect: {matched: [host-down]}
            """, rules: rules)
        #expect(numbers.isGreen, "\(numbers.text())")
    }

    @Test("an alert in short stands where a generic source's fields are")
    func genericFields() async {
        var source = WebhookSource(name: "scripts", kind: .generic, authentication: .none)
        source.generic = GenericMapping(
            status: "/alert/state", problemWords: ["broken"], resolvedWords: ["fine"], labels: "/alert/of/labels",
            startsAt: "/alert/since")
        let settings = RuleTestSettings(sources: ["scripts": source])
        let report = await Fixture.run(
            """
            - event: {source: scripts, labels: {alertname: HostDown, severity: critical, server: web-03}}
              expect: {matched: [host-down]}
            - {at: 1m, event: {source: scripts, labels: {alertname: HostDown, severity: critical, server: web-03}, status: resolved}}
            - {at: 5m, expect: {skipped: {host-down: resolved}}}
            """, rules: Fixture.hostDown.replacing("trigger: alertmanager", with: "trigger: scripts"), settings: settings)
        #expect(report.isGreen, "\(report.text())")
    }

    @Test("a recorded body is read from beside the test, and is what its sender sent")
    func recorded() async {
        let body: JSONValue = [
            "version": "4", "status": "firing",
            "alerts": [
                [
                    "status": "firing", "labels": ["alertname": "HostDown", "severity": "critical", "server": "db-01"],
                    "startsAt": "2026-11-21T10:00:00Z",
                ]
            ],
        ]
        let report = await Fixture.run(
            """
            - {event: {source: alertmanager, file: ./fixtures/down.json}, expect: {matched: [host-down]}}
            - {at: 2m, expect: {actions: [{action: server.reboot, server: db-01}]}}
            """, files: ["rules/fixtures/down.json": body.description])
        #expect(report.isGreen, "\(report.text())")
    }

    @Test("`--filter` runs what it names")
    func filter() async {
        let file = """
            version: 1
            tests:
              - {name: one, timeline: [{at: 1s}]}
              - {name: another, timeline: [{at: 1s}]}
            """
        #expect(await Fixture.run(file: file, filter: "other").results.map(\.name) == ["another"])
        #expect(await Fixture.run(file: file).results.map(\.name) == ["one", "another"])
    }
}
