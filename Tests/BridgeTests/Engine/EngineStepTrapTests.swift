import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@testable import Engine

/// Rungs of several steps at the edges where one rung ends and the next begins.
@Suite("Engine: traps between steps and rungs")
struct EngineStepTrapTests {
    private static func rules(_ escalation: String, autonomy: String = "auto") -> String {
        """
        version: 1
        rules:
          - name: steps
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            target: event.labels.server
            autonomy: \(autonomy)
            healthy_delay: 2m
            escalation:
        \(escalation.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
        """
    }

    private static func post(_ path: String) -> String {
        "{action: http.request, with: {method: POST, url: \"https://lb.example.com/\(path)\"}}"
    }

    @Test("a later rung that a budget refuses is taken when the budget allows it, not passed over")
    func refusedRungIsTakenLater() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules(
                """
                - {timeout: 10m, actions: [server.reboot]}
                - {timeout: 10m, actions: [server.reboot, \(Self.post("after"))]}
                - {actions: [{action: notify, with: {channel: oncall, text: "still down"}}]}
                """),
            limits: Limits(fleetBudgets: [Budget(max: 1, per: .seconds(1_800))], settle: .zero))
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(1_500))
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.messages().isEmpty)
        #expect(try await fixture.onlyRun().state == .verifying)
        try await fixture.keepFiring(for: .seconds(600))
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
    }

    @Test("a later rung's reboot that VPS.org did not take is asked again, and no request is sent twice")
    func notExecutedRepeatsNoRequest() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules(
                """
                - {timeout: 10m, actions: [\(Self.post("one")), \(Self.post("two")), server.reboot]}
                - {timeout: 10m, actions: [\(Self.post("three")), server.reboot]}
                """))
        fixture.api.script(
            .reboot, .doNothing,
            .fail(APIError(code: .rateLimited, certainty: .notExecuted, status: 429, detail: "slow down")))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(1_100))
        #expect(fixture.transport.lines == ["one", "two", "three"].map { "POST https://lb.example.com/\($0)" })
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
    }

    @Test("what people approved goes on when a request's retry takes longer than the approval is good for")
    func approvalOfARunThatHasBegun() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules(
                """
                - timeout: 10m
                  actions:
                    - action: http.request
                      with: {method: PUT, url: "https://lb.example.com/out"}
                      retry: {attempts: 3, initial_delay: 2m, max_delay: 4m, statuses: [503]}
                    - server.reboot
                """, autonomy: "approve\n    approval: {timeout: 1m, approvers: {users: [U0BOB]}}"))
        fixture.transport.answer(.status(503), .status(200))
        try await fixture.alert("firing")
        try await fixture.approve()
        try await fixture.keepFiring(for: .seconds(400))
        #expect(fixture.transport.requests.count == 2)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a request before a power cycle that was left out is not taken for our stop: nobody's server is started")
    func requestIsNoStop() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules(
                """
                - timeout: 10m
                  actions:
                    - \(Self.post("out"))
                    - {action: server.power_cycle, if: 'server.name == "x"'}
                - {timeout: 10m, actions: [server.reboot]}
                """))
        try await fixture.alert("firing")
        fixture.api.setStatus(EngineFixture.web.id, .stopped)
        try await fixture.keepFiring(for: .seconds(900))
        #expect(!fixture.api.ledger.contains("start 12345"))
    }

    @Test(
        "a POST that the receiver may have done is not sent again, whatever may be retried", arguments: [408, 500, 502, 504, 503])
    func unclearAnswer(status: Int) async throws {
        let fixture = try EngineFixture(
            rules: Self.rules(
                """
                - timeout: 10m
                  actions:
                    - action: http.request
                      with: {method: POST, url: "https://lb.example.com/out"}
                      retry: {attempts: 3, initial_delay: 1s, statuses: [408, 500, 502, 503, 504]}
                    - server.reboot
                """))
        fixture.transport.answer(.status(status), .status(200))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(60))
        let isClear = status == 503
        #expect(fixture.transport.requests.count == (isClear ? 2 : 1))
        #expect(try await fixture.onlyRun().state == (isClear ? .verifying : .parked))
    }

    @Test("stored rules are read again when their chat and sources are not known any more")
    func storedRules() throws {
        let text = """
            version: 1
            rules:
              - name: chat
                trigger: {command: vps reboot, args: [{name: server, type: string}]}
                permissions: {users: [U012ABCDEF]}
                target: args.server
                actions: [server.reboot]
              - name: alert
                trigger: alertmanager
                when: 'true'
                target: event.labels.server
                actions: [server.reboot]
            """
        let stored = StoredRuleSet(
            revision: RuleSetRevision(rawValue: "r"), files: [StoredRuleSet.File(name: "a.yaml", text: text)],
            savedAt: Timestamp(seconds: 0))
        #expect(RuleBook.load(stored, kinds: [:], zoneData: { _ in nil })?.rules.count == 2)
        let known = RuleBook.load(stored, kinds: ["am-prod": .alertmanager, "chat": .slack], zoneData: { _ in nil })
        #expect(known?.rules.map(\.trigger.source) == ["chat", "am-prod"])
    }
}
