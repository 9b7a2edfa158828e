import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    private static func instant(_ key: String, at: Timestamp) -> NewDelivery {
        NewDelivery(source: "schedule", receivedAt: at, body: Array("{}".utf8), contentType: "x", dedupKey: key)
    }

    /// Schedules, evidence from a source's own API, and `after`.
    static let timers = [
        StoreConformance("an instant is stored once, with how far its schedule was followed and what was missed") { scenario in
            let store = scenario.store
            let cursor = ScheduleCursor(rule: "nightly", schedule: "0 3 * * * UTC", decidedUntil: Scenario.at(0))
            let tick = ScheduleTick(
                cursors: [cursor], deliveries: [instant("nightly@1", at: Scenario.at(0))], audit: [Scenario.entry("missed")])
            #expect(try await store.commit(tick) == 1)
            #expect(try await store.commit(tick) == 0)
            #expect(try await store.undispatched(limit: 9).count == 1)
            #expect(try await store.scheduleCursors() == [cursor])
            #expect(try await store.auditEntries(run: nil, delivery: nil, limit: 9).count == 2)
            var moved = cursor
            moved.decidedUntil = Scenario.at(60)
            let other = ScheduleCursor(rule: "daily", schedule: "0 4 * * * UTC", decidedUntil: Scenario.at(1))
            _ = try await store.commit(ScheduleTick(cursors: [moved, other], deliveries: [], audit: []))
            #expect(try await store.scheduleCursors() == [other, moved])
            _ = try await store.commit(ScheduleTick(cursors: [other], deliveries: [], audit: []))
            #expect(try await store.scheduleCursors() == [other], "what no rule has any more is forgotten")
        },
        StoreConformance("evidence that a problem is there counts as a word of it, and wakes the other runs that wait") {
            scenario in
            let (store, key) = (scenario.store, EpisodeKey(source: "alertmanager", fingerprint: "f"))
            let delivery = try await scenario.deliver()
            try await scenario.dispatch(
                delivery, [.open(key, at: Scenario.at(0), startsAt: nil)],
                runs: [scenario.newRun("a", key, delivery), scenario.newRun("b", key, delivery)])
            var runs = try await scenario.claim(at: Scenario.at(0), lease: .seconds(9_000)).map(\.run)
            for index in runs.indices {
                runs[index].state = .held
                runs[index].reason = .staleEvidence
                runs[index].dueAt = Scenario.at(5_000)
            }
            try await scenario.step(runs[1], at: Scenario.at(1), releasesLease: true)
            let seen = RunTransition(
                now: Scenario.at(100), run: runs[0], evidence: .seen(key, at: Scenario.at(99)), releasesLease: true)
            guard case .committed = try await store.commit(seen) else { throw StoreScenarioError(what: "not written") }
            #expect(try await store.openEpisodes([key])[key]?.lastSeenAt == Scenario.at(99))
            #expect(try await scenario.claim(at: Scenario.at(100)).map(\.run.id) == [runs[1].id], "the run itself knows already")
        },
        StoreConformance("evidence that a problem is gone ends it, unless its sender spoke after the question was asked") {
            scenario in
            let (store, key) = (scenario.store, EpisodeKey(source: "alertmanager", fingerprint: "f"))
            let delivery = try await scenario.deliver()
            try await scenario.dispatch(
                delivery, [.open(key, at: Scenario.at(10), startsAt: nil)],
                runs: [scenario.newRun("a", key, delivery), scenario.newRun("b", key, delivery)])
            var run = try #require(try await scenario.claim(at: Scenario.at(10)).first?.run)
            run.state = .held
            run.dueAt = Scenario.at(5_000)
            let late = try await store.commit(
                RunTransition(
                    now: Scenario.at(20), run: run, evidence: .gone(key, askedAt: Scenario.at(9)), releasesLease: false))
            #expect(storeRefusal(late)?.reason == .refreshed)
            #expect(try await store.run(run.id)?.state == .pending, "nothing of the step was written")
            #expect(try await store.openEpisodes([key])[key] != nil)
            _ = try await store.commit(
                RunTransition(
                    now: Scenario.at(20), run: run, evidence: .gone(key, askedAt: Scenario.at(10)), releasesLease: true))
            #expect(try await store.openEpisodes([key]).isEmpty)
            #expect(try await scenario.claim(at: Scenario.at(9_000)).first?.latestEnding == .resolved)
        },
        StoreConformance("a problem that its source's API ended awaits its sender's word, until that comes or speaks of it anew")
        {
            scenario in
            let store = scenario.store
            let start = Scenario.start
            for (name, word) in [
                ("resolved", EpisodeChange.close(Scenario.key("resolved"), at: start, ending: .resolved)),
                ("anew", .open(Scenario.key("anew"), at: start, startsAt: nil)),
                ("repeat", .refresh(Scenario.key("repeat"), at: start, startsAt: nil)),
            ] as [(String, EpisodeChange)] {
                let key = Scenario.key(name)
                let delivery = try await scenario.deliver()
                try await scenario.dispatch(
                    delivery, [.open(key, at: start, startsAt: Scenario.at(-60))],
                    runs: [scenario.newRun("a", key, delivery), scenario.newRun("b", key, delivery)])
                #expect(try await store.episodesAwaitingWord([key]).isEmpty, "it is open")
                // Two runs learn of it, one after the other.
                for claimed in try await scenario.claim(lease: .seconds(9_000)) where claimed.episode?.key == key {
                    _ = try await store.commit(
                        RunTransition(
                            now: Scenario.at(20), run: claimed.run, evidence: .gone(key, askedAt: Scenario.at(10)),
                            releasesLease: false))
                }
                let found = try await store.episodesAwaitingWord([key, Scenario.key("other")])
                #expect(found.count == 1 && found[key]?.closedAt == Scenario.at(20) && found[key]?.startsAt == Scenario.at(-60))
                #expect(found[key]?.ending == .resolved)
                try await scenario.dispatch(scenario.deliver(), [word])
                #expect(try await store.episodesAwaitingWord([key]).isEmpty == (name != "repeat"), "\(name)")
            }
            // What its sender ended awaits nothing.
            let key = Scenario.key("plain")
            try await scenario.dispatch(
                scenario.deliver(),
                [.open(key, at: start, startsAt: nil), .close(key, at: start, ending: .resolved)])
            #expect(try await store.episodesAwaitingWord([key]).isEmpty)
        },
        StoreConformance("`after` counts from the last changing run of that rule on that lane, and with the cooldown only") {
            scenario in
            try await scenario.completeRun("up", lane: 7, at: Scenario.at(0), end: Scenario.at(100))
            let run = try await scenario.readyRun("down", lane: 7, at: Scenario.at(200))
            let elsewhere = try await scenario.readyRun("else", lane: 8, at: Scenario.at(200))
            func act(_ run: Run, at: Int64, after: [String: Duration], checksCooldown: Bool = true) async throws -> Refusal? {
                var next = run
                next.state = .running
                let guards = Guards(limits: Scenario.loose, fleetSize: 9, checksCooldown: checksCooldown, after: after)
                return storeRefusal(
                    try await scenario.attempt(next, at: Scenario.at(at), intent: .open(Scenario.intent(run), guards: guards)))
            }
            let refusal = try await act(run, at: 200, after: ["host-down": .seconds(3_600)])
            #expect(refusal?.reason == .afterRule && refusal?.until == Scenario.at(3_700))
            #expect(try await act(run, at: 200, after: ["other": .seconds(3_600)], checksCooldown: false) == nil)
            #expect(try await act(elsewhere, at: 200, after: ["host-down": .seconds(3_600)]) == nil)
        },
    ]
}
