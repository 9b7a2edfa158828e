import Model
import RuleTesting
import Rules
import Testing

@Suite("rule tests: bounds")
struct RuleTestingBoundsTests {
    private typealias Fixture = RuleTestingFixture

    @Test("more tests, steps, servers or deliveries than a run takes are refused")
    func counts() async {
        let tests = (0...RuleTestLimits.tests).map { "  - {name: t\($0), timeline: [{at: 0s}]}" }.joined(separator: "\n")
        let tooManyTests = await Fixture.run(file: "version: 1\ntests:\n\(tests)")
        #expect(tooManyTests.diagnostics.map(\.message) == ["`tests` has more than 1000 elements"])

        let steps = Array(repeating: "- {at: 1s}", count: RuleTestLimits.steps + 1).joined(separator: "\n")
        #expect(await Fixture.run(steps).diagnostics.map(\.message) == ["`timeline` has more than 500 elements"])

        let servers = (0...RuleTestLimits.servers).map { "{id: \($0 + 1), name: s\($0)}" }.joined(separator: ", ")
        let tooManyServers = await Fixture.run(file: "version: 1\nservers: [\(servers)]\ntests: []")
        #expect(tooManyServers.diagnostics.map(\.message) == ["`servers` has more than 1000 elements"])

        let event = "- event: {source: alertmanager, labels: {a: b}, repeat: {every: 1h, times: 500}}"
        let tooMany = await Fixture.run(Array(repeating: event, count: 10).joined(separator: "\n"))
        #expect(tooMany.diagnostics.map(\.message) == ["the test has more than 5000 deliveries"])
    }

    @Test("tests over several files are counted together")
    func files() async {
        let tests = (0..<RuleTestLimits.tests).map { "  - {name: t\($0), timeline: [{at: 0s}]}" }.joined(separator: "\n")
        let file = "version: 1\ntests:\n\(tests)"
        let report = await RuleTests.run(
            RuleTestRequest(
                tests: ["a", "b", "c"].map { RuleSource(name: "\($0).test.yaml", text: file) },
                rules: [RuleSource(name: "a.yaml", text: Fixture.hostDown)]))
        #expect(report.diagnostics.map(\.message) == ["there are more than 1000 tests in all files together"])
        #expect(report.results.isEmpty)
    }

    @Test("a test that would step the engine for ever ends, and says so")
    func endless() async {
        // A server that stays on its way is looked at every 5 seconds for as long as the alert is repeated.
        let rules = Fixture.hostDown.replacing("    autonomy: auto", with: "    probe: {tcp: 22}\n    autonomy: auto")
            .replacing("{timeout: 10m, actions: [server.reboot]}", with: "{timeout: 7d, actions: [server.reboot]}")
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}, repeat: {every: 10m, times: 500}}
            - {at: 2m, expect: {actions: [{action: server.reboot}]}}
            - {at: 3d, expect: {run: {host-down: succeeded}}}
            """, rules: rules, maxSteps: 300)
        #expect(
            report.failureTexts == [
                "test: to come to its end / the engine was stepped more often than a test may; shorten the timeline"
            ])
    }

    @Test("many failures of one test are told up to a bound")
    func manyFailures() async {
        let steps = (0..<400).map { "- {at: \($0 + 1)s, expect: {run: {host-down: parked}}}" }.joined(separator: "\n")
        let report = await Fixture.run(steps)
        #expect(report.results.first?.failures.count == 20)
    }

    @Test("hostile YAML, names and bodies end as findings")
    func hostile() async {
        for text in [
            "tests: &a [*a]",
            "version: 1\ntests: [{name: \"\\u0000\", timeline: [{at: 0s, event: {source: \"\\u202E\", labels: {}}}]}]",
            String(repeating: "[", count: 5_000), "version: 1\ntests: [{name: !x y}]", "version: 1\ntests: {a: b}", "\u{FEFF}",
            "version: 1\nrules: [../../../../etc/passwd, \"a\\0b\"]\ntests: [{name: a, timeline: [{at: 0s}]}]",
            "version: 1\nservers: [{name: a, id: 99999999999999999999}]\ntests: []",
        ] {
            let report = await Fixture.run(file: text)
            #expect(report.diagnostics.hasErrors, "\(text.prefix(80))")
            #expect(report.results.isEmpty)
        }
    }

    @Test("a path is read from beside the test, without leading parts that it takes back")
    func paths() async {
        for (written, read) in [
            ("b.yaml", "rules/b.yaml"), ("./b.yaml", "rules/b.yaml"), ("x/../b.yaml", "rules/b.yaml"),
            ("../b.yaml", "b.yaml"), ("../../b.yaml", "../b.yaml"), ("//b.yaml", nil), ("/b.yaml", nil),
        ] {
            let file = "version: 1\nrules: [\(written)]\ntests: [{name: a, timeline: [{at: 0s}]}]"
            // A path that is refused must not be read as what it looks like.
            let lures = ["rules/b.yaml", "b.yaml", "/b.yaml", "//b.yaml"]
            let files = read.map { [$0] } ?? lures
            let report = await Fixture.run(
                file: file, files: Dictionary(uniqueKeysWithValues: files.map { ($0, Fixture.hostDown) }))
            #expect(report.isGreen == (read != nil), "\(written): \(report.text())")
        }
    }
}
