import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    private static func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Scenario.loose
        change(&limits)
        return limits
    }

    static let lanes = [
        StoreConformance("one run at a time works on a lane") { scenario in
            var first = try await scenario.readyRun("1", lane: 7)
            let second = try await scenario.readyRun("2", lane: 7)
            let elsewhere = try await scenario.readyRun("3", lane: 8)
            guard case .committed(let intent?) = try await scenario.act(first) else { throw StoreScenarioError(what: "refused") }
            let refusal = try #require(storeRefusal(try await scenario.act(second)))
            #expect(refusal.reason == .laneBusy && refusal.until == nil && refusal.detail.contains("\(first.id)"))
            #expect(try await scenario.store.run(second.id)?.state == .ready)
            #expect(try await scenario.store.intents(of: second.id).isEmpty)
            #expect(storeRefusal(try await scenario.act(elsewhere)) == nil)
            // It keeps the lane while it is verified, parked or unknown.
            for (index, state) in [RunState.unknown, .verifying, .parked].enumerated() {
                first.state = state
                try await scenario.step(first, intent: index == 0 ? .close(intent.id, .applied) : nil)
                #expect(storeRefusal(try await scenario.act(second))?.reason == .laneBusy)
            }
            first.state = .succeeded
            try await scenario.step(first)
            #expect(storeRefusal(try await scenario.act(second)) == nil)
        },
        StoreConformance("a lane is refused without guards too") { scenario in
            _ = try await scenario.act(scenario.readyRun("1", lane: 7))
            var second = try await scenario.readyRun("2", lane: 7)
            second.state = .held
            try await scenario.step(second)
            second.state = .verifying
            #expect(storeRefusal(try await scenario.attempt(second, audit: [Scenario.entry("x")]))?.reason == .laneBusy)
            second.state = .ready
            try await scenario.step(second)
            second.state = .running
            let unguarded = IntentChange.open(Scenario.intent(second), guards: nil)
            #expect(storeRefusal(try await scenario.attempt(second, intent: unguarded))?.reason == .laneBusy)
            #expect(try await scenario.store.intents(of: second.id).isEmpty)
            #expect(try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 10).isEmpty)
        },
        StoreConformance("of many that want a lane at once, one gets it") { scenario in
            var runs: [Run] = []
            for index in 0..<16 { runs.append(try await scenario.readyRun("\(index)", lane: 7)) }
            let results = try await withThrowingTaskGroup(of: Reason?.self) { group in
                for run in runs { group.addTask { storeRefusal(try await scenario.act(run))?.reason } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0 == nil } == 1 && results.count { $0 == .laneBusy } == 15)
        },
        StoreConformance("the end of a run makes those due that waited for its lane or for their turn") { scenario in
            for reason in [Reason.laneBusy, .maxConcurrent, .cooldown] {
                var working = try await scenario.readyRun("works-\(reason)", lane: 7)
                #expect(storeRefusal(try await scenario.act(working, checksCooldown: false)) == nil)
                var waiting = try await scenario.readyRun("waits-\(reason)", lane: 7)
                waiting.state = .held
                waiting.reason = reason
                waiting.dueAt = Scenario.at(5_000)
                try await scenario.step(waiting, releasesLease: true)
                working.state = .failed
                try await scenario.step(working, at: Scenario.at(10))
                let due = try await scenario.claim(at: Scenario.at(10), lease: .seconds(9_000)).map(\.run.id)
                #expect(due == (reason == .cooldown ? [] : [waiting.id]))
                if reason == .cooldown { break }
                var woken = try #require(try await scenario.store.run(waiting.id))
                woken.state = .cancelled
                try await scenario.step(woken)
            }
        },
        StoreConformance("a run that is being held just when the lane comes free is not forgotten") { scenario in
            var working = try await scenario.readyRun("works", lane: 7)
            _ = try await scenario.act(working)
            var waiting = try await scenario.readyRun("waits", lane: 7)
            #expect(storeRefusal(try await scenario.act(waiting))?.reason == .laneBusy)
            working.state = .failed
            try await scenario.step(working, at: Scenario.at(10))
            waiting.state = .held
            waiting.reason = .laneBusy
            waiting.dueAt = Scenario.at(5_000)
            try await scenario.step(waiting, at: Scenario.at(11), releasesLease: true)
            #expect(try await scenario.claim(at: Scenario.at(11)).map(\.run.id) == [waiting.id])
        },
    ]

    static let guards = [
        StoreConformance("max_concurrent bounds how many servers are worked on") { scenario in
            let tight = limits { $0.maxConcurrent = nil }
            var first = try await scenario.readyRun("1", lane: 1)
            let second = try await scenario.readyRun("2", lane: 2)
            #expect(storeRefusal(try await scenario.act(first, limits: tight, fleet: 19)) == nil)
            let refusal = try #require(storeRefusal(try await scenario.act(second, limits: tight, fleet: 19)))
            #expect(refusal.reason == .maxConcurrent && refusal.until == nil)
            // Two from twenty servers on.
            #expect(storeRefusal(try await scenario.act(second, limits: tight, fleet: 20)) == nil)
            let third = try await scenario.readyRun("3", lane: 3)
            #expect(storeRefusal(try await scenario.act(third, limits: tight, fleet: 20))?.reason == .maxConcurrent)
            // A parked run waits for a person and takes nobody's turn.
            first.state = .parked
            try await scenario.step(first)
            #expect(storeRefusal(try await scenario.act(third, limits: tight, fleet: 20)) == nil)
        },
        StoreConformance("the cooldown counts from the end of the last run on the lane") { scenario in
            let tight = limits { $0.cooldown = .seconds(1_800) }
            try await scenario.completeRun("1", lane: 7, at: Scenario.at(0), end: Scenario.at(100))
            let run = try await scenario.readyRun("2", lane: 7, at: Scenario.at(200))
            let elsewhere = try await scenario.readyRun("3", lane: 8, at: Scenario.at(200))
            let refusal = try #require(storeRefusal(try await scenario.act(run, at: Scenario.at(200), limits: tight)))
            #expect(refusal.reason == .cooldown && refusal.until == Scenario.at(1_900))
            #expect(storeRefusal(try await scenario.act(elsewhere, at: Scenario.at(200), limits: tight)) == nil)
            let early = Scenario.at(1_900) - .microseconds(1)
            #expect(storeRefusal(try await scenario.act(run, at: early, limits: tight))?.until == Scenario.at(1_900))
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(1_900), limits: tight)) == nil)
        },
        StoreConformance("the cooldown counts from a request of a run that has not ended") { scenario in
            let tight = limits { $0.cooldown = .seconds(1_800) }
            var first = try await scenario.readyRun("1", lane: 7)
            guard case .committed(let intent?) = try await scenario.act(first) else { throw StoreScenarioError(what: "refused") }
            first.state = .held
            first.dueAt = Scenario.at(9_000)
            try await scenario.step(first, at: Scenario.at(5), intent: .close(intent.id, .applied), releasesLease: true)
            let second = try await scenario.readyRun("2", lane: 7, at: Scenario.at(10))
            #expect(storeRefusal(try await scenario.act(second, at: Scenario.at(10), limits: tight))?.until == Scenario.at(1_800))
            // Not for the run's own next rung, and not where a person asked.
            first.epoch = try #require(try await scenario.store.run(first.id)?.epoch)
            first.state = .ready
            try await scenario.step(first, at: Scenario.at(10))
            #expect(storeRefusal(try await scenario.act(first, at: Scenario.at(10), limits: tight, rung: 1)) == nil)
            first.state = .failed
            try await scenario.step(first, at: Scenario.at(11))
            let asked = try await scenario.act(second, at: Scenario.at(12), limits: tight, checksCooldown: false)
            #expect(storeRefusal(asked) == nil)
        },
        StoreConformance("what was not executed counts for neither cooldown nor budget") { scenario in
            let tight = limits {
                $0.cooldown = .seconds(1_800)
                $0.budgets = [Budget(max: 1, per: .seconds(3_600))]
            }
            try await scenario.completeRun("1", lane: 7, at: Scenario.at(0), outcome: .notExecuted)
            let run = try await scenario.readyRun("2", lane: 7, at: Scenario.at(10))
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(10), limits: tight)) == nil)
        },
        StoreConformance("refused, assumed and open requests count") { scenario in
            let tight = limits { $0.fleetBudgets = [Budget(max: 3, per: .seconds(3_600))] }
            try await scenario.completeRun("1", lane: 1, at: Scenario.at(0), outcome: .refused)
            try await scenario.completeRun("2", lane: 2, at: Scenario.at(1), outcome: .assumedSent)
            _ = try await scenario.act(scenario.readyRun("3", lane: 3, at: Scenario.at(2)), at: Scenario.at(2))
            let run = try await scenario.readyRun("4", lane: 4, at: Scenario.at(3))
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(3), limits: tight))?.until == Scenario.at(3_600))
        },
        StoreConformance("a lane's budget lifts when its oldest unit leaves the window") { scenario in
            let tight = limits { $0.budgets = [Budget(max: 3, per: .seconds(86_400))] }
            for index in 0..<4 { try await scenario.completeRun("a\(index)", lane: 7, at: Scenario.at(Int64(index) * 100)) }
            let run = try await scenario.readyRun("b", lane: 7, at: Scenario.at(500))
            // Four are in the window: the second must leave it too.
            let refusal = try #require(storeRefusal(try await scenario.act(run, at: Scenario.at(500), limits: tight)))
            #expect(refusal.reason == .budgetSpent && refusal.until == Scenario.at(86_500))
            #expect(refusal.detail.contains("4 of 3") && refusal.detail.contains("1d"))
            let early = Scenario.at(86_500) - .microseconds(1)
            #expect(storeRefusal(try await scenario.act(run, at: early, limits: tight))?.reason == .budgetSpent)
            #expect(try await scenario.store.intents(of: run.id).isEmpty)
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(86_500), limits: tight)) == nil)
            let elsewhere = try await scenario.readyRun("c", lane: 8, at: Scenario.at(500))
            #expect(storeRefusal(try await scenario.act(elsewhere, at: Scenario.at(500), limits: tight)) == nil)
        },
        StoreConformance("of several spent budgets the one that lifts last is named") { scenario in
            let tight = limits {
                $0.budgets = [
                    Budget(max: 1, per: .seconds(60)), Budget(max: 2, per: .seconds(3_600)),
                    Budget(max: 9, per: .seconds(86_400)),
                ]
            }
            for index in 0..<2 { try await scenario.completeRun("\(index)", lane: 7, at: Scenario.at(Int64(index))) }
            let run = try await scenario.readyRun("x", lane: 7, at: Scenario.at(2))
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(2), limits: tight))?.until == Scenario.at(3_600))
            let never = limits { $0.budgets = [Budget(max: 0, per: .seconds(60)), Budget(max: 2, per: .seconds(3_600))] }
            let refusal = try #require(storeRefusal(try await scenario.act(run, at: Scenario.at(2), limits: never)))
            #expect(refusal.reason == .budgetSpent && refusal.until == nil)
        },
        StoreConformance("the fleet's budget counts every lane") { scenario in
            let tight = limits { $0.fleetBudgets = [Budget(max: 2, per: .seconds(3_600))] }
            for index in 1...2 { try await scenario.completeRun("\(index)", lane: Int64(index), at: Scenario.at(Int64(index))) }
            let run = try await scenario.readyRun("x", lane: 9, at: Scenario.at(5))
            let refusal = try #require(storeRefusal(try await scenario.act(run, at: Scenario.at(5), limits: tight)))
            #expect(refusal.reason == .fleetBudgetSpent && refusal.until == Scenario.at(3_601))
            #expect(storeRefusal(try await scenario.act(run, at: Scenario.at(3_601), limits: tight)) == nil)
        },
        StoreConformance("a rung spends one unit, however many steps it has") { scenario in
            let tight = limits { $0.budgets = [Budget(max: 2, per: .seconds(3_600))] }
            var run = try await scenario.readyRun("1", lane: 7)
            guard case .committed(let stop?) = try await scenario.act(run) else { throw StoreScenarioError(what: "refused") }
            run.state = .verifying
            try await scenario.step(run, intent: .close(stop.id, .applied))
            run.state = .running
            let start = try #require(
                try await scenario.step(run, at: Scenario.at(1), intent: .open(Scenario.intent(run, step: 1), guards: nil)))
            run.state = .succeeded
            try await scenario.step(run, at: Scenario.at(2), intent: .close(start.id, .applied))
            let second = try await scenario.readyRun("2", lane: 7, at: Scenario.at(3))
            #expect(storeRefusal(try await scenario.act(second, at: Scenario.at(3), limits: tight)) == nil)
        },
        StoreConformance("guards are looked at in their order") { scenario in
            try await scenario.completeRun("0", lane: 7, at: Scenario.at(0))
            var holder = try await scenario.readyRun("1", lane: 7, at: Scenario.at(1))
            _ = try await scenario.act(holder, at: Scenario.at(1))
            let run = try await scenario.readyRun("2", lane: 7, at: Scenario.at(2))
            var tight = Limits(
                cooldown: .seconds(60), budgets: [Budget(max: 1, per: .seconds(600))],
                fleetBudgets: [Budget(max: 1, per: .seconds(600))], maxConcurrent: 1, bootGrace: .zero)
            func next() async throws -> Reason? {
                storeRefusal(try await scenario.act(run, at: Scenario.at(2), limits: tight))?.reason
            }
            #expect(try await next() == .laneBusy)
            holder.state = .held
            try await scenario.step(holder, at: Scenario.at(2))
            let other = try await scenario.readyRun("3", lane: 8, at: Scenario.at(2))
            _ = try await scenario.act(other, at: Scenario.at(2))
            #expect(try await next() == .maxConcurrent)
            tight.maxConcurrent = 9
            #expect(try await next() == .cooldown)
            tight.cooldown = .zero
            #expect(try await next() == .budgetSpent)
            tight.budgets = []
            #expect(try await next() == .fleetBudgetSpent)
            tight.fleetBudgets = []
            #expect(try await next() == nil)
        },
        StoreConformance("a guarded intent without a lane is a conflict") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            run.lane = nil
            #expect(await storeFails(.conflict) { _ = try await scenario.act(run) })
        },
    ]
}
