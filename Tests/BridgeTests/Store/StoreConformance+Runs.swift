import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let runs = [
        StoreConformance("a new run is pending and as it was asked for") { scenario in
            let run = try await scenario.makeRun("f", dueAt: Scenario.at(60), isUrgent: true)
            let episode = try #require(try await scenario.store.openEpisodes([Scenario.key("f")]).values.first)
            let expected = Run(
                id: run.id, rule: "host-down", revision: RuleSetRevision(rawValue: "r1"), episode: episode.id,
                event: EventReference(delivery: DeliveryID(rawValue: run.event.delivery.rawValue), index: 0),
                dueAt: Scenario.at(60), isUrgent: true, createdAt: Scenario.start)
            #expect(run == expected)
            #expect(try await scenario.store.run(run.id) == expected)
            #expect(try await scenario.store.run(RunID(rawValue: 99)) == nil)
        },
        StoreConformance("a rule has one run per episode and one per event") { scenario in
            let key = Scenario.key("f")
            let first = try await scenario.deliver()
            try await scenario.dispatch(
                first, [.open(key, at: Scenario.start, startsAt: nil)],
                runs: [
                    scenario.newRun("a", key, first), scenario.newRun("a", key, first, index: 1),
                    scenario.newRun("b", key, first), scenario.newRun("c", nil, first), scenario.newRun("c", nil, first),
                    scenario.newRun("c", nil, first, index: 1),
                ])
            #expect(try await scenario.store.runs(limit: 10).map(\.rule) == ["c", "c", "b", "a"])
            let repeated = try await scenario.deliver()
            try await scenario.dispatch(
                repeated, [.refresh(key, at: Scenario.start, startsAt: nil)], runs: [scenario.newRun("a", key, repeated)])
            #expect(try await scenario.store.runs(limit: 10).count == 4)
            // A later episode of the same problem gets a run of its own.
            let again = try await scenario.deliver()
            try await scenario.dispatch(
                again,
                [.close(key, at: Scenario.start, ending: .resolved), .open(key, at: Scenario.start, startsAt: nil)],
                runs: [scenario.newRun("a", key, again)])
            #expect(try await scenario.store.runs(limit: 10).count == 5)
        },
        StoreConformance("a run of a problem that the same delivery ended belongs to that episode") { scenario in
            let key = Scenario.key("f")
            let delivery = try await scenario.deliver()
            try await scenario.dispatch(
                delivery,
                [.open(key, at: Scenario.start, startsAt: nil), .close(key, at: Scenario.start, ending: .resolved)],
                runs: [scenario.newRun("host-down", key, delivery)])
            let claimed = try #require(try await scenario.claim().first)
            #expect(claimed.episode?.key == key && claimed.episode?.isOpen == false && !claimed.isProblemOpen)
            let orphan = try await scenario.deliver()
            #expect(
                await storeFails(.conflict) {
                    try await scenario.dispatch(orphan, runs: [scenario.newRun("x", Scenario.key("never"), orphan)])
                })
        },
        StoreConformance("urgent runs are claimed first, then by due time; each claim raises the epoch") { scenario in
            let late = try await scenario.makeRun("1", dueAt: Scenario.at(30))
            let early = try await scenario.makeRun("2", dueAt: Scenario.at(20))
            let urgent = try await scenario.makeRun("3", dueAt: Scenario.at(40), isUrgent: true)
            try await scenario.makeRun("4", dueAt: Scenario.at(41))
            #expect(try await scenario.store.nextDue() == Scenario.at(20))
            #expect(try await scenario.claim(at: Scenario.at(19)).isEmpty)
            let first = try await scenario.claim(at: Scenario.at(40), limit: 2)
            #expect(first.map(\.run.id) == [urgent.id, early.id] && first.allSatisfy { $0.run.epoch == 1 })
            #expect(try await scenario.claim(at: Scenario.at(40)).map(\.run.id) == [late.id])
            #expect(try await scenario.store.nextDue() == Scenario.at(41))
            // A lease that ended is anybody's.
            #expect(try await scenario.claim(at: Scenario.at(69)).map(\.run.epoch) == [1])
            let second = try await scenario.claim(at: Scenario.at(70))
            #expect(second.map(\.run.id) == [urgent.id, early.id, late.id] && second.allSatisfy { $0.run.epoch == 2 })
            #expect(try await scenario.store.run(urgent.id)?.epoch == 2)
            #expect(try await scenario.claim(at: Scenario.at(70), limit: 0).isEmpty)
        },
        StoreConformance("urgent runs are claimed beyond the limit, in places kept for them, others are not") { scenario in
            for number in 1...3 { try await scenario.makeRun("alert \(number)") }
            var urgent: [RunID] = []
            for number in 1...3 { urgent.append(try await scenario.makeRun("command \(number)", isUrgent: true).id) }
            func claim(_ limit: Int, _ reserve: Int) async throws -> [RunID] {
                try await scenario.store.claimRuns(
                    ClaimRequest(
                        now: Scenario.start, leaseUntil: Scenario.at(30), limit: limit, urgentReserve: reserve)
                ).map(\.run.id)
            }
            #expect(try await claim(0, 2) == [urgent[0], urgent[1]])
            #expect(try await claim(0, 0).isEmpty)
            let rest = try await claim(2, 4)
            #expect(rest.first == urgent[2] && rest.count == 2)
            #expect(try await claim(0, 4).isEmpty)
            #expect(try await claim(9, 4).count == 2)
        },
        StoreConformance("a claim brings the episode, the delivery and the last intent") { scenario in
            let key = Scenario.key("f")
            var run = try await scenario.readyRun("f", lane: 7)
            guard case .committed(let intent?) = try await scenario.act(run) else { throw StoreScenarioError(what: "refused") }
            run.state = .verifying
            try await scenario.step(run, intent: .close(intent.id, .applied), releasesLease: true)
            try await scenario.dispatch(
                scenario.deliver(),
                [.close(key, at: Scenario.at(1), ending: .superseded), .open(key, at: Scenario.at(2), startsAt: nil)])
            let claimed = try #require(try await scenario.claim(at: Scenario.at(2)).first)
            #expect(claimed.run.id == run.id && claimed.run.epoch == 2 && claimed.run.lane == run.lane)
            #expect(claimed.delivery.id == run.event.delivery && claimed.delivery.body == Array("{}".utf8))
            // Its own episode ended, but the problem is open again.
            #expect(claimed.episode?.ending == .superseded && claimed.isProblemOpen)
            #expect(claimed.lastIntent?.id == intent.id && claimed.lastIntent?.outcome == .applied)
            #expect(claimed.lastIntent?.finishedAt == Scenario.start)
            #expect(try await scenario.store.intents(of: run.id) == [claimed.lastIntent])
        },
        StoreConformance("eight claimers take 2,000 runs, none twice") { scenario in
            let delivery = try await scenario.deliver()
            let runs = (0..<2_000).map { scenario.newRun("r", nil, delivery, index: $0) }
            try await scenario.dispatch(delivery, runs: runs)
            let taken = try await withThrowingTaskGroup(of: [RunID].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var mine: [RunID] = []
                        while true {
                            let claimed = try await scenario.claim(limit: 25)
                            if claimed.isEmpty { return mine }
                            for var run in claimed.map(\.run) {
                                mine.append(run.id)
                                run.state = .cancelled
                                try await scenario.step(run, releasesLease: true)
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(taken.count == 2_000 && Set(taken).count == 2_000)
            #expect(try await scenario.store.counts().runs == [.cancelled: 2_000])
            #expect(try await scenario.store.nextDue() == nil)
        },
        StoreConformance("a heartbeat keeps the lease of those that still have the run") { scenario in
            let run = try await scenario.makeRun("f")
            try await scenario.claim()
            try await scenario.store.heartbeat([run.id: 1, RunID(rawValue: 99): 1], leaseUntil: Scenario.at(60))
            #expect(try await scenario.claim(at: Scenario.at(59)).isEmpty)
            #expect(try await scenario.claim(at: Scenario.at(60)).map(\.run.epoch) == [2])
            // The first worker's heartbeat no longer counts.
            try await scenario.store.heartbeat([run.id: 1], leaseUntil: Scenario.at(900))
            var taken = try #require(try await scenario.claim(at: Scenario.at(90)).first?.run)
            #expect(taken.epoch == 3)
            // Nor does one for a run that was let go.
            taken.dueAt = Scenario.at(91)
            try await scenario.step(taken, at: Scenario.at(90), releasesLease: true)
            try await scenario.store.heartbeat([run.id: 3], leaseUntil: Scenario.at(900))
            #expect(try await scenario.claim(at: Scenario.at(91)).map(\.run.epoch) == [4])
        },
    ]
}
