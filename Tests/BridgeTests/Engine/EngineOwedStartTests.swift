import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// The start that a sent stop owes: when it is sent, and what does not keep it.
@Suite("Engine: the start that a stop owes")
struct EngineOwedStartTests {
    /// What begins between the stop and its start.
    enum Between: String, CaseIterable, Sendable {
        case spentBudgets
        case maintenance
        case storm
    }

    @Test("no guard keeps it but a pause: no budget, no window, no storm", arguments: Between.allCases)
    func noOtherGuard(between: Between) async throws {
        var limits = Limits(settle: .zero)
        if between == .spentBudgets {
            limits.budgets = [Budget(max: 1, per: .seconds(86_400))]
            limits.fleetBudgets = [Budget(max: 1, per: .seconds(3_600))]
        }
        let fixture = try EngineFixture.watched(5, rules: EngineFixture.powerCycle, limits: limits)
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(fixture.api.ledger == ["stop 1"])
        switch between {
        case .spentBudgets: break
        case .maintenance:
            let windows = try EngineServerGuardTests.windows("[{schedule: '0 * * * *', duration: 90m}]")
            fixture.restart { $0.maintenance = windows }
        case .storm:
            try await fixture.say("firing", 2...3, startedAgo: .zero)
            try await fixture.settle()
            #expect(try await fixture.state(.storm) != nil)
        }
        try await fixture.advance(by: .seconds(20))
        #expect(fixture.api.ledger == ["stop 1", "start 1"])
    }

    @Test("it is not asked for before the server is stopped")
    func waitsForStopped() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.api.ledger == ["stop 12345"])
        fixture.api.freeze(EngineFixture.web.id)
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.api.calls(.start) == 0)
        fixture.api.setStatus(EngineFixture.web.id, .stopped)
        try await fixture.keepFiring(for: .seconds(10), every: .seconds(5))
        #expect(fixture.api.ledger == ["stop 12345", "start 12345"])
    }
}
