import Model
import RuleTesting
import Testing

@testable import Rules

@Suite("rules: rule files")
struct RulesFileTests {
    private func rule(_ text: String, floor: Limits = Limits()) throws -> Rule {
        let load = RulesFixture.load(text, floor: floor)
        return try #require(load.ruleSet?.rules.first, "\(load.diagnostics.rendered)")
    }

    @Test("the defaults of a rule that says as little as it can")
    func defaults() throws {
        let rule = try rule(RulesFixture.alertRule())
        #expect(rule.name == "host-down")
        #expect(rule.isEnabled)
        #expect(rule.description == nil)
        #expect(rule.trigger.source == "alertmanager")
        #expect(rule.trigger.command == nil)
        #expect(rule.waitFor == nil)
        #expect(rule.probe == nil)
        #expect(rule.healthyDelay == .seconds(120))
        #expect(rule.limits == Limits(creates: CreateCaps()))
        #expect(rule.autonomy == .auto)
        #expect(rule.approval.required == 1)
        #expect(rule.fleet == nil)
        #expect(rule.rungs.count == 1)
        #expect(rule.rungs[0].action == .reboot)
        #expect(rule.rungs[0].timeout == .seconds(600))
        #expect(rule.permissions == nil)
        #expect(rule.replies.accepted == nil)
        #expect(rule.file == "rules/web.yaml")
        #expect(rule.line == 4)
    }

    @Test("a rule makes the floor stricter, and every limit it does not name is the floor's")
    func limits() throws {
        let floor = Limits(
            cooldown: .seconds(600), budgets: [Budget(max: 5, per: .seconds(3_600))], maxEventAge: .seconds(300),
            settle: .seconds(30))
        let own =
            "limits: {cooldown: 1h, max_event_age: 1m, settle: 2m, "
            + "budgets: [{max: 5, per: 1h}, {max: 10, per: 2h}, {max: 1, per: 1d}]}"
        let limits = try rule(RulesFixture.alertRule(own), floor: floor).limits
        #expect(limits.cooldown == .seconds(3_600))
        #expect(
            limits.budgets == [
                Budget(max: 5, per: .seconds(3_600)), Budget(max: 10, per: .seconds(7_200)),
                Budget(max: 1, per: .seconds(86_400)),
            ])
        #expect(limits.maxEventAge == .seconds(60))
        #expect(limits.settle == .seconds(120))
        #expect(limits.fleetBudgets == floor.fleetBudgets)
    }

    @Test(
        "what is looser than the floor is refused",
        arguments: [
            "cooldown: 29m", "settle: 59s", "max_event_age: 16m", "budgets: [{max: 4, per: 24h}]", "budgets: [{max: 4, per: 1h}]",
            "budgets: [{max: 7, per: 48h}]", "cooldown: 0s",
        ])
    func looser(_ limit: String) {
        let load = RulesFixture.load(RulesFixture.alertRule("limits: {\(limit)}"))
        #expect(load.diagnostics.map(\.code) == [.looserThanFloor])
    }

    @Test(
        "what is as strict as the floor, or stricter, is taken",
        arguments: [
            "cooldown: 30m", "settle: 1m", "budgets: [{max: 3, per: 24h}]", "budgets: [{max: 6, per: 48h}]",
            "budgets: [{max: 0, per: 1h}]",
        ])
    func strictEnough(_ limit: String) throws {
        _ = try rule(RulesFixture.alertRule("limits: {\(limit)}"))
    }

    @Test(
        "probes",
        arguments: [
            ("probe: {tcp: 22}", .tcp(port: 22)),
            ("probe: {http: {port: 8080, path: /healthz}}", .http(scheme: "http", port: 8_080, path: "/healthz")),
            ("probe: {http: {scheme: https}}", .http(scheme: "https", port: 443, path: "/")),
        ] as [(String, Probe)])
    func probes(_ line: String, _ probe: Probe) throws {
        #expect(try rule(RulesFixture.alertRule(line)).probe == probe)
    }

    @Test(
        "probes that are refused",
        arguments: [
            "{}", "{tcp: 0}", "{tcp: 65536}", "{tcp: 22, http: {}}", "{http: {path: healthz}}", "{http: {path: \"/a b\"}}",
            "{http: {path: \"/a\\r\\nHost: x\"}}", "{http: {scheme: ftp}}", "{http: {host: x}}", "{ping: 1}",
        ])
    func badProbes(_ probe: String) {
        #expect(RulesFixture.load(RulesFixture.alertRule("probe: \(probe)")).ruleSet == nil)
    }

    @Test("a rule that only notifies needs no target, and its text no server")
    func notifyOnly() throws {
        let notify = "actions: [{action: notify, with: {channel: ops, text: '${{ event.labels.a }}'}}]"
        let rule = try rule(RulesFixture.alertRule(notify, "target: -"))
        #expect(!rule.actsOnServer)
        #expect(!rule.hasTarget)
        let wrong = RulesFixture.load(
            RulesFixture.alertRule(notify.replacing("event.labels.a", with: "server.name"), "target: -"))
        #expect(wrong.diagnostics.map(\.code) == [.unknownName])
        #expect { try rule.evaluateTarget(EvaluationContext(event: RulesFixture.alert([:]))) } throws: {
            ($0 as? EvaluationFailure)?.kind == .missing
        }
    }

    @Test("files are loaded all together or not at all; names are unique over all of them")
    func together() {
        func load(_ texts: [String]) -> RuleSetLoad {
            let files = texts.enumerated().map { RuleSource(name: "f\($0).yaml", text: $1) }
            return RuleSet.load(files, revision: RuleSetRevision(rawValue: "rev"), sources: nil, floor: Limits())
        }
        let good = load([RulesFixture.alertRule(), RulesFixture.alertRule("name: other")])
        #expect(good.ruleSet?.rules.map(\.name) == ["host-down", "other"])
        #expect(good.ruleSet?.revision.rawValue == "rev")
        #expect(good.ruleSet?.rule(named: "other")?.file == "f1.yaml")
        #expect(good.ruleSet?.rule(named: "Other") == nil)
        let twice = load([RulesFixture.alertRule(), RulesFixture.alertRule()])
        #expect(twice.ruleSet == nil)
        #expect(twice.diagnostics.map(\.code) == [.duplicateRule])
        #expect(twice.diagnostics.first?.hint == "it is in f0.yaml, line 4")
        #expect(load([]).ruleSet?.rules.isEmpty == true)
        #expect(load(["version: 1\nrules: []\n"]).ruleSet != nil)
    }

    @Test("a file that is wrong everywhere ends with a bounded list of findings")
    func bounded() {
        let text = "version: 1\nrules:\n" + String(repeating: "  - {nam: x}\n", count: 5_000)
        let load = RulesFixture.load(text)
        #expect(load.ruleSet == nil)
        #expect(load.diagnostics.count == DiagnosticCollector.limit)
    }

    @Test(
        "names",
        arguments: [
            ("a", true), ("9-a_b.c", true), ("-a", false), ("A", false), ("a b", false), ("\u{E4}", false),
            (String(repeating: "a", count: 65), false),
        ])
    func names(_ name: String, _ isGood: Bool) {
        let load = RulesFixture.load(RulesFixture.alertRule("name: '\(name)'"))
        #expect(load.diagnostics.map(\.code) == (isGood ? [] : [.badName]))
    }

    @Test(
        "every diagnostic code can be provoked, so that none is dead",
        arguments: DiagnosticCode.allCases.filter { $0 != .notSupported })
    func provoked(_ code: DiagnosticCode) throws {
        let text = try #require(Self.wrongFiles[code])
        let load = RulesFixture.load(text, sources: ["alertmanager", "slack"])
        #expect(load.diagnostics.map(\.code) == [code], "\(load.diagnostics.rendered)")
    }

    @Test("what is known and not done yet is said of rule tests alone: all of a rule file is run")
    func notSupported() async {
        let report = await RuleTestingFixture.run("- event: {source: slack, labels: {alertname: HostDown}}")
        #expect(report.diagnostics.map(\.code) == [.notSupported], "\(report.diagnostics.rendered)")
    }

    private static let wrongFiles: [DiagnosticCode: String] = [
        .yamlSyntax: "a: [", .yamlTooLarge: String(repeating: "#", count: YAMLDocument.maxBytes + 1),
        .yamlAnchor: RulesFixture.alertRule("for: &a 2m"), .yamlTag: RulesFixture.alertRule("for: !!str 2m"),
        .yamlDuplicateKey: "version: 1\nversion: 1\nrules: []\n", .wrongKind: RulesFixture.alertRule("enabled: yes"),
        .missingKey: RulesFixture.alertRule("when: -"), .unknownKey: RulesFixture.alertRule("wen: true"),
        .unknownValue: RulesFixture.alertRule("autonomy: atuo"), .badDuration: RulesFixture.alertRule("for: 2x"),
        .outOfRange: RulesFixture.alertRule("probe: {tcp: 0}"), .badName: RulesFixture.alertRule("name: A"),
        .expressionSyntax: RulesFixture.alertRule("when: a b"), .unknownName: RulesFixture.alertRule("when: evnt == 1"),
        .unknownField: RulesFixture.alertRule("when: event[\"lables\"] == 1"),
        .unknownFunction: RulesFixture.alertRule("when: now() == 1"),
        .typeMismatch: RulesFixture.alertRule("when: event.labels.a > 1"),
        .expressionTooLarge: RulesFixture.alertRule(
            "when: \(String(repeating: "(", count: 129))1\(String(repeating: ")", count: 129))"),
        .notACondition: RulesFixture.alertRule("when: event.labels.a"),
        .badConstant: RulesFixture.alertRule("when: event.labels.a.matches(\"(\")"),
        .costly: RulesFixture.alertRule(
            "when: event.payload.exists(k, event.labels.exists(l, event.labels[l] == k))"),
        .tooCostly: RulesFixture.alertRule(
            "when: event.payload.a.exists(x, event.payload.b.exists(y, event.payload.c.exists(z, x == y && y == z)))"),
        .badTemplate: RulesFixture.alertRule("actions: [{action: notify, with: {channel: ops, text: '${{ }}'}}]"),
        .duplicateRule: RulesFixture.alertRule() + RulesFixture.alertRule().replacing("version: 1\nrules:\n", with: ""),
        .unknownSource: RulesFixture.alertRule("trigger: grafana"),
        .looserThanFloor: RulesFixture.alertRule("limits: {cooldown: 1s}"),
        .badEscalation: RulesFixture.alertRule("actions: [server.reboot, server.power_cycle]"),
        .missingTarget: RulesFixture.alertRule("target: -"),
        .badPermissions: RulesFixture.alertRule("permissions: {users: [U1]}"),
        .badCommand: RulesFixture.alertRule("reply: hi"),
        .badFleet: RulesFixture.alertRule("fleet: server.id > 1"),
        .badStep: RulesFixture.alertRule("actions: [{action: server.reboot, retry: 2}]"),
        .badRequest: RulesFixture.alertRule("actions: [{action: http.request, with: {url: x}}]"),
        .badSecret: RulesFixture.alertRule(
            "actions: [server.reboot, {action: notify, with: {channel: ops, text: '${{ secrets.A }}'}}]"),
        .badApproval: RulesFixture.alertRule("autonomy: approve", "approval: {approvers: []}"),
        .missingPrice: RulesFixture.alertRule(
            "limits: {creates: {max_cost_per_month: 5}}",
            "actions: [{action: server.create, with: {name: a, plan_id: 2, os_id: 1, location: x}}]"),
        .badSchedule: RulesFixture.alertRule("trigger: {source: alertmanager, timezone: UTC}"),
    ]
}
