import Model
import RuleTesting
import Rules
import Testing

/// Rule tests as texts, run without a file.
enum RuleTestingFixture {
    /// Reboots, then power-cycles, then tells people; waits for two minutes first.
    static let hostDown = """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when:
              - event.labels.alertname == "HostDown"
              - event.labels.severity == "critical"
            for: 2m
            target: event.labels.server
            when_server: [server.status == "active"]
            autonomy: auto
            escalation:
              - {timeout: 10m, actions: [server.reboot]}
              - {timeout: 10m, actions: [server.power_cycle]}
              - actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]
        """

    static let firing = "{source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}}"
    static let resolved =
        "{source: alertmanager, status: resolved, labels: {alertname: HostDown, severity: critical, server: web-03}}"

    /// Runs one test with that timeline, given at the margin.
    static func run(
        _ timeline: String, head: String = "", rules: String = hostDown, settings: RuleTestSettings = RuleTestSettings(),
        maxSteps: Int = .max, files: [String: String] = [:]
    ) async -> RuleTestReport {
        let lines = timeline.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }
        let test = """
            version: 1
            servers: [{id: 12345, name: web-03}, {id: 12346, name: db-01}]
            \(head)
            tests:
              - name: the test
                timeline:
            \(lines.joined(separator: "\n"))
            """
        return await run(file: test, rules: rules, settings: settings, maxSteps: maxSteps, files: files)
    }

    static func run(
        file: String, rules: String = hostDown, settings: RuleTestSettings = RuleTestSettings(), filter: String? = nil,
        maxSteps: Int = .max, files: [String: String] = [:]
    ) async -> RuleTestReport {
        await RuleTests.run(
            RuleTestRequest(
                tests: [RuleSource(name: "rules/a.test.yaml", text: file)],
                rules: [RuleSource(name: "rules/a.yaml", text: rules)], settings: settings, filter: filter,
                maxSteps: maxSteps, readFile: { path in files[path].map { Array($0.utf8) } }))
    }
}

extension RuleTestReport {
    /// `title: expected / happened` of every failure.
    var failureTexts: [String] {
        results.flatMap(\.failures).map { "\($0.title): \($0.expected) / \($0.happened)" }
    }
}
