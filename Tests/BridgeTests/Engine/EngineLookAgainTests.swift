import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// When a run that waits is looked at again, and what it may become then.
@Suite("Engine: what waits is looked at again")
struct EngineLookAgainTests {
    private static let again = "- {timeout: 10m, actions: [server.reboot]}"
    private static let withRequest =
        "- {timeout: 10m, actions: [server.reboot, {action: http.request, with: {url: \"https://lb.example.com/in\"}}]}"

    /// The budget is free again after an hour.
    @Test(
        "a later rung that was refused is looked at within a minute: that its server is healthy again is seen",
        arguments: [again, withRequest])
    func laterRung(rung: String) async throws {
        let rules = EngineLaterRequestTests.rules("- {timeout: 10m, actions: [server.reboot]}\n" + rung)
            .replacing("    autonomy:", with: "    probe: {tcp: 22}\n    autonomy:")
        let fixture = try EngineFixture(
            rules: rules, limits: Limits(fleetBudgets: [Budget(max: 1, per: .seconds(3_600))], settle: .zero))
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(700))
        let waiting = try await fixture.onlyRun()
        #expect(waiting.state == .verifying && waiting.reason == .fleetBudgetSpent && waiting.rung == 0)
        let ahead = waiting.dueAt.since(fixture.clock.now())
        #expect(ahead > .zero && ahead <= .seconds(60))
        fixture.prober.answer(true)
        try await fixture.advance(by: .seconds(190))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a run that a window holds is judged anew by a bridge that was started without the window")
    func startedAnew() async throws {
        let fixture = try EngineFixture()
        let windows = try EngineServerGuardTests.windows("[{schedule: '* * * * *', duration: 7d, reason: kernel}]")
        fixture.restart { $0.maintenance = windows }
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(try await fixture.onlyRun().reason == .maintenance)
        fixture.restart { $0.maintenance = [] }
        try await fixture.crash()
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a repetition that waits for people ends well when its problem does, and its question is void")
    func endsWhileAsking() async throws {
        let fixture = try EngineFixture(
            rules: """
                version: 1
                rules:
                  - name: host-down
                    trigger: alertmanager
                    when: event.labels.alertname == "HostDown"
                    autonomy: approve
                    approval: {timeout: 10m, approvers: {users: [U0BOB]}}
                    while_firing: {every: 20m, max: 3}
                    actions: [{action: http.request, with: {url: "https://lb.example.com/look"}}]
                """)
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.approve()
        #expect(fixture.transport.requests.count == 1)
        try await fixture.keepFiring(for: .seconds(1_260))
        #expect(try await fixture.onlyRun().state == .approval)
        try await fixture.alert("resolved")
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .resolved)
        #expect(try await fixture.question().state == .void)
        #expect(fixture.transport.requests.count == 1)
    }
}
