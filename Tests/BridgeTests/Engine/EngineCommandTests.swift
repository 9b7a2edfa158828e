import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: chat commands")
struct EngineCommandTests {
    static let rules = """
        version: 1
        rules:
          - name: chat-reboot
            trigger:
              source: slack
              command: vps reboot
              args: [{name: server, type: string, required: true, max_length: 63}]
            target: args.server
            autonomy: auto
            permissions: {users: [U012ABCDEF], channels: [C0OPS]}
            reply: "rebooting ${{ args.server }}"
            actions: [server.reboot]
        """

    @Test("a permitted command acts at once and its outcome is told")
    func permitted() async throws {
        let fixture = try EngineFixture(rules: Self.rules, limits: Limits(settle: .seconds(60)))
        try await fixture.command("reboot web-server-01")
        #expect(fixture.api.ledger == ["reboot 12345"])
        try await fixture.advance(by: .seconds(15))
        #expect(try await fixture.onlyRun().state == .succeeded)
        let messages = try await fixture.messages()
        #expect(messages.count == 1)
        #expect(messages.first?.hasPrefix("Done: server.reboot of web-server-01 (12345)") == true)
    }

    @Test("a person without the role starts nothing, and it is audited")
    func notPermitted() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.command("reboot web-server-01", user: "U0STRANGER")
        #expect(try await fixture.store.runs(limit: 1).isEmpty)
        let audit = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 10)
        #expect(audit.contains { $0.reason == .notPermitted && $0.actor == "slack:U0STRANGER" })
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("a person is not held by a cooldown, but by a spent budget, and is told so")
    func guards() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        for number in 1...4 {
            try await fixture.command("reboot web-server-01", trigger: "t\(number)")
            try await fixture.advance(by: .seconds(20))
        }
        #expect(fixture.api.ledger.count == 3)
        #expect(try await fixture.newestRun().reason == .budgetSpent)
        #expect(try await fixture.messages().contains { $0.hasPrefix("Failed:") })
    }

    @Test("a command names exactly one server or nothing happens")
    func target() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.command("reboot nobody")
        #expect(try await fixture.onlyRun().reason == .targetNotFound)
        #expect(try await fixture.messages().first?.contains("no server is named by") == true)
    }

    @Test("a command that waited too long is not done any more")
    func expired() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        for _ in 0..<60 { fixture.api.script(.list, .fail(.unreachable)) }
        try await fixture.command("reboot web-server-01")
        try await fixture.advance(by: .seconds(1_800))
        #expect(try await fixture.onlyRun().state == .expired)
        #expect(fixture.api.ledger.isEmpty)
    }
}
