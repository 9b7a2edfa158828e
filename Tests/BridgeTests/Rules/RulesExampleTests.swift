import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: the files in rules/")
struct RulesExampleTests {
    private static let fixtures = RulesFiles.root + "/../shared/webhook-fixtures/alertmanager"
    private static let hasFixtures = RulesFiles.bytes(fixtures + "/firing-instance-down.json") != nil

    private func load(_ name: String) throws -> RuleSet {
        let text = try #require(RulesFiles.text("\(RulesFiles.root)/rules/\(name)"))
        let load = RulesFixture.load(text, file: "rules/\(name)", sources: ["alertmanager", "slack"])
        #expect(load.diagnostics.isEmpty, "\(load.diagnostics.rendered)")
        return try #require(load.ruleSet)
    }

    @Test(
        "every example loads without a finding, all together",
        .enabled(if: !RulesFiles.names(in: RulesFiles.root + "/rules").isEmpty))
    func allLoad() throws {
        let names = RulesFiles.names(in: RulesFiles.root + "/rules").filter {
            $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml")
        }
        let files = try names.map { name in
            RuleSource(name: name, text: try #require(RulesFiles.text("\(RulesFiles.root)/rules/\(name)")))
        }
        let load = RuleSet.load(
            files, revision: RuleSetRevision(rawValue: "r"), sources: ["alertmanager", "slack"], floor: Limits())
        #expect(load.diagnostics.isEmpty, "\(load.diagnostics.rendered)")
        #expect(load.ruleSet?.rules.count == names.count)
    }

    @Test("host-down says what DESIGN says")
    func hostDown() throws {
        let rule = try #require(try load("host-down.yaml").rule(named: "host-down"))
        #expect(rule.waitFor == .seconds(120))
        #expect(rule.autonomy == .auto)
        #expect(rule.rungs.map(\.action) == [.reboot, .powerCycle, nil])
        #expect(rule.rungs.map(\.timeout) == [.seconds(600), .seconds(900), .seconds(600)])
        #expect(rule.rungs[2].notifications.map(\.channel) == ["oncall"])
        #expect(rule.limits.budgets == [Budget(max: 3, per: .seconds(86_400)), Budget(max: 2, per: .seconds(21_600))])
        let context = EvaluationContext(
            event: RulesFixture.alert(["instance": "web-01"], annotations: ["summary": "web-01 down"]),
            server: RulesFixture.server)
        #expect(try rule.evaluateTarget(context) == "web-01")
        #expect(rule.evaluateServerConditions(context).verdict == .match)
        let text = try rule.rungs[2].notifications[0].text.renderText(context)
        #expect(text == "web-01 is still down after a reboot and a power cycle: web-01 down")
    }

    @Test("host-down over the recorded bodies", .enabled(if: hasFixtures, "the webhook fixtures are absent"))
    func hostDownOverFixtures() throws {
        let rules = try load("host-down.yaml")
        func verdicts(_ name: String) throws -> [Verdict] {
            let bytes = try #require(RulesFiles.bytes("\(Self.fixtures)/\(name).json"))
            return try RulesFixture.alertmanagerEvents(bytes).flatMap { rules.evaluate($0).map(\.verdict) }
        }
        #expect(try verdicts("firing-instance-down") == [.match])
        #expect(try verdicts("resolved-instance-down").isEmpty, "a resolve is never evaluated")
        #expect(try verdicts("mixed-group-truncated") == [.noMatch])
        #expect(try verdicts("h-missing-labels") == [.missing("event.labels.alertname"), .missing("event.labels.alertname")])
        let bytes = try #require(RulesFiles.bytes("\(Self.fixtures)/firing-instance-down.json"))
        let event = try #require(try RulesFixture.alertmanagerEvents(bytes).first)
        #expect(try rules.rules[0].evaluateTarget(EvaluationContext(event: event)) == "web-01")
    }

    @Test("approve-power-cycle asks the people it names before its one action")
    func approvePowerCycle() throws {
        let rule = try #require(try load("approve-power-cycle.yaml").rule(named: "approve-power-cycle"))
        #expect(rule.autonomy == .approve)
        #expect(rule.approval.approvers.users == ["U012ABCDEF", "U034GHIJKL"])
        #expect(rule.approval.required == 1 && rule.approval.timeout == .seconds(1_800) && rule.approval.via == "oncall")
        #expect(rule.rungs.map(\.action) == [.powerCycle, nil])
        let context = EvaluationContext(
            event: RulesFixture.alert(["instance": "db-01"], annotations: ["summary": "no answer on 5432"]),
            server: RulesFixture.server)
        let text = try rule.approval.message?.renderText(context)
        #expect(text?.hasPrefix("The database on web-01 does not answer.") == true)
        #expect(text?.hasSuffix("no answer on 5432") == true)
    }

    @Test("chat-reboot takes the command and nothing else")
    func chatReboot() throws {
        let rules = try load("chat-reboot.yaml")
        let rule = rules.rules[0]
        let event = RulesFixture.command("reboot web-01")
        #expect(rules.evaluate(event).map(\.verdict) == [.match])
        #expect(rules.evaluate(RulesFixture.alert([:], source: "slack")).isEmpty)
        let command = try #require(event.command)
        guard case .matched(let args) = rule.matchCommand(command) else {
            Issue.record("not matched")
            return
        }
        let context = EvaluationContext(event: event, args: args, server: RulesFixture.server)
        #expect(try rule.evaluateTarget(context) == "web-01")
        #expect(try rule.replies.accepted?.renderText(context) == "rebooting web-01 for steve")
        #expect(rule.permissions?.allow(command) == true)
        for stranger in [
            RulesFixture.command("x", user: "U999"), RulesFixture.command("x", channel: "C1"),
            RulesFixture.command("x", user: "\u{212A}012ABCDEF"),
        ] {
            #expect(rule.permissions?.allow(try #require(stranger.command)) == false)
        }
    }
}
