import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: server.delete deletes the server that was meant, and only with a person's word")
struct EngineDeleteTests {
    private static let approve: @Sendable (String) -> String = {
        $0.replacing("autonomy: auto", with: "autonomy: approve").replacing(
            "    fleet: {select: \"true\", delete: bridge-created}\n", with: "")
    }

    @Test("the bridge's own server in a set that says so goes without a question")
    func own() async throws {
        let fixture = try await EngineOperation.delete.fixture()
        try await fixture.alert("firing", server: "web-5")
        try await fixture.advance(by: .seconds(90))
        #expect(fixture.api.ledger == ["delete 5"])
        #expect(try await fixture.store.approvals(onlyOpen: false, limit: 1).isEmpty)
        #expect(try await fixture.store.createdServers().isEmpty)
    }

    @Test(
        "any other server needs an approval",
        arguments: ["not ours", "not in the set", "the rule asks", "no longer ours"])
    func asks(why: String) async throws {
        let fixture = try await EngineOperation.delete.fixture(
            rules: { rules in
                switch why {
                case "not in the set": rules.replacing("select: \"true\"", with: "select: \"server.name == 'db-9'\"")
                case "the rule asks": Self.approve(rules)
                default: rules
                }
            }, owned: why != "not ours")
        if why == "no longer ours" {
            let desk = OwnershipDesk(store: fixture.store, queries: fixture.store, api: fixture.api)
            #expect(await desk.disown("web-5", by: "operator", now: fixture.clock.now()).isDone)
        }
        try await fixture.alert("firing", server: "web-5")
        try await fixture.advance(by: .seconds(90))
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.newestRun().state == .approval)
        #expect(try await fixture.question().action == "server.delete of web-5 (5)")
        #expect(try await fixture.answer(.approve, fixture.question().id, by: .commandLine).isCounted)
        try await fixture.keepFiring(server: "web-5", for: .seconds(60))
        #expect(fixture.api.ledger == ["delete 5"])
        #expect(try await fixture.newestRun().state == .succeeded)
    }

    @Test("a server that a person took back between two rungs is not deleted by the later one")
    func laterRung() async throws {
        let rules = """
            version: 1
            rules:
              - name: give-up
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                target: event.labels.server
                fleet: {select: "true", delete: bridge-created}
                autonomy: auto
                escalation:
                  - {timeout: 5m, actions: [server.reboot]}
                  - {timeout: 5m, actions: [server.delete]}
            """
        let fixture = try EngineFixture(rules: rules, servers: [EngineOperation.server, EngineScale.server(9, "db-9")])
        try await fixture.adopt("web-5")
        try await fixture.alert("firing", server: "web-5")
        #expect(fixture.api.ledger == ["reboot 5"])
        let desk = OwnershipDesk(store: fixture.store, queries: fixture.store, api: fixture.api)
        #expect(await desk.disown("web-5", by: "operator", now: fixture.clock.now()).isDone)
        try await fixture.keepFiring(server: "web-5", for: .seconds(400))
        #expect(fixture.api.ledger == ["reboot 5"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .notPermitted, "\(run.state) \(run.detail)")
    }

    @Test("without an answer nothing is deleted")
    func unanswered() async throws {
        let fixture = try await EngineOperation.delete.fixture(rules: Self.approve)
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(2_400))
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.newestRun().reason == .approvalExpired)
    }

    @Test("a person's command to delete needs a second person")
    func command() async throws {
        let rules = """
            version: 1
            rules:
              - name: chat-delete
                trigger: {source: slack, command: vps delete, args: [{name: server, required: true}]}
                permissions: {users: [U012ABCDEF]}
                target: args.server
                approval: {approvers: [U012ABCDEF, U0BOB]}
                actions: [server.delete]
            """
        let fixture = try EngineFixture(rules: rules, servers: [EngineOperation.server])
        try await fixture.command("delete web-5")
        #expect(try await fixture.newestRun().state == .approval && fixture.api.ledger.isEmpty)
        let own = try await fixture.answer(
            .approve, fixture.question().id, by: .chat(source: "slack", userID: "U012ABCDEF"))
        #expect(!own.isCounted)
        try await fixture.approve()
        try await fixture.advance(by: .seconds(30))
        #expect(fixture.api.ledger == ["delete 5"])
        #expect(try await fixture.newestRun().state == .succeeded)
    }

    @Test("a command that deletes asks for an approval although it does not say so")
    func standard() throws {
        let rules = """
            version: 1
            rules:
              - name: chat-delete
                trigger: {source: slack, command: vps delete}
                permissions: {users: [U1]}
                target: '"web-5"'
                actions: [server.delete]
            """
        let fixture = try EngineFixture(rules: rules)
        #expect(fixture.ruleSet.rule(named: "chat-delete")?.autonomy == .approve)
    }

    // MARK: The right server

    @Test("a server that was renamed since it was found is left alone", arguments: ["found", "held", "asked again"])
    func renamed(when: String) async throws {
        let fixture = try await EngineOperation.delete.fixture()
        switch when {
        case "found":
            // Between the list and the reading of the server.
            fixture.api.duringNextGet { [api = fixture.api] in api.edit(ServerID(rawValue: 5)) { $0.name = "prod-1" } }
        case "held":
            fixture.api.setStatus(ServerID(rawValue: 5), .rebooting)
        default:
            fixture.api.script(.delete, .fail(.unreachable))
        }
        try await fixture.alert("firing", server: "5")
        if when != "found" { fixture.api.edit(ServerID(rawValue: 5)) { $0.name = "prod-1" } }
        fixture.api.setStatus(ServerID(rawValue: 5), .active)
        try await fixture.keepFiring(server: "5", for: .seconds(120))
        #expect(fixture.api.ledger.isEmpty)
        let run = try await fixture.newestRun()
        #expect(run.state == .cancelled && run.reason == .renamed, "\(run.state) \(run.detail)")
        #expect(try await fixture.messages().count == 1)
    }

    @Test("a server that took the name of a lost delete's server: a person looks")
    func renamedAfterLoss() async throws {
        let fixture = try await EngineOperation.delete.fixture()
        fixture.api.script(.delete, .fail(.lost))
        try await fixture.alert("firing", server: "web-5")
        fixture.api.edit(ServerID(rawValue: 5)) { $0.name = "prod-1" }
        try await fixture.keepFiring(server: "web-5", for: .seconds(120))
        let run = try await fixture.newestRun()
        #expect(run.state == .parked && run.detail.contains("web-5, now prod-1"))
        #expect(fixture.api.calls(.delete) == 1)
    }

    @Test("404 before our first attempt is no success")
    func goneBefore() async throws {
        let fixture = try await EngineOperation.delete.fixture()
        fixture.api.duringNextGet { [api = fixture.api] in api.remove(ServerID(rawValue: 5)) }
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(60))
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.reason == .serverGone)
    }

    @Test("a 2xx is not yet success: the server has to be gone")
    func stillThere() async throws {
        let fixture = try await EngineOperation.delete.fixture()
        fixture.api.script(.delete, .doNothing)
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(900))
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.reason == .unverified && run.detail.contains("still there"))
        #expect(fixture.api.calls(.delete) == 1)
    }

    @Test("in place of an ill server a new one is made, and when that did not help the ill one goes")
    func rebuild() async throws {
        let rules = """
            version: 1
            rules:
              - name: rebuild
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                target: event.labels.server
                approval: {approvers: [U0BOB]}
                escalation:
                  - timeout: 5m
                    actions:
                      - action: server.create
                        with: {name: "${{ server.name }}-${{ slot }}", plan_id: 2, os_id: 5, location: us-west}
                  - actions: [server.delete, {action: notify, with: {channel: ops, text: "${{ server.name }} is replaced"}}]
            """
        let fixture = try EngineFixture(rules: rules, servers: [EngineOperation.server])
        try await fixture.alert("firing", server: "web-5")
        #expect(try await fixture.question().action.contains("server.create web-5-1 (plan 2, us-west) of web-5 (5)"))
        try await fixture.approve()
        #expect(fixture.api.ledger == ["create web-5-1"])
        try await fixture.keepFiring(server: "web-5", for: .seconds(270))
        #expect(fixture.api.ledger == ["create web-5-1"])
        try await fixture.keepFiring(server: "web-5", for: .seconds(120))
        #expect(fixture.api.ledger == ["create web-5-1", "delete 5"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded, "\(run.state) \(run.detail)")
        #expect(try await fixture.messages().contains("web-5 is replaced"))
    }

    @Test("when the new server helped, the ill one stays")
    func rebuildHelped() async throws {
        let rules = """
            version: 1
            rules:
              - name: rebuild
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                target: event.labels.server
                autonomy: auto
                healthy_delay: 1m
                escalation:
                  - timeout: 5m
                    actions:
                      - action: server.create
                        with: {name: "new-${{ run.short_id }}", plan_id: 2, os_id: 5, location: us-west}
                  - actions: [{action: notify, with: {channel: ops, text: "no"}}]
            """
        let fixture = try EngineFixture(rules: rules, servers: [EngineOperation.server])
        try await fixture.alert("firing", server: "web-5")
        try await fixture.advance(by: .seconds(60))
        // What is ill may as well be off: the new one stands in its place.
        fixture.api.setStatus(ServerID(rawValue: 5), .stopped)
        try await fixture.alert("resolved", server: "web-5")
        try await fixture.advance(by: .seconds(120))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective, "\(run.state) \(run.detail)")
        #expect(fixture.api.ledger.count == 1)
        #expect(try await fixture.messages().isEmpty)
    }
}
