import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    private static let watch = FleetWatch(channels: ["ops"])
    private static let calm = FleetWatch(storm: .never, channels: ["ops"])

    private static func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Scenario.loose
        change(&limits)
        return limits
    }

    /// The grace of a boot alone.
    private static let graced = limits { $0.bootGrace = .seconds(600) }

    static let fleet = [
        StoreConformance("a storm begins with the run that makes it one, in the transaction of its intent too") { scenario in
            let first = try await scenario.namedRun("1", lane: 1)
            #expect(storeRefusal(try await scenario.actWatched(first, fleet: 5)) == nil)
            let second = try await scenario.namedRun("2", lane: 2, sight: nil)
            #expect(try await scenario.store.fleetCondition().states.isEmpty)
            let refusal = try #require(storeRefusal(try await scenario.actWatched(second, fleet: 5)))
            #expect(refusal.reason == .storm && refusal.until == Scenario.at(600))
            #expect(try await scenario.store.intents(of: second.id).isEmpty)
            let storm = try #require(try await scenario.store.fleetCondition().states.first)
            #expect(storm.kind == .storm && storm.since == Scenario.start)
            #expect(try await scenario.texts("Storm").count == 1)
            #expect(storeRefusal(try await scenario.actWatched(second, fleet: 5))?.reason == .storm)
            #expect(try await scenario.texts("Storm").count == 1, "told once")
        },
        StoreConformance("finished runs count for as long as their problem is open, and a server once") { scenario in
            for (index, lane) in [1, 1, 2].enumerated() {
                var run = try await scenario.namedRun("\(index)", rule: "rule-\(index)", lane: lane)
                run.state = .failed
                try await scenario.step(run, releasesLease: true)
            }
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 2)
            try await scenario.dispatch(
                scenario.deliver(), [.close(Scenario.key("2"), at: Scenario.at(5), ending: .resolved)], now: Scenario.at(5))
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 1)
            _ = try await scenario.store.closeStaleEpisodes(before: Scenario.at(100), now: Scenario.at(100))
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 0)
        },
        StoreConformance("a server that is gone or deleted has no problem any more") { scenario in
            var gone = try await scenario.namedRun("1", lane: 1)
            gone.state = .failed
            gone.reason = .serverGone
            try await scenario.step(gone, releasesLease: true)
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 0)
            let kept = try await scenario.namedRun("2", lane: 2)
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 1)
            _ = try await scenario.store.commit(
                RunTransition(
                    now: Scenario.start, run: kept, ownership: .deleted(ServerID(rawValue: 2)), releasesLease: false))
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 0)
        },
        StoreConformance("a run whose name comes to mean another server counts for that one alone") { scenario in
            var run = try await scenario.namedRun("1", lane: 1)
            run.server = ServerID(rawValue: 2)
            run.lane = .server(ServerID(rawValue: 2))
            try await scenario.step(run)
            #expect(try await scenario.store.fleetCondition().serversWithProblems == 1)
        },
        StoreConformance("a storm ends with the claim at its due time, not before, and wakes what it held") { scenario in
            let runs = try await scenario.storm()
            #expect(try await scenario.store.nextDue() == Scenario.at(600))
            try await scenario.dispatch(
                scenario.deliver(), [.close(Scenario.key("1"), at: Scenario.at(60), ending: .resolved)], now: Scenario.at(60))
            _ = try await scenario.claimWatched(at: 659)
            #expect(try await scenario.store.fleetCondition().states.map(\.kind) == [.storm])
            #expect(try await scenario.store.nextDue() == Scenario.at(660), "quiet since the first was over")
            let due = try await scenario.claimWatched(at: 660).map(\.run.id)
            #expect(due.contains(runs[1].id))
            #expect(try await scenario.store.fleetCondition().states.isEmpty)
            #expect(try await scenario.texts("The storm is over").first?.contains("Still down (1): web-2 (2).") == true)
        },
        StoreConformance("a storm that is still one at its due time goes on, and a clock that is set back does not lengthen it") {
            scenario in
            _ = try await scenario.storm()
            _ = try await scenario.claimWatched(at: 600)
            #expect(try await scenario.store.fleetCondition().states.first?.dueAt == Scenario.at(1_200))
            _ = try await scenario.claimWatched(at: -5_000)
            #expect(try await scenario.store.fleetCondition().states.first?.dueAt == Scenario.at(-4_400))
        },
        StoreConformance("people are refused by no storm, no blindness and nothing else that is about the fleet or the past") {
            scenario in
            _ = try await scenario.storm()
            try await scenario.blind()
            var bounds = Scenario.loose
            bounds.maxUnhealthy = [.count(1)]
            let run = try await scenario.namedRun("command", lane: 3)
            #expect(storeRefusal(try await scenario.actWatched(run, fleet: 5, limits: bounds, isCommand: true)) == nil)
        },
        StoreConformance("groups are refused in a storm; requests of rules are in a storm, and not when blind") { scenario in
            let group = try await scenario.namedRun("g", on: .group("web"))
            let other = try await scenario.namedRun("r", on: .rule("r", key: "k"))
            try await scenario.blind()
            #expect(storeRefusal(try await scenario.actWatched(group, fleet: 5))?.reason == .blind)
            #expect(storeRefusal(try await scenario.actWatched(other, fleet: 0)) == nil)
            let another = try await scenario.namedRun("s", on: .rule("r", key: "l"))
            _ = try await scenario.storm()
            #expect(storeRefusal(try await scenario.actWatched(group, fleet: 5))?.reason == .storm)
            #expect(storeRefusal(try await scenario.actWatched(another, fleet: 0))?.reason == .storm)
        },
        StoreConformance("blindness begins a minute after the first list that could not be had, and ends with the first good one")
        { scenario in
            let run = try await scenario.namedRun("1", lane: 1, sight: 50)
            try await scenario.look(at: 0, nil)
            #expect(try await scenario.store.nextDue() == Scenario.at(60))
            try await scenario.look(at: 59, nil)
            #expect(try await scenario.store.fleetCondition().states.isEmpty)
            #expect(storeRefusal(try await scenario.actWatched(run, fleet: 50)) == nil)
            try await scenario.look(at: 60, nil)
            #expect(try await scenario.store.fleetCondition().states.map(\.kind) == [.blind])
            try await scenario.look(at: 200, nil)
            #expect(try await scenario.texts("Blind:").count == 1)
            var waiting = try await scenario.namedRun("2", lane: 2, at: 205, sight: nil)
            let refusal = try #require(storeRefusal(try await scenario.actWatched(waiting, at: 205, fleet: 50)))
            #expect(refusal.reason == .blind && refusal.until == nil)
            waiting.state = .held
            waiting.reason = .blind
            waiting.dueAt = Scenario.at(90_000)
            try await scenario.step(waiting, releasesLease: true)
            // A list from before the last one that failed shows nothing.
            try await scenario.look(at: 210, 50, listed: 190)
            #expect(try await scenario.store.fleetCondition().states.map(\.kind) == [.blind])
            try await scenario.look(at: 220, 50)
            #expect(try await scenario.store.fleetCondition().states.isEmpty)
            #expect(try await scenario.texts("seen again").count == 1)
            #expect(try await scenario.claimWatched(at: 220).map(\.run.id).contains(waiting.id))
        },
        StoreConformance("max_unhealthy: no more servers than that may have a problem; the end of one wakes what waited") {
            scenario in
            for (bound, fleet, isRefused) in [
                (MaxUnhealthy.count(1), 50, true), (.count(2), 50, false), (.percent(1), 50, true), (.percent(4), 50, false),
                (.percent(3), 99, false), (.percent(100), 2, false), (.count(0), 1, true),
            ] {
                for number in 1...2 {
                    let run = try await scenario.namedRun("\(bound)\(number)", lane: number, watch: calm)
                    guard number == 2 else { continue }
                    let refusal = storeRefusal(
                        try await scenario.actWatched(
                            run, fleet: fleet, limits: limits { $0.maxUnhealthy = [bound] }, watch: calm))
                    #expect((refusal?.reason == .maxUnhealthy) == isRefused, "\(bound) of \(fleet)")
                    #expect(refusal?.until == nil)
                    guard isRefused else {
                        try await scenario.end(run)
                        continue
                    }
                    var waiting = run
                    waiting.state = .held
                    waiting.reason = .maxUnhealthy
                    waiting.dueAt = Scenario.at(90_000)
                    try await scenario.step(waiting, releasesLease: true)
                    try await scenario.close("\(bound)1", at: 5)
                    #expect(try await scenario.claimWatched(at: 5).map(\.run.id).contains(run.id))
                }
                try await scenario.close("\(bound)1", at: 6)
                try await scenario.close("\(bound)2", at: 6)
            }
        },
        StoreConformance("flapping: the sixth beginning within an hour holds the server, one message a spell, until it is below")
        { scenario in
            let bounds = limits { $0.maxUnhealthy = [] }
            var last: Run?
            for number in 0..<6 {
                let run = try await scenario.namedRun("flaps", lane: 1, at: Int64(number) * 300, watch: calm)
                if number < 5 {
                    try await scenario.close("flaps", at: Int64(number) * 300 + 60)
                    try await scenario.cancel(run)
                }
                last = run
            }
            let run = try #require(last)
            let refusal = try #require(
                storeRefusal(try await scenario.actWatched(run, at: 1_500, fleet: 50, limits: bounds, watch: calm)))
            #expect(refusal.reason == .flapping && refusal.until == Scenario.at(3_600))
            _ = try await scenario.actWatched(run, at: 1_600, fleet: 50, limits: bounds, watch: calm)
            #expect(try await scenario.texts("flaps").count == 1)
            // Another problem of the same server waits as well; other servers do not, and people do not.
            let other = try await scenario.namedRun("other", lane: 1, at: 1_700, watch: calm)
            #expect(
                storeRefusal(try await scenario.actWatched(other, at: 1_700, fleet: 50, watch: calm))?.reason == .flapping)
            let elsewhere = try await scenario.namedRun("elsewhere", lane: 2, at: 1_700, watch: calm)
            #expect(storeRefusal(try await scenario.actWatched(elsewhere, at: 1_700, fleet: 50, watch: calm)) == nil)
            #expect(
                storeRefusal(try await scenario.actWatched(run, at: 3_600, fleet: 50, limits: bounds, watch: calm)) == nil,
                "five are left in the hour")
        },
        StoreConformance("many problems of one server that begin once are no flapping") { scenario in
            var last: Run?
            for number in 0..<8 { last = try await scenario.namedRun("p\(number)", lane: 1, watch: calm) }
            let run = try #require(last)
            #expect(storeRefusal(try await scenario.actWatched(run, fleet: 50, watch: calm)) == nil)
        },
        StoreConformance("boot grace: after our own boot or create of a server another run on it waits") { scenario in
            var run = try await scenario.namedRun("1", lane: 1, watch: calm)
            guard case .committed(let intent?) = try await scenario.actWatched(run, fleet: 50, watch: calm) else {
                throw StoreScenarioError(what: "refused")
            }
            run.state = .succeeded
            try await scenario.step(run, at: Scenario.at(10), intent: .close(intent.id, .applied), releasesLease: true)
            let next = try await scenario.namedRun("2", lane: 1, at: 20, watch: calm)
            let refusal = try #require(
                storeRefusal(
                    try await scenario.actWatched(next, at: 20, fleet: 50, limits: graced, checksCooldown: false, watch: calm)))
            #expect(refusal.reason == .bootGrace && refusal.until == Scenario.at(600))
            #expect(
                storeRefusal(
                    try await scenario.actWatched(next, at: 600, fleet: 50, limits: graced, checksCooldown: false, watch: calm))
                    == nil)
            let created = try await scenario.namedRun("3", lane: 3, at: 700, watch: calm)
            let owned = CreatedServer(
                id: ServerID(rawValue: 3), name: "web-3", lane: .group("web"), run: created.id, createdAt: Scenario.at(650))
            _ = try await scenario.store.commit(
                RunTransition(now: Scenario.at(700), run: created, ownership: .created(owned), releasesLease: false))
            #expect(
                storeRefusal(try await scenario.actWatched(created, at: 700, fleet: 50, limits: graced, watch: calm))?.until
                    == Scenario.at(1_250))
        },
        StoreConformance("a boot that certainly did not take place gives no grace") { scenario in
            var run = try await scenario.namedRun("1", lane: 1, watch: calm)
            guard case .committed(let intent?) = try await scenario.actWatched(run, fleet: 50, watch: calm) else {
                throw StoreScenarioError(what: "refused")
            }
            run.state = .failed
            try await scenario.step(run, intent: .close(intent.id, .refused), releasesLease: true)
            let next = try await scenario.namedRun("2", lane: 1, at: 20, watch: calm)
            #expect(
                storeRefusal(
                    try await scenario.actWatched(next, at: 20, fleet: 50, limits: graced, checksCooldown: false, watch: calm))
                    == nil)
        },
        StoreConformance("two ineffective runs in a row demote a rule, with one message; a person promotes it") { scenario in
            for (number, isEffective, isDemoted) in [
                (1, false, false), (2, true, false), (3, false, false), (4, false, true), (5, false, true),
            ] {
                let made = try await scenario.makeRun("\(number)")
                let claimed = try #require(try await scenario.claim().first { $0.run.id == made.id })
                #expect(claimed.isDemoted == (number == 5))
                try await scenario.finish(claimed.run, isEffective: isEffective)
                #expect(try await scenario.store.demotedRules().keys.contains("host-down") == isDemoted, "\(number)")
            }
            #expect(try await scenario.texts("asks before it acts").count == 1)
            #expect(try await scenario.store.promote(rule: "host-down", actor: "operator", now: Scenario.at(9)))
            #expect(try await !scenario.store.promote(rule: "host-down", actor: "operator", now: Scenario.at(9)))
            #expect(try await scenario.store.demotedRules().isEmpty)
            let reasons = try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 100).compactMap(\.reason)
            #expect(reasons.filter { $0 == .demoted }.count == 1 && reasons.filter { $0 == .promoted }.count == 1)
            // Counting begins anew.
            let made = try await scenario.makeRun("6")
            try await scenario.finish(made, isEffective: false)
            #expect(try await scenario.store.demotedRules().isEmpty)
        },
        StoreConformance("what is held is counted by its reason") { scenario in
            for (number, reason) in [Reason.storm, .storm, .cooldown].enumerated() {
                var run = try await scenario.namedRun("\(number)", lane: number + 1, watch: calm)
                run.state = .held
                run.reason = reason
                try await scenario.step(run, releasesLease: true)
            }
            #expect(try await scenario.store.fleetCondition().held == [.storm: 2, .cooldown: 1])
        },
    ]
}

extension StoreScenario {
    fileprivate func namedRun(
        _ fingerprint: String, rule: String = "host-down", lane server: Int, at seconds: Int64 = 0, sight: Int? = 5,
        watch: FleetWatch = FleetWatch(channels: ["ops"])
    ) async throws -> Run {
        try await namedRun(
            fingerprint, rule: rule, on: .server(ServerID(rawValue: Int64(server))), server: server, at: seconds, sight: sight,
            watch: watch)
    }

    /// A run in a worker's hands whose lane was written after a look at the fleet.
    fileprivate func namedRun(
        _ fingerprint: String, rule: String = "host-down", on lane: Lane, server: Int? = nil, at seconds: Int64 = 0,
        sight: Int? = nil, watch: FleetWatch = FleetWatch(channels: ["ops"])
    ) async throws -> Run {
        let now = Self.at(seconds)
        let made = try await makeRun(fingerprint, rule: rule, at: now)
        var run = try #require(try await claim(at: now).first { $0.run.id == made.id }?.run)
        run.state = .ready
        run.lane = lane
        run.server = server.map { ServerID(rawValue: Int64($0)) }
        run.serverName = server.map { "web-\($0)" }
        let seen = sight.map { FleetSight.seen(size: $0, at: now) }
        var step = RunTransition(now: now, run: run, releasesLease: false)
        step.sight = seen
        step.watch = watch
        guard case .committed = try await store.commit(step) else { throw StoreScenarioError(what: "not committed") }
        return run
    }

    fileprivate func actWatched(
        _ run: Run, at seconds: Int64 = 0, fleet: Int, limits: Limits = StoreScenario.loose, checksCooldown: Bool = true,
        isCommand: Bool = false, watch: FleetWatch = FleetWatch(channels: ["ops"])
    ) async throws -> TransitionResult {
        var next = run
        next.state = .running
        let guards = Guards(limits: limits, fleetSize: fleet, checksCooldown: checksCooldown, isCommand: isCommand)
        var step = RunTransition(
            now: Self.at(seconds), run: next, intent: .open(StoreScenario.intent(run), guards: guards), releasesLease: false)
        step.watch = watch
        return try await store.commit(step)
    }

    /// Two of five servers have a problem; both runs are held.
    fileprivate func storm() async throws -> [Run] {
        var runs: [Run] = []
        for number in 1...2 {
            var run = try await namedRun("\(number)", lane: number)
            run.state = .held
            run.reason = .storm
            run.dueAt = Self.at(90_000)
            try await step(run, releasesLease: true)
            runs.append(run)
        }
        return runs
    }

    fileprivate func blind() async throws {
        try await look(at: -100, nil)
        try await look(at: 0, nil)
    }

    fileprivate func look(at seconds: Int64, _ size: Int?, listed: Int64? = nil) async throws {
        let sight = size.map { FleetSight.seen(size: $0, at: Self.at(listed ?? seconds)) } ?? .unseen("a fault")
        try await store.observe(sight, watch: FleetWatch(channels: ["ops"]), now: Self.at(seconds))
    }

    fileprivate func claimWatched(at seconds: Int64) async throws -> [ClaimedRun] {
        let now = Self.at(seconds)
        return try await store.claimRuns(
            ClaimRequest(now: now, leaseUntil: now + .seconds(30), limit: 100, channels: ["ops"]))
    }

    fileprivate func texts(_ words: String) async throws -> [String] {
        try await store.claimMessages(now: Self.at(100_000), hiddenUntil: Self.at(100_000), limit: 1_000).map(\.text).filter {
            $0.contains(words)
        }
    }

    fileprivate func close(_ fingerprint: String, at seconds: Int64) async throws {
        let now = Self.at(seconds)
        try await dispatch(deliver(at: now), [.close(Self.key(fingerprint), at: now, ending: .resolved)], now: now)
    }

    fileprivate func cancel(_ run: Run) async throws {
        var run = run
        run.state = .cancelled
        run.reason = .resolved
        try await step(run, releasesLease: true)
    }

    /// A run that is at work ends.
    fileprivate func end(_ run: Run) async throws {
        let intent = try #require(try await store.intents(of: run.id).last)
        var run = run
        run.state = .failed
        try await step(run, intent: .close(intent.id, .notExecuted), releasesLease: true)
    }

    fileprivate func finish(_ run: Run, isEffective: Bool) async throws {
        var run = run
        run.state = isEffective ? .succeeded : .failed
        run.reason = isEffective ? .effective : .ineffective
        run.epoch = try #require(try await store.run(run.id)).epoch
        var step = RunTransition(now: Self.start, run: run, releasesLease: true)
        step.verdict = RuleVerdict(isEffective: isEffective, channels: ["ops"])
        _ = try await store.commit(step)
    }
}
