import Inbound
import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing

@testable import VPSBridge

@Suite("Configuration: guards")
struct ConfigurationSafetyTests {
    @Test("limits of the fleet, windows and what a source may")
    func read() throws {
        let load = ConfigurationTests.load(
            """
            api: {token_file: token}
            sources:
              uptime: {kind: generic, auth: none, may: [server.reboot, notify]}
              free: {kind: alertmanager, auth: none}
            limits:
              max_unhealthy: 30%
              flaps: {max: 4, per: 2h}
              boot_grace: 5m
              storm: {servers: 3, share: 25%, quiet: 20m}
            maintenance:
              - {schedule: "0 2 * * 0", timezone: Europe/Berlin, duration: 3h, servers: [web-*], reason: kernel}
            """)
        let configuration = try #require(load.configuration, "\(load.diagnostics)")
        let limits = configuration.limits
        #expect(limits.maxUnhealthy == [.percent(30)] && limits.flaps == Budget(max: 4, per: .seconds(7_200)))
        #expect(limits.bootGrace == .seconds(300))
        #expect(limits.storm == StormThreshold(servers: 3, percent: 25, quiet: .seconds(1_200)))
        #expect(configuration.maintenance.count == 1 && configuration.maintenance.first?.reason == "kernel")
        #expect(configuration.mayLeadTo == ["uptime": SourcePermission(["server.reboot", "notify"])])
    }

    @Test("without a word of it everything stands at its default")
    func defaults() throws {
        let configuration = try #require(ConfigurationTests.load("live: false").configuration)
        #expect(configuration.limits == Limits() && configuration.maintenance.isEmpty && configuration.mayLeadTo.isEmpty)
        #expect(configuration.limits.storm == StormThreshold(servers: 2, percent: 20, quiet: .seconds(600)))
        #expect(configuration.limits.flaps == Budget(max: 6, per: .seconds(3_600)))
        #expect(configuration.limits.bootGrace == .seconds(600))
    }

    @Test(
        "what would guard nothing is refused",
        arguments: [
            "limits: {max_unhealthy: 0}", "limits: {max_unhealthy: 0%}", "limits: {max_unhealthy: most}",
            "limits: {flaps: {max: 0, per: 1h}}",
            "limits: {flaps: {max: 6}}", "limits: {storm: {share: 0%}}", "limits: {storm: {servers: 1}}",
            "limits: {storm: {quit: 10m}}",
            "limits: {boot_grace: 5}", "maintenance: [{schedule: x, duration: 1h}]",
            "sources: {a: {kind: generic, auth: none, may: [server.rebot]}}",
            "sources: {a: {kind: generic, auth: none, may: server.reboot}}",
            "maintenance: [{schedule: '0 2 * * 0', duration: 1h, sources: [a]}]",
            "sources: {a: {kind: generic, auth: none}}\nmaintenance: [{schedule: '0 2 * * 0', duration: 1h, sources: [b]}]",
        ])
    func wrong(text: String) {
        let load = ConfigurationTests.load("api: {token_file: token}\n" + text)
        #expect(load.diagnostics.hasErrors && load.problems.isEmpty)
    }

    @Test("a window's source may be one that is wrong otherwise, and is named before or after it", arguments: [true, false])
    func windowSource(first: Bool) {
        let window = "maintenance: [{schedule: '0 2 * * 0', duration: 1h, sources: [a]}]"
        let source = "sources: {a: {kind: generic, auth: none, my: []}}"
        let text = first ? "\(window)\n\(source)" : "\(source)\n\(window)"
        let found = ConfigurationTests.load("api: {token_file: token}\n" + text).diagnostics
        #expect(found.count == 1 && found.first?.message.contains("my") == true, "\(found)")
    }

    @Test("rules are shown with who decides and since when they ask")
    func listing() throws {
        let text = """
            version: 1
            rules:
              - {name: a, trigger: x, when: true, target: '"web-1"', autonomy: auto, actions: [server.reboot]}
              - {name: b, enabled: false, trigger: x, when: true, target: '"web-1"', autonomy: observe, actions: [server.reboot]}
            """
        let load = RuleSet.load(
            [RuleSource(name: "r.yaml", text: text)], revision: RuleSetRevision(rawValue: "r"), sources: nil, floor: Limits())
        let ruleSet = try #require(load.ruleSet, "\(load.diagnostics)")
        let rules = ListedRule.list(ruleSet, demoted: ["a": Timestamp(seconds: 1_795_286_400)])
        #expect(
            rules.map(\.line) == [
                "a\tauto\tdemoted since 2026-11-21T18:40:00Z, asks before it acts\tserver.reboot",
                "b\tobserve\tnot enabled\tserver.reboot",
            ])
        #expect(rules.first?.json["demoted_at"]?.stringValue == "2026-11-21T18:40:00Z")
    }

    @Test("a promotion over the control socket says what came of it")
    func promotion() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let control = RuleControl(store: store, clock: ManualClock())
        let unknown = await control.promote(["rule": "a"])
        #expect(!unknown.isDone && unknown.body["text"]?.stringValue == "rule a is not demoted")
        #expect(await !control.promote(.null).isDone)
        await store.close()
    }

    @Test(
        "status shows a storm and blindness: since when, until when, and why",
        arguments: [
            (
                FleetState.Kind.storm,
                "STORM         rules change nothing since 2026-11-21T18:40:00Z until 2026-11-21T18:50:00Z, if it "
                    + "stays quiet: 40 of 200 servers", JSONValue.string("2026-11-21T18:50:00Z")
            ),
            (
                .blind,
                "BLIND         rules change nothing since 2026-11-21T18:40:00Z until the servers can be seen, which is tried "
                    + "again at 2026-11-21T18:50:00Z: 40 of 200 servers", .null
            ),
        ])
    func status(kind: FleetState.Kind, line: String, until: JSONValue) {
        let since = Timestamp(seconds: 1_795_286_400)
        let state = FleetState(
            kind: kind, since: since, lastAt: since, dueAt: since + .seconds(600), detail: "40 of 200 servers")
        #expect(state.line == line)
        #expect(state.json["since"]?.stringValue == "2026-11-21T18:40:00Z" && state.json["until"] == until)
        #expect(state.json["state"]?.stringValue == kind.rawValue && state.json["reason"]?.stringValue == "40 of 200 servers")
    }

    @Test("metrics of the fleet have closed labels, shown when nothing is held too")
    func metrics() {
        let storm = FleetState(
            kind: .storm, since: Timestamp(seconds: 1), lastAt: Timestamp(seconds: 1), dueAt: Timestamp(seconds: 2), detail: "")
        let text = BridgeMetrics.text(FleetCondition(states: [storm], serversWithProblems: 40, held: [.storm: 38]))
        let lines = text.split(separator: "\n").map(String.init)
        for line in [
            "vpsbridge_storm 1", "vpsbridge_blind 0", "vpsbridge_servers_with_problems 40",
            "vpsbridge_runs_held{reason=\"storm\"} 38",
            "vpsbridge_runs_held{reason=\"cooldown\"} 0",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!text.contains("target_not_found"))
    }
}
