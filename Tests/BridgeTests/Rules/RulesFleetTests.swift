import JSON
import Model
import Testing

@testable import Rules

@Suite("rules: fleets, approvals and schedules")
struct RulesFleetTests {
    private func rule(_ lines: String...) throws -> Rule {
        let load = RulesFixture.load(RulesFixture.alertRule(lines: lines))
        return try #require(load.ruleSet?.rules.first, "\(load.diagnostics.rendered)")
    }

    private func server(_ id: Int64, _ name: String, created: Int64?) -> Server {
        Server(
            id: ServerID(rawValue: id), name: name, hostname: nil, status: .active, ipAddress: nil, location: nil,
            createdAt: created.map { Timestamp(seconds: $0) }, raw: .null)
    }

    private var context: EvaluationContext { EvaluationContext(event: RulesFixture.alert(["pool": "web"])) }

    private func scale(_ with: String, autonomy: String = "approve") throws -> (rule: Rule, scale: FleetScale) {
        let rule = try rule(
            "target: -", "autonomy: \(autonomy)", "fleet: server.name.startsWith(\"web-\")", "group_by: event.labels.pool",
            "actions: [{action: fleet.scale, with: {\(with)}}]")
        return (rule, try #require(rule.rungs[0].scale))
    }

    @Test("the set of servers, its group and its bounds")
    func selection() throws {
        let (rule, scale) = try scale("min: 1, max: 3, delta: -1")
        let servers = [server(1, "web-1", created: 1), server(2, "db-1", created: 2), server(3, "web-2", created: 3)]
        #expect(try rule.fleet?.servers(of: servers, context).map(\.name) == ["web-1", "web-2"])
        #expect(try rule.groupName(context) == "web")
        #expect(try self.rule().groupName(context) == "host-down")
        #expect([scale.min, scale.max, scale.delta] == [1, 3, -1])
        #expect(scale.waitFor == StepWait(status: "active", timeout: .seconds(600)))
        #expect(rule.scales && rule.isChanging && !rule.actsOnServer)
        #expect(rule.fleet?.deletesCreated == false)
    }

    @Test("a set that can not be told for one server is no set")
    func unknownSelection() throws {
        let rule = try rule(
            "target: -", "fleet: 'server[\"team\"] == \"a\"'",
            "actions: [{action: fleet.scale, with: {min: 0, max: 1, delta: -1}}]",
            "autonomy: approve")
        #expect(throws: EvaluationFailure.self) { try rule.fleet?.servers(of: [server(1, "a", created: nil)], context) }
    }

    @Test(
        "who goes first; ties and unknown ages go by id",
        arguments: [
            ("newest", 4), ("oldest", 1), ("'server.id'", 1), ("'-server.id'", 4), ("'server.name'", 2),
            ("'server.created_at'", 1),
        ])
    func victims(_ victim: String, _ expected: Int64) throws {
        let (_, scale) = try scale("min: 0, max: 9, delta: -1, victim: \(victim)")
        let servers = [
            server(3, "web-c", created: 30), server(1, "web-d", created: 10), server(4, "web-b", created: 30),
            server(2, "web-a", created: 20),
        ]
        #expect(try scale.chooseVictim(among: servers, context)?.id.rawValue == expected)
        #expect(try scale.chooseVictim(among: [], context) == nil)
    }

    @Test("a sort key without a value for one server chooses nobody")
    func unknownVictim() throws {
        let (_, scale) = try scale("min: 0, max: 9, delta: -1, victim: 'server.created_at'")
        #expect(throws: EvaluationFailure.self) {
            try scale.chooseVictim(among: [server(1, "a", created: nil), server(2, "b", created: 2)], context)
        }
    }

    @Test("a new server's body keeps its types, and its name comes from the slot")
    func template() throws {
        let (_, scale) = try scale(
            "min: 1, max: 3, delta: 1, template: {name: '${{ event.labels.pool }}-${{ slot }}', plan_id: 2, os_id: '${{ 5 }}', "
                + "location: us-west, backups_enabled: false}")
        var own = context
        own.slot = 3
        let template = try #require(scale.template)
        #expect(
            try template.render(own)
                == ["name": "web-3", "plan_id": 2, "os_id": 5, "location": "us-west", "backups_enabled": false])
        own.event.labels["pool"] = "we b"
        #expect(throws: EvaluationFailure.self) { try template.render(own) }
        own.event.labels["pool"] = String(repeating: "a", count: 62)
        #expect(throws: EvaluationFailure.self) { try template.render(own) }
    }

    @Test("a drain sees the server that is about to go")
    func drain() throws {
        let (_, scale) = try scale(
            "min: 1, max: 3, delta: -1, drain: {action: http.request, retry: 2, with: "
                + "{method: POST, url: 'https://lb.example/${{ victim.name }}'}}")
        let drain = try #require(scale.drain)
        #expect(drain.retry?.attempts == 2)
        #expect(drain.timeout == .seconds(30))
        var own = context
        own.victim = server(1, "web-1", created: 1)
        #expect(try drain.request.render(own, secrets: [:]).url == "https://lb.example/web-1")
        #expect(throws: EvaluationFailure.self) { try drain.request.render(context, secrets: [:]) }
    }

    @Test("outcomes of earlier steps are seen by later ones")
    func steps() throws {
        let rule = try rule(
            "actions: [{id: hook, action: http.request, with: {url: 'https://a.example'}}, {action: notify, with: {channel: ops, "
                + "text: 'ticket ${{ steps.hook.body.id }}: ${{ steps.hook.status }}'}}]")
        var own = context
        own.steps = ["hook": ["ok": true, "status": 201, "body": ["id": "T1"]]]
        #expect(try rule.rungs[0].notifications[0].text.renderText(own) == "ticket T1: 201")
        #expect(throws: EvaluationFailure.self) { try rule.rungs[0].notifications[0].text.renderText(context) }
    }

    // MARK: - Autonomy and approval

    @Test(
        "who decides when the rule does not say",
        arguments: [
            ("actions: [server.reboot]", Autonomy.approve),
            ("actions: [{action: http.request, with: {url: 'https://a.example'}}]", .approve),
            ("actions: [{action: notify, with: {channel: ops, text: x}}]", .auto),
        ])
    func autonomy(_ actions: String, _ autonomy: Autonomy) throws {
        #expect(try rule("autonomy: -", actions).autonomy == autonomy)
    }

    @Test("an approval, and what stands for what it does not say")
    func approval() throws {
        let standard = try rule().approval
        #expect(standard.required == 1)
        #expect(!standard.allowsSelfApproval)
        #expect(standard.timeout == .seconds(1_800))
        #expect(standard.via == nil && standard.message == nil && standard.approvers.users.isEmpty)
        let own = try rule(
            "approval: {approvers: [U1, 7], required: 2, self_approval: true, timeout: 1h, via: ops, message: 'go ${{ server.name }}?'}"
        )
        .approval
        #expect(own.approvers.names("U1") && own.approvers.names("7") && !own.approvers.names("u1"))
        #expect(own.required == 2)
        #expect(own.allowsSelfApproval)
        #expect(own.timeout == .seconds(3_600))
        #expect(own.via == "ops")
        #expect(own.message?.source == "go ${{ server.name }}?")
    }

    @Test("deleting without an approval takes autonomy and the fleet's word for it")
    func deleting() throws {
        let fleet = "fleet: {select: server.id > 0, delete: bridge-created}"
        let actions = "actions: [{action: fleet.scale, with: {min: 0, max: 1, delta: -1}}]"
        #expect(try rule("target: -", fleet, actions).fleet?.deletesCreated == true)
        let load = RulesFixture.load(RulesFixture.alertRule("target: -", "fleet: server.id > 0", actions))
        #expect(load.diagnostics.map(\.code) == [.badFleet])
        #expect(try rule("target: -", "autonomy: approve", "fleet: server.id > 0", actions).fleet?.deletesCreated == false)
    }

    // MARK: - Triggers

    @Test("a trigger names a source, or the only source of a kind")
    func kinds() {
        func source(_ trigger: String, _ kinds: [String: SourceKindName]) -> String? {
            let lines = trigger.contains("command") ? ["when: -", "permissions: {users: [U1]}", "target: '5'"] : []
            return RuleSet.load(
                [RuleSource(name: "f", text: RulesFixture.alertRule(lines: ["trigger: \(trigger)"] + lines))],
                revision: RuleSetRevision(rawValue: "r"), sources: Set(kinds.keys), kinds: kinds, floor: Limits()
            ).ruleSet?.rules.first?.trigger.source
        }
        #expect(source("alertmanager", ["prod": .alertmanager]) == "prod")
        #expect(source("alertmanager", ["prod": .alertmanager, "test": .alertmanager]) == nil)
        #expect(source("alertmanager", ["alertmanager": .generic, "test": .alertmanager]) == "alertmanager")
        #expect(source("{source: alertmanager}", ["prod": .alertmanager]) == "prod")
        #expect(source("{command: vps reboot}", ["prod": .alertmanager, "chat": .slack]) == "chat")
        #expect(source("{command: vps reboot}", ["a": .slack, "b": .slack]) == nil)
        #expect(source("{command: vps reboot}", ["a": .alertmanager]) == nil)
    }

    @Test("a text that does not have an argument's pattern is wrongly called")
    func pattern() throws {
        let rule = try rule(
            "trigger: {source: slack, command: vps reboot, args: [{name: server, required: true, pattern: '^[a-z0-9-]+$'}]}",
            "when: -", "permissions: {users: [U1]}")
        func outcome(_ text: String) throws -> String {
            switch rule.matchCommand(try #require(RulesFixture.command(text).command)) {
            case .matched: "matched"
            case .bad(let why): why
            case .notThis: "other"
            }
        }
        #expect(try outcome("reboot web-1") == "matched")
        #expect(try outcome("reboot WEB") == "server does not have the form that is asked for. Usage: /vps reboot SERVER")
        #expect(try outcome("reboot \"a b\"").hasPrefix("server does not"))
    }

    @Test(
        "schedules, as bits",
        arguments: [
            ("0 22 * * *", [1, 1 << 22, 0xFFFF_FFFE, 0x1FFE, 0x7F]),
            ("*/15 8-10/2 1,15 jan-MAR mon-fri", [0x2000_4000_8001 as UInt64, 0x500, 0x8002, 0xE, 0x3E]),
            ("5 0 31 12 7", [0x20, 1, 1 << 31, 1 << 12, 1]), ("58/1 0 1 1 sun,6", [0xC00_0000_0000_0000, 1, 2, 2, 0x41]),
        ] as [(String, [UInt64])])
    func schedules(_ text: String, _ bits: [UInt64]) throws {
        let cron = try CronSchedule(text, timezone: "UTC")
        #expect([cron.minutes, cron.hours, cron.daysOfMonth, cron.months, cron.daysOfWeek] == bits)
    }

    @Test(
        "what is no schedule",
        arguments: [
            "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *",
            "5-1 * * * *", "*/0 * * * *", "*/x * * * *", ", * * * *", "1, * * * *", "- * * * *", "-1 * * * *", "* * * foo *",
            "99999999999999999999 * * * *", "1-2-3 * * * *",
        ])
    func noSchedules(_ text: String) {
        #expect(throws: CronSchedule.Problem.self) { try CronSchedule(text, timezone: "UTC") }
    }
}
