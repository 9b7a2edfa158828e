import Engine
import Foundation
import JSON
import Model
import Rules
import Testing

@testable import VPSBridge

/// What the verbs read from a command line, and how they end.
@Suite("Verbs")
struct BridgeVerbTests {
    @Test(
        "what explain is asked about",
        arguments: [
            (["R012"], ExplainSubject.code("R012")), (["r012"], .code("R012")),
            (["17"], .delivery(DeliveryID(rawValue: 17), event: nil)), (["17.2"], .delivery(DeliveryID(rawValue: 17), event: 2)),
            (["run", "3"], .run(RunID(rawValue: 3))), (["run"], nil), (["R12"], nil), (["-1"], nil), (["1.x"], nil), ([], nil),
            (["99999999999999999999"], nil), (["run", "x"], nil), (["1", "2", "3"], nil),
        ] as [([String], ExplainSubject?)])
    func subjects(words: [String], subject: ExplainSubject?) {
        #expect(ExplainSubject(words) == subject)
    }

    @Test(
        "servers on the command line",
        arguments: [
            ("name=web-03,id=12345,status=stopped", "web-03 12345 stopped"), ("id=1,name=a", "a 1 active"), ("name=a", nil),
            ("id=0,name=a", nil), ("id=1,name=a,id=2", nil), ("id=1,name=a,color=red", nil), ("id=1,name=", nil), ("", nil),
        ])
    func servers(argument: String, shown: String?) {
        let server = ServerArgument(argument: argument)?.server
        #expect(server.map { "\($0.name) \($0.id) \($0.status)" } == shown)
    }

    @Test("what check comes to, over both files")
    func checkExits() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/vpsbridge-check-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let good = try CheckFindings(ConfigurationTests.load("rules: \(folder)"), rules: nil)
        #expect(good.summary == "ok: 0 sources, 0 rules, live: false")
        #expect(good.outcome == .right)
        let bad = try CheckFindings(ConfigurationTests.load("lve: true"), rules: nil)
        #expect(bad.summary == nil && bad.outcome == .wrong)
        #expect(throws: UnreadableFile.self) { try CheckFindings(ConfigurationTests.load(""), rules: "/nowhere/rules") }
        let missing = try CheckFindings(ConfigurationTests.load("rules: /nowhere/rules"), rules: nil)
        #expect(missing.problems.count == 1 && missing.outcome == .wrong)
    }

    @Test("a mistake in either file is found together with those of the other")
    func bothFiles() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/vpsbridge-check-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("version: 1\nrules:\n  - {name: a, trgger: x}\n".utf8).write(to: URL(fileURLWithPath: folder + "/a.yaml"))
        let findings = try CheckFindings(ConfigurationTests.load("lve: true\nrules: \(folder)"), rules: nil)
        #expect(Set(findings.diagnostics.map(\.file)) == ["/etc/vpsbridge/vpsbridge.yaml", "\(folder)/a.yaml"])
        let json = try JSONValue.parse(Array(DiagnosticReport.render(findings.diagnostics, format: .json).utf8))
        #expect(json["diagnostics"]?.arrayValue?.first?["code"]?.stringValue == "R012")
    }

    @Test("a window that names a rule which there is not: a warning in the configuration's file", arguments: ["a", "b"])
    func windowRules(named: String) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/vpsbridge-check-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let rule =
            "{name: a, trigger: legacy, when: event.labels.a == \"x\", target: '\"x\"', autonomy: observe, actions: [server.reboot]}"
        try Data("version: 1\nrules:\n  - \(rule)\n".utf8).write(to: URL(fileURLWithPath: folder + "/a.yaml"))
        let text = [
            "api: {token_file: t}", "sources: {legacy: {kind: generic, auth: {bearer_file: b}}}", "rules: \(folder)",
            "maintenance: [{schedule: '0 2 * * 0', duration: 1h, rules: [\(named)]}]",
        ].joined(separator: "\n")
        let findings = try CheckFindings(ConfigurationTests.load(text), rules: nil)
        #expect(findings.outcome == (named == "a" ? .right : .onlyWarnings), "\(findings.diagnostics) \(findings.problems)")
        #expect(findings.diagnostics.map(\.file) == (named == "a" ? [] : ["/etc/vpsbridge/vpsbridge.yaml"]))
    }

    @Test("rules that no index can find are told, others are not")
    func notes() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/vpsbridge-check-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let rules = """
            version: 1
            rules:
              - {name: found, trigger: legacy, when: event.labels.a == "x", target: '"x"', autonomy: observe, actions: [server.reboot]}
              - {name: walked, trigger: legacy, when: event.labels.a != "x", target: '"x"', autonomy: observe, actions: [server.reboot]}
            """
        try Data(rules.utf8).write(to: URL(fileURLWithPath: folder + "/a.yaml"))
        let source = "api: {token_file: t}\nsources: {legacy: {kind: generic, auth: {bearer_file: b}}}"
        let findings = try CheckFindings(ConfigurationTests.load("\(source)\nrules: \(folder)"), rules: nil)
        #expect(findings.outcome == .right, "\(findings.diagnostics) \(findings.problems)")
        #expect(findings.notes == ["note: rule walked (\(folder)/a.yaml:4) is evaluated for every event of legacy"])
    }

    @Test(
        "how often rules are looked at, and who hears of refused ones",
        arguments: [
            ("", Duration.seconds(5), []), ("reload: {watch: 30s}", .seconds(30), []), ("reload: {watch: never}", nil, []),
            ("channels: {ops: {kind: webhook, url: \"https://x.example/1\"}}", .seconds(5), ["ops"]),
            (
                "notify: b\nchannels: {a: {kind: webhook, url: \"https://x.example/1\"}, b: {kind: webhook, url: \"https://x.example/2\"}}",
                .seconds(5), ["b"]
            ),
            (
                "channels: {a: {kind: webhook, url: \"https://x.example/1\"}, b: {kind: webhook, url: \"https://x.example/2\"}}",
                .seconds(5), []
            ),
        ] as [(String, Duration?, [String])])
    func reloadKeys(text: String, interval: Duration?, notify: [String]) throws {
        let load = ConfigurationTests.load(text)
        let configuration = try #require(load.configuration, "\(load.diagnostics)")
        #expect(configuration.reloadInterval == interval && configuration.notify == notify)
    }

    @Test(
        "wrong keys of reloading are refused", arguments: ["reload: {watch: 100ms}", "reload: {watch: 0s}", "notify: [nobody]"])
    func wrongKeys(text: String) {
        #expect(ConfigurationTests.load(text).configuration == nil)
    }

    @Test("metrics of reloading have the names that Prometheus uses")
    func metrics() {
        let status = ReloadStatus(
            isSuccessful: false, lastSuccessAt: Timestamp(seconds: 1_795_286_400), revision: RuleSetRevision(rawValue: "1a2b"),
            rules: 3)
        let text = BridgeMetrics.text(status)
        for line in [
            "vpsbridge_config_last_reload_successful 0", "vpsbridge_config_last_reload_success_timestamp_seconds 1795286400",
            "vpsbridge_rules 3", "vpsbridge_config_info{revision=\"1a2b\"} 1",
        ] { #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)") }
    }

    @Test("metrics of missing keys name the rule and the path as it is written")
    func missingKeys() {
        let counts = [MissingCount(rule: "host-down", path: "event.labels[\"a b\"]", count: 7)]
        let line = #"vpsbridge_rule_missing_total{rule="host-down",path="event.labels[\"a b\"]"} 7"#
        #expect(BridgeMetrics.text(counts).split(separator: "\n").contains(Substring(line)))
    }
}
