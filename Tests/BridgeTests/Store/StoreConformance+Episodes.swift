import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let episodes = [
        StoreConformance("an episode is opened, refreshed and closed") { scenario in
            let key = Scenario.key("f")
            try await scenario.dispatch(
                scenario.deliver(), [.open(key, at: Scenario.at(10), startsAt: Scenario.at(5))])
            let opened = try #require(try await scenario.store.openEpisodes([key])[key])
            #expect(
                opened
                    == Episode(
                        id: opened.id, key: key, openedAt: Scenario.at(10), lastSeenAt: Scenario.at(10), startsAt: Scenario.at(5))
            )
            try await scenario.dispatch(
                scenario.deliver(),
                [.close(key, at: Scenario.at(20), ending: .resolved), .open(key, at: Scenario.at(30), startsAt: nil)])
            let second = try #require(try await scenario.store.openEpisodes([key, Scenario.key("other")])[key])
            #expect(second.id != opened.id && second.openedAt == Scenario.at(30) && second.startsAt == nil)
        },
        StoreConformance("a refresh moves the last sight forward and the start back, never the other way") { scenario in
            let key = Scenario.key("f")
            try await scenario.dispatch(scenario.deliver(), [.open(key, at: Scenario.at(10), startsAt: nil)])
            let steps: [(EpisodeChange, Int64, Int64?)] = [
                (.refresh(key, at: Scenario.at(20), startsAt: Scenario.at(7)), 20, 7),
                (.refresh(key, at: Scenario.at(15), startsAt: Scenario.at(9)), 20, 7),
                (.open(key, at: Scenario.at(25), startsAt: Scenario.at(3)), 25, 3),
                (.refresh(key, at: Scenario.at(26), startsAt: nil), 26, 3),
            ]
            for (change, lastSeen, starts) in steps {
                try await scenario.dispatch(scenario.deliver(), [change])
                let episode = try #require(try await scenario.store.openEpisodes([key])[key])
                #expect(episode.lastSeenAt == Scenario.at(lastSeen) && episode.startsAt == starts.map(Scenario.at))
                #expect(episode.openedAt == Scenario.at(10))
            }
            #expect(try await scenario.store.counts().openEpisodes == 1)
        },
        StoreConformance("without an open episode a refresh and a close change nothing") { scenario in
            let key = Scenario.key("f")
            try await scenario.dispatch(
                scenario.deliver(),
                [.refresh(key, at: Scenario.start, startsAt: nil), .close(key, at: Scenario.start, ending: .resolved)])
            #expect(try await scenario.store.openEpisodes([key]).isEmpty)
        },
        StoreConformance("fingerprints are compared byte by byte") { scenario in
            let prints = ["K", "\u{212A}", "a\u{0}b", "a\u{0}c", "a"]
            try await scenario.dispatch(
                scenario.deliver(), prints.map { .open(Scenario.key($0), at: Scenario.start, startsAt: nil) })
            for print in prints {
                let found = try #require(try await scenario.store.openEpisodes([Scenario.key(print)]).values.first)
                #expect(found.key.fingerprint.utf8.elementsEqual(print.utf8))
            }
            #expect(try await scenario.store.counts().openEpisodes == prints.count)
            let elsewhere = EpisodeKey(source: "grafana", fingerprint: "a")
            #expect(try await scenario.store.openEpisodes([elsewhere]).isEmpty)
        },
        StoreConformance("the end of an episode makes its runs due") { scenario in
            for ending in Episode.Ending.allCases where ending != .stale {
                let run = try await scenario.makeRun(ending.rawValue, dueAt: Scenario.at(500))
                #expect(try await scenario.claim(at: Scenario.at(100)).isEmpty)
                try await scenario.dispatch(
                    scenario.deliver(), [.close(Scenario.key(ending.rawValue), at: Scenario.at(100), ending: ending)],
                    now: Scenario.at(100))
                let claimed = try await scenario.claim(at: Scenario.at(100), lease: .seconds(900))
                #expect(claimed.map(\.run.id) == [run.id])
                #expect(claimed.first?.episode?.ending == ending && claimed.first?.isProblemOpen == false)
            }
        },
        StoreConformance("a repeat makes held runs due and leaves the others") { scenario in
            for (fingerprint, state) in [("held", RunState.held), ("waits", .pending)] {
                var run = try await scenario.makeRun(fingerprint)
                run = try #require(try await scenario.claim().first?.run)
                run.state = state
                run.reason = .staleEvidence
                run.dueAt = Scenario.at(500)
                try await scenario.step(run, releasesLease: true)
                try await scenario.dispatch(
                    scenario.deliver(), [.refresh(Scenario.key(fingerprint), at: Scenario.at(100), startsAt: nil)],
                    now: Scenario.at(100))
                let due = try await scenario.claim(at: Scenario.at(100), lease: .seconds(900))
                #expect(due.map(\.run.id) == (state == .held ? [run.id] : []))
            }
        },
        StoreConformance("a repeat leaves those alone that a guard holds, which no word lifts") { scenario in
            for reason in [Reason.storm, .cooldown, .budgetSpent, .paused, .laneBusy] {
                try await scenario.makeRun(reason.rawValue)
                var run = try #require(try await scenario.claim().first?.run)
                run.state = .held
                run.reason = reason
                run.dueAt = Scenario.at(500)
                try await scenario.step(run, releasesLease: true)
                try await scenario.dispatch(
                    scenario.deliver(), [.refresh(Scenario.key(reason.rawValue), at: Scenario.at(100), startsAt: nil)],
                    now: Scenario.at(100))
                #expect(try await scenario.claim(at: Scenario.at(100), lease: .seconds(900)).isEmpty)
            }
        },
        StoreConformance("a change while a worker has the run is not lost") { scenario in
            try await scenario.makeRun("f")
            var run = try #require(try await scenario.claim().first?.run)
            try await scenario.dispatch(
                scenario.deliver(), [.close(Scenario.key("f"), at: Scenario.at(5), ending: .resolved)], now: Scenario.at(5))
            // Nobody takes it from its worker,
            #expect(try await scenario.claim(at: Scenario.at(6)).isEmpty)
            run.dueAt = Scenario.at(500)
            try await scenario.step(run, at: Scenario.at(6))
            #expect(try await scenario.claim(at: Scenario.at(6)).isEmpty)
            // but when the worker, which had not seen the change, lets go, the run is due at once, one time.
            try await scenario.step(run, at: Scenario.at(7), releasesLease: true)
            run = try #require(try await scenario.claim(at: Scenario.at(7)).first?.run)
            run.dueAt = Scenario.at(500)
            try await scenario.step(run, at: Scenario.at(8), releasesLease: true)
            #expect(try await scenario.claim(at: Scenario.at(8)).isEmpty)
        },
        StoreConformance("episodes that nothing refreshes are closed as stale") { scenario in
            let old = try await scenario.makeRun("old", dueAt: Scenario.at(9_000))
            try await scenario.makeRun("young", at: Scenario.at(100), dueAt: Scenario.at(9_000))
            #expect(try await scenario.store.closeStaleEpisodes(before: Scenario.start, now: Scenario.at(200)) == 0)
            #expect(try await scenario.store.closeStaleEpisodes(before: Scenario.at(100), now: Scenario.at(200)) == 1)
            let claimed = try await scenario.claim(at: Scenario.at(200))
            #expect(claimed.map(\.run.id) == [old.id])
            #expect(claimed.first?.episode?.closedAt == Scenario.at(200) && claimed.first?.episode?.ending == .stale)
            #expect(try await scenario.store.openEpisodes([Scenario.key("old"), Scenario.key("young")]).count == 1)
        },
        StoreConformance("a rule has one run for a problem, save that a renewable one is followed after its time") {
            scenario in
            // Renewable, and how long after its end the next word comes; a minute is asked for.
            let cases: [(Bool, Int64, Bool)] = [(false, 9_000, false), (true, 0, false), (true, 59, false), (true, 60, true)]
            for (index, (isRenewable, later, isFollowed)) in cases.enumerated() {
                let key = Scenario.key("f\(index)")
                let first = try await scenario.makeRun("f\(index)")
                var run = try #require(try await scenario.claim().first { $0.run.id == first.id }?.run)
                // Of a run that goes on it says nothing.
                run.state = .held
                var ending = RunTransition(now: Scenario.at(50), run: run, releasesLease: false)
                ending.isRenewable = true
                _ = try await scenario.store.commit(ending)
                run.state = .cancelled
                ending = RunTransition(now: Scenario.at(100), run: run, releasesLease: true)
                ending.isRenewable = isRenewable
                guard case .committed = try await scenario.store.commit(ending) else {
                    throw StoreScenarioError(what: "case \(index) did not end")
                }
                let wanted = isFollowed ? 2 : 1
                // Two words at once: the second meets a run that is at work, or comes too early as well.
                for _ in 0..<2 {
                    let delivery = try await scenario.deliver(at: Scenario.at(100 + later))
                    var next = scenario.newRun("host-down", key, delivery, dueAt: Scenario.at(90_000))
                    next.renewsAfter = .seconds(60)
                    try await scenario.dispatch(delivery, runs: [next], now: Scenario.at(100 + later))
                    let runs = try await scenario.store.runs(limit: 99).filter { $0.episode == first.episode }
                    #expect(runs.count == wanted && runs.count { $0.finishedAt == nil } == wanted - 1, "case \(index)")
                }
            }
        },
    ]
}
