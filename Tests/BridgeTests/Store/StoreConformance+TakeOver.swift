import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let takeOvers = [
        StoreConformance("a person's request takes a server from rules that wait or only watch, and keeps it for 30 minutes") {
            scenario in
            var watching = try await scenario.readyRun("watching", lane: 7)
            guard case .committed(let intent?) = try await scenario.act(watching) else {
                throw StoreScenarioError(what: "refused")
            }
            watching.state = .verifying
            try await scenario.step(watching, intent: .close(intent.id, .applied), releasesLease: true)
            var held = try await scenario.readyRun("held", lane: 7)
            held.state = .held
            try await scenario.step(held, releasesLease: true)
            let elsewhere = try await scenario.readyRun("elsewhere", lane: 8)
            let command = try await scenario.command("command", lane: 7)
            #expect(storeRefusal(try await scenario.order(command)) == nil)
            for run in [watching, held] {
                let ended = try await scenario.store.run(run.id)
                #expect(ended?.state == .cancelled && ended?.reason == .takenOver && ended?.finishedAt == Scenario.start)
                let told = try await scenario.store.auditEntries(run: run.id, delivery: nil, limit: 10).last
                #expect(told?.reason == .takenOver && told?.actor == "slack:U1")
            }
            #expect(try await scenario.store.run(elsewhere.id)?.state == .ready)
            // A worker that still has one comes late.
            held.state = .ready
            guard case .fenced = try await scenario.attempt(held) else { throw StoreScenarioError(what: "not fenced") }
            var done = command
            done.state = .succeeded
            try await scenario.step(
                done, intent: .close(try #require(try await scenario.store.intents(of: command.id).last).id, .applied))
            let late = try await scenario.readyRun("late", lane: 7, at: Scenario.at(60))
            let refusal = storeRefusal(try await scenario.act(late, at: Scenario.at(60), checksCooldown: false))
            #expect(refusal?.reason == .personAtWork && refusal?.until == Scenario.at(1_800))
            #expect(refusal?.detail.contains("slack:U1") == true)
            let early = Scenario.at(1_800) - .microseconds(1)
            #expect(storeRefusal(try await scenario.act(late, at: early, checksCooldown: false))?.reason == .personAtWork)
            #expect(storeRefusal(try await scenario.act(late, at: Scenario.at(1_800), checksCooldown: false)) == nil)
        },
        StoreConformance("what is on its way, owes a start, or is another person's keeps its server") { scenario in
            var sending = try await scenario.readyRun("sending", lane: 1)
            _ = try await scenario.act(sending)
            sending.state = .unknown
            try await scenario.step(sending)
            _ = try await scenario.owedStart("owed", lane: 2)
            let other = try await scenario.command("other", lane: 3)
            _ = try await scenario.order(other)
            for lane in 1...3 {
                let command = try await scenario.command("command-\(lane)", lane: Int64(lane))
                #expect(storeRefusal(try await scenario.order(command))?.reason == .laneBusy)
            }
            #expect(try await scenario.store.runs(limit: 10).allSatisfy { $0.reason != .takenOver })
        },
        StoreConformance("a command that a guard refuses takes nothing over") { scenario in
            var watching = try await scenario.readyRun("watching", lane: 7)
            guard case .committed(let intent?) = try await scenario.act(watching) else {
                throw StoreScenarioError(what: "refused")
            }
            watching.state = .verifying
            try await scenario.step(watching, intent: .close(intent.id, .applied), releasesLease: true)
            let command = try await scenario.command("command", lane: 7)
            var tight = Scenario.loose
            tight.budgets = [Budget(max: 1, per: .seconds(3_600))]
            #expect(storeRefusal(try await scenario.order(command, limits: tight))?.reason == .budgetSpent)
            #expect(try await scenario.store.run(watching.id)?.state == .verifying)
        },
        StoreConformance("a person is warned of a cooldown, and not held by it") { scenario in
            try await scenario.completeRun("before", lane: 7, at: Scenario.at(0), end: Scenario.at(10))
            var tight = Scenario.loose
            tight.cooldown = .seconds(1_800)
            let command = try await scenario.command("command", lane: 7)
            #expect(storeRefusal(try await scenario.order(command, at: Scenario.at(60), limits: tight)) == nil)
            let told = try await scenario.store.claimMessages(now: Scenario.at(60), hiddenUntil: Scenario.at(61), limit: 10)
            #expect(told.count == 1 && told.first?.text.hasPrefix("Careful: server:7 was last worked on at") == true)
            #expect(told.first?.destination == .response(source: "slack", url: "https://hooks.example.com/1"))
            let elsewhere = try await scenario.command("elsewhere", lane: 8)
            _ = try await scenario.order(elsewhere, at: Scenario.at(60), limits: tight)
            #expect(try await scenario.store.claimMessages(now: Scenario.at(60), hiddenUntil: Scenario.at(61), limit: 10).isEmpty)
        },
    ]
}

extension StoreScenario {
    /// A person's command on that server, in the hands of a worker.
    fileprivate func command(_ fingerprint: String, lane: Int64) async throws -> Run {
        let made = try await makeRun(fingerprint, rule: "chat-\(fingerprint)", isUrgent: true)
        var run = try #require(try await claim().first { $0.run.id == made.id }?.run)
        run.state = .ready
        run.server = ServerID(rawValue: lane)
        run.lane = .server(ServerID(rawValue: lane))
        try await step(run)
        return run
    }

    /// Tries to send a command's first request.
    fileprivate func order(
        _ run: Run, at: Timestamp = start, limits: Limits = StoreScenario.loose
    ) async throws -> TransitionResult {
        var next = run
        next.state = .running
        let guards = Guards(
            limits: limits, fleetSize: 100, checksCooldown: false, isCommand: true, action: "server.reboot", source: "slack")
        let entry = AuditEntry(at: at, kind: .request, reason: .matched, run: run.id, actor: "slack:U1")
        return try await store.commit(
            RunTransition(
                now: at, run: next, intent: .open(StoreScenario.intent(run), guards: guards),
                warning: .response(source: "slack", url: "https://hooks.example.com/1"), audit: [entry], releasesLease: false))
    }
}
