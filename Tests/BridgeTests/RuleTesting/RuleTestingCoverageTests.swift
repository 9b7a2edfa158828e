import JSON
import Model
import RuleTesting
import Rules
import Testing

@Suite("rule tests: coverage and reports")
struct RuleTestingCoverageTests {
    private typealias Fixture = RuleTestingFixture

    private static let untested = """

          - name: never
            trigger: alertmanager
            when: [event.labels.alertname == "Never", "true"]
            autonomy: observe
            actions: [{action: notify, with: {channel: oncall, text: x}}]
          - name: switched-off
            enabled: false
            trigger: alertmanager
            when: "true"
            autonomy: observe
            actions: [{action: notify, with: {channel: oncall, text: x}}]
        """

    @Test("each condition counts true and false, each rule its matches, over all tests")
    func counts() async throws {
        let file = """
            version: 1
            servers: [{id: 12345, name: web-03}]
            tests:
              - name: one
                timeline:
                  - event: \(Fixture.firing)
                  - {at: 2m, expect: {actions: [{action: server.reboot}]}}
              - name: two
                timeline:
                  - event: {source: alertmanager, labels: {alertname: HostDown, severity: warning}}
                  - event: {source: alertmanager, labels: {alertname: HostDown}}
            """
        let report = await Fixture.run(file: file, rules: Fixture.hostDown + Self.untested)
        let coverage = report.coverage
        #expect(report.isGreen)
        #expect(coverage.rules.map(\.name) == ["host-down", "never"], "a rule that is switched off can not be tested")
        #expect(coverage.rules.map(\.matched) == [1, 0])
        let conditions = coverage.rules[0].conditions
        #expect(conditions.map(\.place) == ["when[0]", "when[1]", "when_server[0]"])
        #expect(conditions.map(\.wasTrue) == [3, 1, 1])
        #expect(conditions.map(\.wasFalse) == [0, 1, 0])
        #expect(conditions.map(\.hadNoValue) == [0, 1, 0])
        #expect(conditions.map(\.gap) == ["never false", nil, "never false"])
        #expect(coverage.rules[1].conditions.map(\.gap) == ["never true", "never asked"])
        #expect(coverage.rules[1].conditions.map(\.wasFalse) == [3, 0])
        #expect(coverage.conditions == 5)
        #expect(coverage.coveredConditions == 1)
        #expect(coverage.matchedRules == 1)
        // Points seen: 1 + 1 + 2 + 1 of host-down's 7, and 0 + 1 + 0 of never's 4, whose `true` can only be true.
        #expect(coverage.percent == 6 * 100 / 11)
    }

    @Test("rules that no test names count as untested; no rule at all is 100 %")
    func nothingTested() async {
        let request = RuleTestRequest(tests: [], rules: [RuleSource(name: "a.yaml", text: Fixture.hostDown)])
        let report = await RuleTests.run(request)
        #expect(report.isGreen)
        #expect(report.coverage.percent == 0)
        #expect(await RuleTests.run(RuleTestRequest(tests: [], rules: [])).coverage.percent == 100)
    }

    @Test("the report as people read it")
    func text() async {
        let report = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - at: 2m
              expect: {actions: [], run: {host-down: held}}
            """)
        #expect(
            report.text(minCoverage: 90) == """
                FAIL  rules/a.test.yaml:5 the test
                  at 2m, run:
                   --> rules/a.test.yaml:9:48
                  9 |         expect: {actions: [], run: {host-down: held}}
                    expected: host-down: held
                    happened: host-down is verifying: applied (answered: Server is rebooting)
                  at 2m, actions:
                   --> rules/a.test.yaml:9:27
                  9 |         expect: {actions: [], run: {host-down: held}}
                    expected: nothing
                    happened: server.reboot web-03 (12345) at 2m
                    why:
                      2m host-down: rung 1: will send reboot to web-03 (12345)
                      2m host-down: answered: Server is rebooting
                      run of host-down is verifying, applied, looked at again at 2m5s
                untested: rules/a.yaml:3 host-down
                  when[0] never false: event.labels.alertname == "HostDown"
                  when[1] never false: event.labels.severity == "critical"
                  when_server[0] never false: server.status == "active"
                tests: 0 ok, 1 failed; rules: 1 of 1 matched; conditions: 0 of 3 seen true and false; coverage 57 %
                coverage is below 90 %
                """)
    }

    @Test("what is wrong, a line each, as a refused reload tells it")
    func complaints() async {
        let failed = await Fixture.run("- {event: \(Fixture.firing), expect: {matched: [], run: {host-down: none}}}")
        #expect(
            failed.complaints == [
                "rules/a.test.yaml:7:126: test \"the test\" at 0s, matched: expected nothing, happened host-down",
                "rules/a.test.yaml:7:147: test \"the test\" at 0s, run: expected host-down: no run, happened host-down is pending: waiting_for",
            ])
        let wrong = await Fixture.run("- {at: 2}")
        #expect(wrong.complaints == ["rules/a.test.yaml:7:14: `at` has no unit"])
        #expect(await Fixture.run("- {at: 2s}").complaints.isEmpty)
    }

    @Test("the report as programs read it")
    func json() async throws {
        let report = await Fixture.run("- {event: \(Fixture.firing), expect: {matched: []}}")
        let json = report.json
        #expect(json["ok"] == false)
        let test = try #require(json["tests"]?.arrayValue?.first)
        #expect(test["name"] == "the test")
        #expect(test["line"] == 5)
        let failure = try #require(test["failures"]?.arrayValue?.first)
        #expect(failure["expectation"] == "matched")
        #expect(failure["expected"] == "nothing")
        #expect(failure["happened"] == "host-down")
        #expect(failure["at"] == 0)
        #expect(json["coverage"]?["percent"] == 42)
        #expect(json["coverage"]?["rules"]?.arrayValue?.first?["conditions"]?.arrayValue?.first?["true"] == 1)
        #expect(try JSONValue.parse(json.serialized()) == json)
    }

    @Test("control characters of a payload do not reach the terminal")
    func printable() async {
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: "HostDown\\e[2J", severity: critical}}
              expect: {matched: [host-down]}
            """)
        #expect(!report.text().utf8.contains(0x1B))
        #expect(report.text().contains("HostDown\u{FFFD}[2J"))
    }
}
