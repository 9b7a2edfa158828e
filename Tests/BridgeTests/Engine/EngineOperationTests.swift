import Engine
import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: server.create, replace, update and delete as steps")
struct EngineOperationTests {
    /// What happens to the first request.
    enum Outcome: String, CaseIterable, Sendable {
        case applied, badRequest, paymentRequired, notFound, conflict, lostAfter, lostBefore, unreachable, diesBefore, diesAfter

        var fault: FakeServersAPI.Fault? {
            switch self {
            case .applied, .diesBefore, .diesAfter: nil
            case .badRequest: .fail(APIError(code: .badRequest, certainty: .notExecuted, status: 400, detail: "no"))
            case .paymentRequired: .fail(APIError(code: .paymentRequired, certainty: .notExecuted, status: 402, detail: "no"))
            case .notFound: .fail(APIError(code: .notFound, certainty: .notExecuted, status: 404, detail: "no"))
            case .conflict: .fail(APIError(code: .conflict, certainty: .unknown, status: 409, detail: "no"))
            case .lostAfter: .failAfterApply(.lost)
            case .lostBefore: .fail(.lost)
            case .unreachable: .fail(.unreachable)
            }
        }

        /// How the run ends, and how often the request was carried out.
        func expected(of operation: EngineOperation) -> (state: RunState, reason: Reason, times: Int) {
            switch (self, operation) {
            case (.applied, _), (.lostAfter, _), (.lostBefore, _), (.unreachable, _), (.diesBefore, _), (.diesAfter, _):
                (.succeeded, .effective, 1)
            case (.badRequest, _): (.failed, .refused, 0)
            case (.paymentRequired, .delete): (.failed, .refused, 0)
            case (.paymentRequired, _): (.failed, .paymentRequired, 0)
            // Gone after an attempt of ours is what was asked for.
            case (.notFound, .delete): (.succeeded, .effective, 0)
            case (.notFound, .create): (.failed, .refused, 0)
            case (.notFound, _): (.failed, .serverGone, 0)
            case (.conflict, .create): (.failed, .refused, 0)
            case (.conflict, _): (.succeeded, .effective, 1)
            }
        }
    }

    @Test("each operation and each outcome of its first request", arguments: EngineOperation.allCases, Outcome.allCases)
    func table(operation: EngineOperation, outcome: Outcome) async throws {
        let fixture = try await operation.fixture()
        if let fault = outcome.fault { fixture.api.script(operation.operation, fault) }
        try await fixture.deliver("firing", server: "web-5")
        fixture.clock.advance(by: .seconds(60))
        try await fixture.deliver("firing", server: "web-5")
        switch outcome {
        case .diesBefore: try await fixture.dieAtRequest(wasSent: false)
        case .diesAfter: try await fixture.dieAtRequest(wasSent: true)
        default: try await fixture.settle()
        }
        try await fixture.keepFiring(server: "web-5", for: .seconds(900))
        let wanted = outcome.expected(of: operation)
        let run = try #require(try await fixture.store.runs(limit: 10).first { $0.rule == "op" })
        #expect(run.state == wanted.state && run.reason == wanted.reason, "\(run.state) \(run.reason as Any) \(run.detail)")
        #expect(fixture.api.ledger == Array(repeating: operation.line, count: wanted.times))
        let done = operation == .create ? "done new-1" : "done 5"
        let messages = try await fixture.messages()
        #expect(messages.contains(done) == (wanted.state == .succeeded), "\(messages)")
        #expect(messages.count == 1)
        let purchases = try await fixture.store.purchases(from: fixture.began, to: fixture.clock.now())
        #expect(purchases.count { $0.endedAt == nil } == (operation == .create ? wanted.times : 0), "\(purchases)")
    }

    @Test("a server that is as asked already is left alone", arguments: [EngineOperation.replace, .update])
    func alreadySo(operation: EngineOperation) async throws {
        let fixture = try await operation.fixture()
        _ = try await fixture.api.update(ServerID(rawValue: 5), UpdateServer(hostname: "new.example.com", backupsEnabled: true))
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(120))
        #expect(fixture.api.ledger == ["update 5"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .nothingToDo)
        #expect(try await fixture.messages() == ["done 5"])
    }

    @Test("a change that is answered well and not seen did not help", arguments: [EngineOperation.replace, .update])
    func notSeen(operation: EngineOperation) async throws {
        let fixture = try await operation.fixture()
        fixture.api.script(operation.operation, .doNothing)
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(900))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .ineffective, "\(run.state) \(run.detail)")
    }

    @Test(
        "a change that never comes about is asked for five times, then people look", arguments: [EngineOperation.update, .delete])
    func neverExecuted(operation: EngineOperation) async throws {
        let fixture = try await operation.fixture()
        for _ in 0..<9 { fixture.api.script(operation.operation, .fail(.lost)) }
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(1_200))
        #expect(fixture.api.calls(operation.operation) == 5)
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.reason == .unverified, "\(run.state) \(run.detail)")
        #expect(try await fixture.messages().count == 1)
    }

    @Test("observe, and a bridge that is not live, send nothing", arguments: EngineOperation.allCases, [true, false])
    func silent(operation: EngineOperation, observes: Bool) async throws {
        let fixture = try await operation.fixture(
            rules: { observes ? $0.replacing("autonomy: auto", with: "autonomy: observe") : $0 }, live: observes)
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(120))
        #expect(fixture.api.ledger.isEmpty && fixture.api.calls(operation.operation) == 0)
        let run = try await fixture.newestRun()
        #expect(run.state == .cancelled && run.reason == (observes ? .observeOnly : .notLive))
        #expect(run.detail.contains(operation == .create ? "would create new-1 (plan 2, us-west)" : "would server.\(operation)"))
    }

    @Test("a protected server is neither changed nor deleted", arguments: [EngineOperation.replace, .update, .delete])
    func protected(operation: EngineOperation) async throws {
        let fixture = try await operation.fixture(protected: ["web-5"])
        try await fixture.alert("firing", server: "web-5")
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.newestRun().reason == .protected)
    }

    @Test("each spends a unit of the server's budget", arguments: [EngineOperation.replace, .update, .delete])
    func budget(operation: EngineOperation) async throws {
        let fixture = try await operation.fixture()
        try await fixture.alert("firing", server: "web-5")
        try await fixture.keepFiring(server: "web-5", for: .seconds(60))
        let run = try await fixture.newestRun()
        let counted = try await fixture.store.intents(of: run.id)
        #expect(counted.count == 1 && counted.first?.kind == .operation(operation.operation))
        let refusal = try await fixture.refusal(on: .server(ServerID(rawValue: 5)), budget: Budget(max: 1, per: .seconds(3_600)))
        #expect(refusal?.reason == .budgetSpent)
    }
}

extension EngineFixture {
    /// What the guards say of one more request on that lane under that budget.
    fileprivate func refusal(on lane: Lane, budget: Budget) async throws -> Refusal? {
        try await deliver("firing", server: "probe", alertname: "HostDown")
        _ = try await dispatcher.dispatchOnce()
        let claimed = try #require(
            try await store.claimRuns(ClaimRequest(now: clock.now(), leaseUntil: clock.now() + .seconds(30), limit: 1)).first)
        var run = claimed.run
        run.state = .running
        run.lane = lane
        let limits = Limits(cooldown: .zero, budgets: [budget], fleetBudgets: [], settle: .zero)
        let result = try await store.commit(
            RunTransition(
                now: clock.now(), run: run,
                intent: .open(
                    NewIntent(
                        rung: 0, step: 0, operation: .reboot, server: ServerID(rawValue: 5), preStatus: .active, preUpdatedAt: nil
                    ),
                    guards: Guards(limits: limits, fleetSize: 2, checksCooldown: false)), releasesLease: false))
        guard case .refused(let refusal) = result else { return nil }
        return refusal
    }
}
