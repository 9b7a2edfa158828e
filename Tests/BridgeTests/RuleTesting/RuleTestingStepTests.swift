import Model
import RuleTesting
import Rules
import Testing

@Suite("rule tests: requests, scaling, approvals")
struct RuleTestingStepTests {
    private typealias Fixture = RuleTestingFixture

    private func shipped(_ name: String) throws -> String {
        try #require(RulesFiles.text("\(RulesFiles.root)/rules/\(name).yaml"))
            .replacing("autonomy: observe", with: "autonomy: auto")
    }

    @Test("a pool is scaled out and in again: what was bought, drained and deleted, and when")
    func scale() async throws {
        let pool = "config: {limits: {cooldown: 30m}}"
        let servers = """
            version: 1
            \(pool)
            servers: [{id: 1, name: web-1}, {id: 2, name: web-2}, {id: 3, name: db-1}]
            tests:
              - name: up and down
                timeline:
                  - event: {source: alertmanager, labels: {alertname: PoolHighCPU, pool: web}}
                  - at: 2m
                    expect: {actions: [{action: server.create, server: web-3, with: {plan_id: 2, location: us-west}}]}
                  - at: 5m
                    event: {source: alertmanager, status: resolved, labels: {alertname: PoolHighCPU, pool: web}}
                    expect: {messages: ["pool web: 2 -> 3 servers"], run: {scale-up: succeeded}}
                  - at: 2h
                    event: {source: alertmanager, labels: {alertname: PoolLowCPU, pool: web}, repeat: {every: 5m, times: 10}}
                  - {at: 2h29m59s, expect: {requests: [], actions: []}}
                  - at: 2h30m
                    expect:
                      requests: [{method: PUT, url: https://lb.example.com/pools/web/drain/web-3}]
                      actions: [{action: server.delete, server: web-3}]
            """
        let report = await RuleTests.run(
            RuleTestRequest(
                tests: [RuleSource(name: "pool.test.yaml", text: servers)],
                rules: [
                    RuleSource(name: "up.yaml", text: try shipped("scale-up")),
                    RuleSource(name: "down.yaml", text: try shipped("scale-down")),
                ]))
        #expect(report.isGreen, "\(report.text())")
    }

    @Test("a wrong body of a create, a wrong address of a request: told with what was sent")
    func wrongRequests() async throws {
        let up = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: PoolHighCPU, pool: web}}
            - {at: 2m, expect: {actions: [{action: server.create, with: {plan_id: 3}}]}}
            """, rules: try shipped("scale-up"))
        #expect(up.failureTexts == [#"actions: server.create {"plan_id":3} / server.create web-1 at 2m"#])
        let ticket = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: CertificateExpiresSoon, instance: a}}
            - {at: 1m, expect: {requests: [{method: PUT, url: 'https://tickets.example.com/api/issues'}]}}
            """, rules: try shipped("http-ticket"))
        #expect(ticket.failureTexts.count == 1)
        #expect(
            ticket.failureTexts.first?.hasPrefix(
                "requests: PUT https://tickets.example.com/api/issues / POST https://tickets.example.com/api/issues {") == true)
    }

    private static let approving = Fixture.hostDown.replacing(
        "    autonomy: auto",
        with: "    autonomy: approve\n    approval: {approvers: {users: [U1, U2]}, required: 1, timeout: 30m, via: oncall}")

    @Test("a question is asked, answered by who may, and what was approved is done")
    func approved() async {
        let report = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}, repeat: {every: 5m, times: 3}}
            - {at: 2m, expect: {actions: [], run: {host-down: approval}, held: {host-down: needs_approval}, messages: [{channel: oncall, text: is needed}]}}
            - {at: 3m, approve: {rule: host-down, by: U999}, expect: {actions: [], run: {host-down: approval}}}
            - {at: 4m, approve: {rule: host-down, by: U1}, expect: {actions: [{action: server.reboot, server: web-03}]}}
            """, rules: Self.approving)
        #expect(report.isGreen, "\(report.text())")
    }

    @Test("a no, and no answer, do nothing")
    func denied() async {
        let denied = await Fixture.run(
            """
            - event: \(Fixture.firing)
            - {at: 3m, deny: {rule: host-down, by: U2}, expect: {actions: [], skipped: {host-down: approval_denied}}}
            """, rules: Self.approving)
        #expect(denied.isGreen, "\(denied.text())")
        let silent = await Fixture.run(
            """
            - event: {source: alertmanager, labels: {alertname: HostDown, severity: critical, server: web-03}, repeat: {every: 5m, times: 8}}
            - {at: 31m59s, expect: {run: {host-down: approval}}}
            - {at: 32m, expect: {actions: [], skipped: {host-down: approval_expired}}}
            """, rules: Self.approving)
        #expect(silent.isGreen, "\(silent.text())")
    }

    @Test("an answer that nobody asked for ends the test")
    func nothingAsked() async {
        let report = await Fixture.run("- {approve: {rule: host-down, by: U1}}", rules: Self.approving)
        #expect(report.failureTexts == ["test: to come to its end / no run of rule host-down waits for an answer"])
    }
}
