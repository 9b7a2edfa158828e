import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: server.list and server.get as steps")
struct EngineReadingTests {
    private static func rules(_ steps: String, keys: String = "target: event.labels.server") -> String {
        """
        version: 1
        rules:
          - name: reads
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            \(keys)
            autonomy: auto
            actions:
        \(steps.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
        """
    }

    private static let servers = [EngineFixture.web, EngineFixture.db]

    private static let list = rules(
        """
        - {id: all, action: server.list, with: {status: active}}
        - {action: notify, with: {channel: ops, text: "${{ steps.all.count }}: ${{ steps.all.servers[0].name }}"}}
        """, keys: "group_by: event.labels.alertname")

    private static let get = rules(
        """
        - {id: one, action: server.get, wait_for: {status: stopped, timeout: 2m}}
        - {action: notify, with: {channel: ops, text: "${{ steps.one.server.status }}"}}
        """)

    @Test("a rule that only reads and tells needs no approval, no guard and no live bridge")
    func onlyReads() async throws {
        let fixture = try EngineFixture(
            rules: Self.list.replacing("    autonomy: auto\n", with: ""), servers: Self.servers, live: false)
        #expect(fixture.ruleSet.rule(named: "reads")?.autonomy == .auto)
        fixture.api.setStatus(ServerID(rawValue: 12345), .stopped)
        try await fixture.alert("firing")
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .applied, "\(run.state) \(run.detail)")
        #expect(try await fixture.messages() == ["1: db-server-01"])
        #expect(try await fixture.store.intents(of: run.id).isEmpty)
    }

    @Test("wait_for reads until the server has the status")
    func waits() async throws {
        let fixture = try EngineFixture(rules: Self.get)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.messages().isEmpty)
        fixture.api.setStatus(ServerID(rawValue: 12345), .stopped)
        try await fixture.advance(by: .seconds(10))
        #expect(try await fixture.messages() == ["stopped"])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("and fails when it does not come in time")
    func waitsTooLong() async throws {
        let fixture = try EngineFixture(rules: Self.get)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(150))
        let run = try await fixture.onlyRun()
        #expect(
            run.state == .failed && run.reason == .unverified && run.detail.contains("not stopped after 120 s"), "\(run.detail)")
    }

    @Test("what passes is read again, what does not fails the run")
    func failures() async throws {
        let fixture = try EngineFixture(rules: Self.rules("- {action: server.get}"))
        // The first reading is the run's own.
        fixture.api.script(.get, .fail(.unreachable))
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().state == .held)
        try await fixture.keepFiring(for: .seconds(60))
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("retry bounds how often it is read")
    func retry() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules("- {action: server.list, retry: {attempts: 3, initial_delay: 1s}}", keys: "group_by: event.source"))
        try await fixture.deliver("firing")
        // The inventory is read first.
        fixture.api.makeListsIncomplete(true)
        try await fixture.settle()
        try await fixture.keepFiring(for: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .apiUnavailable, "\(run.state) \(run.detail)")
    }

    @Test("a reading before a change is read again when a guard held the run in between")
    func fresh() async throws {
        let rules = Self.rules(
            """
            - {id: all, action: server.list}
            - {action: http.request, if: steps.all.count == 3, with: {url: "https://a.example/${{ steps.all.count }}"}}
            - server.reboot
            """)
        let fixture = try EngineFixture(
            rules: rules, servers: Self.servers,
            limits: Limits(fleetBudgets: [Budget(max: 1, per: .seconds(600))], settle: .zero))
        try await fixture.alert("firing", server: "db-server-01")
        #expect(fixture.api.ledger == ["reboot 12346"] && fixture.transport.requests.isEmpty)
        try await fixture.advance(by: .seconds(10))
        try await fixture.alert("resolved", server: "db-server-01")
        try await fixture.advance(by: .seconds(200))
        try await fixture.alert("firing")
        #expect(try await fixture.newestRun().reason == .fleetBudgetSpent)
        fixture.api.add(EngineScale.server(7, "new-7"))
        try await fixture.keepFiring(for: .seconds(600))
        #expect(fixture.transport.lines == ["GET https://a.example/3"])
        #expect(fixture.api.ledger == ["reboot 12346", "reboot 12345"])
    }

    @Test("a reading after the change sees what came of it")
    func after() async throws {
        let rules = Self.rules(
            """
            - server.reboot
            - {id: now, action: server.get}
            - {action: notify, with: {channel: ops, text: "${{ steps.now.server.status }} ${{ steps.now.server.name }}"}}
            """)
        let fixture = try EngineFixture(rules: rules)
        try await fixture.rescueOnce()
        #expect(try await fixture.messages() == ["active web-server-01"])
    }

    @Test("a later rung that begins with a reading is not taken for sent when that fails")
    func laterRung() async throws {
        let rules = """
            version: 1
            rules:
              - name: reads
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                target: event.labels.server
                autonomy: auto
                escalation:
                  - {timeout: 5m, actions: [server.reboot]}
                  - {timeout: 5m, actions: [{action: server.list, with: {location: us-west}}, server.power_cycle]}
            """
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(240))
        try await fixture.keepFiring(for: .seconds(120))
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.api.ledger == ["reboot 12345", "stop 12345", "start 12345"])
    }
}
