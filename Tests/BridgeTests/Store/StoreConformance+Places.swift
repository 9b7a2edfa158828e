import Model
import Store
import Testing

/// Which runs count for `max_concurrent`, and what binds requests that follow others of their run.
extension StoreConformance {
    private typealias Scenario = StoreScenario

    private static func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Scenario.loose
        change(&limits)
        return limits
    }

    private static let one = limits { $0.maxConcurrent = 1 }

    /// Why a run stands aside in `verifying`.
    private static let aside: [Reason] = [
        .paused, .personAtWork, .storm, .blind, .maxUnhealthy, .flapping, .bootGrace, .maintenance, .silenced, .staleEvidence,
        .fleetBudgetSpent, .maxConcurrent,
    ]

    static let places = [
        StoreConformance("a run whose next rung is stopped leaves its place to others, one that is at work does not") {
            scenario in
            let present: [Reason?] = [nil, .applied, .notSent, .apiUnavailable, .resumed, .waiting]
            for (index, reason) in (aside.map { $0 as Reason? } + present).enumerated() {
                let lane = Int64(index * 2 + 1)
                let watching = try await scenario.watching("watching-\(index)", lane: lane, for: reason)
                let other = try await scenario.readyRun("other-\(index)", lane: lane + 1)
                let refusal = storeRefusal(try await scenario.act(other, limits: one))
                let isAside = reason.map { aside.contains($0) } ?? false
                #expect((refusal?.reason == .maxConcurrent) == !isAside, "\(reason?.rawValue ?? "no reason")")
                #expect((refusal == nil) == isAside)
                try await scenario.end(watching)
                try await scenario.end(other)
            }
        },
        StoreConformance("what owes a start, and what has a request on its way, keeps its place whatever stops it") { scenario in
            var owed = try await scenario.owedStart("owed", lane: 1)
            owed.reason = .paused
            owed.dueAt = Scenario.at(9_000)
            try await scenario.step(owed, releasesLease: true)
            let other = try await scenario.readyRun("other", lane: 2)
            #expect(storeRefusal(try await scenario.act(other, limits: one))?.reason == .maxConcurrent)
            owed.state = .failed
            try await scenario.step(owed, releasesLease: true)
            var sending = try await scenario.readyRun("sending", lane: 3)
            #expect(storeRefusal(try await scenario.act(sending)) == nil)
            sending.state = .verifying
            sending.reason = .paused
            try await scenario.step(sending)
            #expect(storeRefusal(try await scenario.act(other, limits: one))?.reason == .maxConcurrent)
        },
        StoreConformance("a run that stood aside needs a place to go on, for a later rung and for a request before it") {
            scenario in
            let watching = try await scenario.watching("watching", lane: 1, for: .paused)
            let other = try await scenario.readyRun("other", lane: 2)
            #expect(storeRefusal(try await scenario.act(other, limits: one)) == nil)
            #expect(storeRefusal(try await scenario.act(watching, limits: one, rung: 1))?.reason == .maxConcurrent)
            #expect(storeRefusal(try await scenario.follow(watching, limits: one))?.reason == .maxConcurrent)
            var decided = watching
            decided.progress.ending = RunProgress.Ending(state: .failed, reason: .ineffective, detail: "it did not help")
            #expect(storeRefusal(try await scenario.follow(decided, limits: one)) == nil, "it only tells of what was decided")
        },
        StoreConformance(
            "the place of a run that stands aside wakes those that wait, and so does the end of the one that took it"
        ) {
            scenario in
            let watching = try await scenario.watching("watching", lane: 1, for: .applied, dueAt: Scenario.at(9_000))
            var other = try await scenario.readyRun("other", lane: 2)
            #expect(storeRefusal(try await scenario.act(other, limits: one))?.reason == .maxConcurrent)
            other.state = .held
            other.reason = .maxConcurrent
            other.dueAt = Scenario.at(5_000)
            try await scenario.step(other, releasesLease: true)
            var stopped = watching
            stopped.reason = .paused
            try await scenario.step(stopped, at: Scenario.at(10), releasesLease: true)
            let woken = try await scenario.claim(at: Scenario.at(10), lease: .seconds(8_000))
            #expect(woken.map(\.run.id) == [other.id])
            var working = try #require(woken.first?.run)
            #expect(storeRefusal(try await scenario.act(working, at: Scenario.at(10), limits: one)) == nil)
            stopped.reason = .maxConcurrent
            try await scenario.step(stopped, at: Scenario.at(11), releasesLease: true)
            #expect(try await scenario.claim(at: Scenario.at(12)).isEmpty)
            working.state = .failed
            let sent = try #require(try await scenario.store.intents(of: working.id).last)
            try await scenario.step(working, at: Scenario.at(20), intent: .close(sent.id, .applied), releasesLease: true)
            #expect(try await scenario.claim(at: Scenario.at(20)).map(\.run.id) == [watching.id])
        },
    ]

    static let followers = [
        StoreConformance("a request that follows others waits for blindness where it is about a server, and a person's does not")
        {
            scenario in
            let onServer = try await scenario.readyRun("server", lane: 1)
            var onRule = try await scenario.readyRun("rule", lane: 2)
            onRule.lane = .rule("r", key: "k")
            onRule.server = nil
            let watch = FleetWatch(channels: [])
            for seconds in [0, 60] as [Int64] {
                try await scenario.store.observe(.unseen("a fault"), watch: watch, now: Scenario.at(seconds))
            }
            #expect(storeRefusal(try await scenario.follow(onServer, at: 60))?.reason == .blind)
            #expect(storeRefusal(try await scenario.follow(onServer, at: 60, isCommand: true)) == nil)
            #expect(storeRefusal(try await scenario.follow(onRule, at: 60)) == nil)
        },
        StoreConformance("a request that follows others spends nothing, and no cooldown counts it") { scenario in
            let own = limits { $0.cooldown = .seconds(1_800) }
            var first = try await scenario.readyRun("1", lane: 1)
            first.lane = .rule("r", key: "k")
            first.server = nil
            guard case .committed(let intent?) = try await scenario.follow(first, limits: own) else {
                throw StoreScenarioError(what: "refused")
            }
            first.state = .running
            try await scenario.step(first, intent: .close(intent.id, .applied))
            first.state = .held
            first.dueAt = Scenario.at(9_000)
            try await scenario.step(first, releasesLease: true)
            var second = try await scenario.readyRun("2", lane: 1)
            second.lane = .rule("r", key: "k")
            second.server = nil
            var next = second
            next.state = .running
            let guards = Guards(limits: own, fleetSize: 100, checksCooldown: true)
            let result = try await scenario.attempt(
                next, intent: .open(NewIntent(rung: 0, step: 0, kind: .httpRequest), guards: guards))
            #expect(storeRefusal(result) == nil)
        },
        StoreConformance(
            "a group's request about one of its servers waits for that server's run and for the person at work on it"
        ) {
            scenario in
            var working = try await scenario.readyRun("working", lane: 7)
            guard case .committed(let intent?) = try await scenario.act(working) else {
                throw StoreScenarioError(what: "refused")
            }
            for isFollowing in [true, false] {
                for kind in [Intent.Kind.httpRequest, .operation(.delete)] where !isFollowing || kind == .httpRequest {
                    let group = try await scenario.groupRun("busy-\(kind.rawValue)-\(isFollowing)")
                    let refusal = storeRefusal(try await scenario.takeOut(group, server: 7, kind, isFollowing: isFollowing))
                    #expect(refusal?.reason == .laneBusy && refusal?.server == ServerID(rawValue: 7))
                    let other = storeRefusal(try await scenario.takeOut(group, server: 8, kind, isFollowing: isFollowing))
                    #expect(other == nil)
                    try await scenario.end(group)
                }
            }
            working.state = .failed
            try await scenario.step(working, intent: .close(intent.id, .applied), releasesLease: true)
            let group = try await scenario.groupRun("free")
            #expect(storeRefusal(try await scenario.takeOut(group, server: 7, .httpRequest, isFollowing: false)) == nil)
            // And the other way round, until nothing of the group's is on its way to it any more.
            let late = try await scenario.readyRun("late", lane: 7)
            #expect(storeRefusal(try await scenario.act(late))?.reason == .laneBusy)
            let elsewhere = try await scenario.readyRun("elsewhere", lane: 8)
            #expect(storeRefusal(try await scenario.act(elsewhere)) == nil)
            try await scenario.end(group)
            #expect(storeRefusal(try await scenario.act(late)) == nil)
        },
    ]
}

extension StoreScenario {
    /// A run whose request was applied and that watches, for that reason.
    fileprivate func watching(
        _ fingerprint: String, lane: Int64, for reason: Reason?, dueAt: Timestamp = StoreScenario.at(9_000)
    ) async throws -> Run {
        var run = try await readyRun(fingerprint, lane: lane)
        guard case .committed(let intent?) = try await act(run) else { throw StoreScenarioError(what: "refused") }
        run.state = .verifying
        run.reason = reason
        run.dueAt = dueAt
        try await step(run, intent: .close(intent.id, .applied), releasesLease: true)
        return run
    }

    /// A run of a group in a worker's hands.
    fileprivate func groupRun(_ fingerprint: String) async throws -> Run {
        var run = try await readyRun(fingerprint, lane: 1_000)
        run.lane = .group(fingerprint)
        run.server = nil
        return run
    }

    /// Tries to send one more request of a run.
    fileprivate func follow(
        _ run: Run, at seconds: Int64 = 0, limits: Limits = StoreScenario.loose, isCommand: Bool = false
    ) async throws -> TransitionResult {
        var next = run
        next.state = .running
        let guards = Guards(limits: limits, fleetSize: 100, checksCooldown: false, isCommand: isCommand, isFollowing: true)
        return try await attempt(
            next, at: Self.at(seconds), intent: .open(NewIntent(rung: 1, step: 0, kind: .httpRequest), guards: guards))
    }

    /// Tries to drain or to delete a server of a group.
    fileprivate func takeOut(
        _ run: Run, server: Int64, _ kind: Intent.Kind, isFollowing: Bool
    ) async throws -> TransitionResult {
        var next = run
        next.state = .running
        let guards = Guards(limits: Self.loose, fleetSize: 100, checksCooldown: false, isFollowing: isFollowing)
        let intent = NewIntent(rung: 0, step: 0, kind: kind, server: ServerID(rawValue: server))
        return try await attempt(next, intent: .open(intent, guards: guards))
    }

    /// The run ends, whatever it had sent.
    fileprivate func end(_ run: Run) async throws {
        var run = try #require(try await store.run(run.id))
        let open = try await store.intents(of: run.id).last { $0.outcome == nil }
        run.state = .failed
        try await step(run, intent: open.map { IntentChange.close($0.id, .applied) }, releasesLease: true)
    }
}
