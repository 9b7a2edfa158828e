import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let pauses = [
        StoreConformance("a pause is in force from its transaction on, in every scope, and ends when it says") { scenario in
            let run = try await scenario.readyRun("1", lane: 7)
            let scopes: [PauseScope] = [
                .all, .rule("host-down"), .server(ServerID(rawValue: 7)), .source("alertmanager"), .action("server.reboot"),
            ]
            for (index, scope) in scopes.enumerated() {
                let at = Scenario.at(Int64(index) * 100)
                let pause = try await scenario.pause(scope, at: at, until: at + .seconds(50))
                #expect(try await scenario.store.pauses(at: at) == [pause])
                let refusal = try #require(storeRefusal(try await scenario.act(run, at: at)))
                #expect(refusal.reason == .paused && refusal.until == at + .seconds(50) && refusal.detail == pause.words)
                #expect(try await scenario.store.pauses(at: at + .seconds(50)).isEmpty)
            }
            for scope in [PauseScope.rule("x"), .server(ServerID(rawValue: 8)), .source("x"), .action("server.create")] {
                try await scenario.pause(scope, at: Scenario.at(900))
            }
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(900))) == nil)
        },
        StoreConformance("a pause stops what asks no other guard: later steps, owed starts, requests to other APIs") { scenario in
            for index in 0..<2 {
                let at = Scenario.at(Int64(index) * 10)
                var run = try await scenario.readyRun("\(index)", lane: Int64(index), at: at)
                guard case .committed(let intent?) = try await scenario.act(run, at: at) else {
                    throw StoreScenarioError(what: "refused")
                }
                run.state = .verifying
                try await scenario.step(run, at: at, intent: .close(intent.id, .applied))
                try await scenario.pause(.all, at: at)
                run.state = .running
                let next =
                    index == 0
                    ? Scenario.intent(run, step: 1) : NewIntent(rung: 0, step: 1, kind: .httpRequest, request: nil)
                #expect(
                    storeRefusal(try await scenario.attempt(run, at: at, intent: .open(next, guards: nil)))?.reason == .paused)
                _ = try await scenario.resume(.all, at: at)
                #expect(storeRefusal(try await scenario.attempt(run, at: at, intent: .open(next, guards: nil))) == nil)
            }
        },
        StoreConformance("of several pauses the one that lasts longest is named") { scenario in
            let run = try await scenario.readyRun("1", lane: 7)
            try await scenario.pause(.all, until: Scenario.at(100))
            try await scenario.pause(.rule("host-down"), until: Scenario.at(300))
            #expect(storeRefusal(try await scenario.act(run))?.until == Scenario.at(300))
            try await scenario.pause(.server(ServerID(rawValue: 7)))
            let refusal = storeRefusal(try await scenario.act(run))
            #expect(refusal?.reason == .paused && refusal?.until == nil)
        },
        StoreConformance("a person's new pause replaces the old one; the bridge's own never shortens it") { scenario in
            try await scenario.pause(.all, until: Scenario.at(1_000))
            try await scenario.pause(.all, until: Scenario.at(100))
            #expect(try await scenario.store.pauses(at: Scenario.start).map(\.until) == [Scenario.at(100)])
            try await scenario.pause(.all, until: Scenario.at(50), mayShorten: false)
            #expect(try await scenario.store.pauses(at: Scenario.start).map(\.until) == [Scenario.at(100)])
            try await scenario.pause(.all, mayShorten: false)
            #expect(try await scenario.store.pauses(at: Scenario.start).map(\.until) == [nil])
            // One that ended by itself is in nobody's way.
            try await scenario.pause(.source("s"), until: Scenario.at(1))
            try await scenario.pause(.source("s"), at: Scenario.at(2), until: Scenario.at(3), mayShorten: false)
            #expect(try await scenario.store.pauses(at: Scenario.at(2)).count == 2)
        },
        StoreConformance("a resume lifts exactly its scope, says what waits, and makes that due") { scenario in
            var run = try await scenario.readyRun("1", lane: 7)
            try await scenario.pause(.all)
            let kept = try await scenario.pause(.rule("other"))
            run.state = .held
            run.reason = .paused
            run.dueAt = Scenario.at(5_000)
            try await scenario.step(run, releasesLease: true)
            #expect(try await scenario.resume(.source("x"), at: Scenario.at(1)).lifted == nil)
            let outcome = try await scenario.resume(.all, at: Scenario.at(2))
            #expect(outcome.lifted?.scope == .all && outcome.remaining == [kept])
            #expect(outcome.waiting.map(\.run.id) == [run.id] && outcome.waiting.allSatisfy { !$0.owesStart })
            #expect(try await scenario.claim(at: Scenario.at(2)).map(\.run.id) == [run.id])
            let audit = try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 10)
            #expect(audit.map(\.reason) == [.paused, .paused, .resumed, .resumed])
            #expect(audit.allSatisfy { $0.actor == "operator" && $0.kind == .command })
        },
        StoreConformance("a run that meets a pause just when it is lifted is not forgotten") { scenario in
            var run = try await scenario.readyRun("1", lane: 7)
            try await scenario.pause(.all)
            #expect(storeRefusal(try await scenario.act(run))?.reason == .paused)
            _ = try await scenario.resume(.all, at: Scenario.at(10))
            run.state = .held
            run.reason = .paused
            run.dueAt = Scenario.at(5_000)
            try await scenario.step(run, at: Scenario.at(11), releasesLease: true)
            #expect(try await scenario.claim(at: Scenario.at(11)).map(\.run.id) == [run.id])
        },
        StoreConformance("a start that is owed keeps its back-off, and does not wait for a clock that was set back") { scenario in
            var owed = try await scenario.owedStart("owed", lane: 1)
            owed.dueAt = Scenario.at(300)
            try await scenario.step(owed, releasesLease: true)
            for (seconds, isDue) in [(0, false), (-1_000, true)] as [(Int64, Bool)] {
                _ = try await scenario.store.rescue(now: Scenario.at(seconds), everything: false)
                let claimed = try await scenario.claim(at: Scenario.at(seconds)).map(\.run.id)
                #expect(claimed == (isDue ? [owed.id] : []))
            }
        },
        StoreConformance("a start that is owed is claimed alone, and nothing else leaves before it") { scenario in
            var owed = try await scenario.owedStart("owed", lane: 1)
            try await scenario.pause(.all)
            owed.reason = .paused
            owed.dueAt = Scenario.at(5_000)
            try await scenario.step(owed, releasesLease: true)
            let busy = try await scenario.readyRun("busy", lane: 3)
            let other = try await scenario.makeRun("other", isUrgent: true)
            let outcome = try await scenario.resume(.all, at: Scenario.at(10))
            #expect(outcome.waiting.map(\.owesStart) == [true])
            let refusal = storeRefusal(try await scenario.act(busy, at: Scenario.at(10)))
            #expect(refusal?.reason == .resumed && refusal?.until == Scenario.at(11))
            let claimed = try await scenario.claim(at: Scenario.at(10))
            #expect(claimed.map(\.run.id) == [owed.id])
            var next = try #require(claimed.first?.run)
            next.state = .running
            let start = NewIntent(
                rung: 0, step: 1, operation: .start, server: ServerID(rawValue: 1), preStatus: .stopped, preUpdatedAt: nil,
                isPowerCycle: true)
            try await scenario.step(next, at: Scenario.at(10), intent: .open(start, guards: nil))
            #expect(storeRefusal(try await scenario.act(busy, at: Scenario.at(10))) == nil)
            #expect(try await scenario.claim(at: Scenario.at(10)).map(\.run.id) == [other.id])
        },
    ]
}

extension StoreScenario {
    @discardableResult
    func pause(
        _ scope: PauseScope, at: Timestamp = start, until: Timestamp? = nil, mayShorten: Bool = true
    ) async throws -> Pause {
        try await store.pause(
            NewPause(scope: scope, reason: "why", actor: "operator", at: at, until: until, mayShorten: mayShorten))
    }

    func resume(_ scope: PauseScope, at: Timestamp = start) async throws -> ResumeOutcome {
        try await store.resume(PauseEnd(scope: scope, actor: "operator", at: at))
    }

    /// A run whose stop of a power cycle was applied, in the hands of a worker.
    func owedStart(_ fingerprint: String, lane: Int64) async throws -> Run {
        var run = try await readyRun(fingerprint, lane: lane)
        run.state = .running
        let stop = NewIntent(
            rung: 0, step: 0, operation: .stop, server: ServerID(rawValue: lane), preStatus: .active, preUpdatedAt: nil,
            isPowerCycle: true)
        let intent = try #require(
            try await step(run, intent: .open(stop, guards: Guards(limits: Self.loose, fleetSize: 100, checksCooldown: false))))
        run.state = .verifying
        try await step(run, intent: .close(intent.id, .applied))
        return run
    }
}
