import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let transitions = [
        StoreConformance("a step writes the run and all that belongs to it") { scenario in
            try await scenario.makeRun("f")
            var run = try #require(try await scenario.claim().first?.run)
            run.state = .held
            run.reason = .cooldown
            run.detail = "until later"
            run.lane = .server(ServerID(rawValue: 7))
            run.server = ServerID(rawValue: 7)
            run.serverName = "web-server-01"
            run.rung = 2
            run.dueAt = Scenario.at(90)
            run.rungDeadline = Scenario.at(600)
            run.healthySince = Scenario.at(5)
            run.attempts = 3
            let letter = DeadLetter(
                at: Scenario.start, reason: .targetNotFound, event: run.event, run: run.id, rule: run.rule,
                detail: "no such server")
            let result = try await scenario.store.commit(
                RunTransition(
                    now: Scenario.start, run: run, audit: [Scenario.entry("held", run: run.id)],
                    messages: [NewMessage(destination: .channel("ops"), text: "held", run: run.id)], deadLetter: letter,
                    releasesLease: true))
            guard case .committed(nil) = result else { throw StoreScenarioError(what: "\(result)") }
            #expect(try await scenario.store.run(run.id) == run)
            #expect(
                try await scenario.store.auditEntries(run: run.id, delivery: nil, limit: 10) == [
                    Scenario.entry("held", run: run.id)
                ])
            #expect(try await scenario.store.deadLetters(limit: 10) == [letter])
            #expect(try await scenario.store.counts().waitingMessages == 1)
            #expect(try await scenario.store.nextDue() == Scenario.at(90))
        },
        StoreConformance("a step under an old epoch is refused and recorded as late") { scenario in
            let ready = try await scenario.readyRun("f", lane: 7)
            guard case .committed(let intent?) = try await scenario.act(ready) else { throw StoreScenarioError(what: "refused") }
            let present = try #require(try await scenario.claim(at: Scenario.at(30)).first?.run)
            #expect(present.epoch == 2 && present.state == .running)
            var late = ready
            late.state = .succeeded
            let result = try await scenario.attempt(
                late, at: Scenario.at(31), intent: .close(intent.id, .applied), audit: [Scenario.entry("never written")],
                releasesLease: true)
            guard case .fenced = result else { throw StoreScenarioError(what: "\(result)") }
            #expect(try await scenario.store.run(ready.id) == present)
            #expect(try await scenario.store.intents(of: ready.id).first?.outcome == nil)
            let entries = try await scenario.store.auditEntries(run: ready.id, delivery: nil, limit: 10)
            let entry = try #require(entries.first)
            #expect(entries.count == 1 && entry.kind == .run && entry.at == Scenario.at(31))
            #expect(entry.detail.hasPrefix("late") && entry.detail.contains("applied"))
        },
        StoreConformance("a step that the states do not allow is a conflict and writes nothing") { scenario in
            for state in RunState.allCases where !RunState.pending.mayBecome(state) {
                let made = try await scenario.makeRun(state.rawValue)
                var run = try #require(try await scenario.claim().first?.run)
                run.state = state
                run.detail = "changed"
                #expect(await storeFails(.conflict) { try await scenario.step(run, audit: [Scenario.entry("x")]) })
                #expect(try await scenario.store.run(made.id)?.detail == "")
            }
            #expect(try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 10).isEmpty)
            var missing = try await scenario.makeRun("missing")
            missing.id = RunID(rawValue: 999)
            #expect(await storeFails(.conflict) { try await scenario.step(missing) })
        },
        StoreConformance("a run that ended stays so and is never claimed") { scenario in
            for state in RunState.allCases where state.isFinal && RunState.pending.mayBecome(state) {
                try await scenario.makeRun(state.rawValue)
                var run = try #require(try await scenario.claim().first?.run)
                run.state = state
                // The lease ends with the run, whatever the step says of it.
                try await scenario.step(run, at: Scenario.at(3))
                run.finishedAt = Scenario.at(3)
                #expect(try await scenario.store.run(run.id) == run)
                for next in RunState.allCases {
                    run.state = next
                    #expect(await storeFails(.conflict) { try await scenario.step(run) })
                }
                #expect(try await scenario.claim(at: Scenario.at(9_000)).isEmpty)
                #expect(try await scenario.store.nextDue() == nil)
            }
        },
        StoreConformance("an intent is written with its step and closed once") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            guard case .committed(let opened?) = try await scenario.act(run, at: Scenario.at(1)) else {
                throw StoreScenarioError(what: "refused")
            }
            var expected = Intent(
                id: opened.id, run: run.id, rung: 0, step: 0, kind: .operation(.reboot), server: ServerID(rawValue: 7),
                preStatus: .active,
                preUpdatedAt: Scenario.at(-60), createdAt: Scenario.at(1))
            #expect(opened == expected)
            #expect(try await scenario.store.intents(of: run.id) == [expected])
            run.state = .running
            // A second request while the first one's outcome is open would hide it.
            #expect(
                await storeFails(.conflict) {
                    try await scenario.step(run, intent: .open(Scenario.intent(run, step: 1), guards: nil))
                })
            run.state = .unknown
            #expect(
                await storeFails(.conflict) { try await scenario.step(run, intent: .close(IntentID(rawValue: 99), .applied)) })
            #expect(try await scenario.store.run(run.id)?.state == .running)
            try await scenario.step(run, at: Scenario.at(4), intent: .close(opened.id, .assumedSent))
            expected.outcome = .assumedSent
            expected.finishedAt = Scenario.at(4)
            #expect(try await scenario.store.intents(of: run.id) == [expected])
            #expect(await storeFails(.conflict) { try await scenario.step(run, intent: .close(opened.id, .applied)) })
            run.state = .running
            let second = try await scenario.step(run, intent: .open(Scenario.intent(run, step: 1), guards: nil))
            #expect(second?.step == 1)
            #expect(try await scenario.store.intents(of: run.id).map(\.step) == [0, 1])
        },
    ]

    static let rescue = [
        StoreConformance("a running run becomes unknown with an open intent and ready without one") { scenario in
            let sent = try await scenario.readyRun("sent", lane: 1)
            _ = try await scenario.act(sent)
            var unsent = try await scenario.readyRun("unsent", lane: 2)
            unsent.state = .running
            try await scenario.step(unsent)
            try await scenario.makeRun("waits")
            let waits = try #require(try await scenario.claim().first?.run)
            #expect(try await scenario.store.rescue(now: Scenario.at(29), everything: false) == 0)
            #expect(try await scenario.store.rescue(now: Scenario.at(30), everything: false) == 3)
            let states = [(sent, RunState.unknown), (unsent, .ready), (waits, .pending)]
            for (run, state) in states {
                let freed = try #require(try await scenario.store.run(run.id))
                #expect(freed.state == state && freed.dueAt == Scenario.at(30))
                // The worker that was thought gone can no longer write.
                guard case .fenced = try await scenario.attempt(run) else { throw StoreScenarioError(what: "not fenced") }
            }
            #expect(try await scenario.claim(at: Scenario.at(30)).count == 3)
            #expect(try await scenario.store.rescue(now: Scenario.at(31), everything: false) == 0)
        },
        StoreConformance("at start every run with a worker is freed, whatever its lease says") { scenario in
            let run = try await scenario.readyRun("f", lane: 1)
            _ = try await scenario.act(run)
            var verifying = try await scenario.readyRun("g", lane: 2)
            guard case .committed(let intent?) = try await scenario.act(verifying) else {
                throw StoreScenarioError(what: "refused")
            }
            verifying.state = .verifying
            verifying.dueAt = Scenario.at(500)
            try await scenario.step(verifying, intent: .close(intent.id, .applied), releasesLease: true)
            try await scenario.makeRun("idle", dueAt: Scenario.at(500))
            #expect(try await scenario.store.rescue(now: Scenario.at(1), everything: true) == 1)
            #expect(try await scenario.store.run(run.id)?.state == .unknown)
            #expect(try await scenario.store.run(verifying.id)?.dueAt == Scenario.at(500))
            #expect(try await scenario.claim(at: Scenario.at(1)).map(\.run.id) == [run.id])
        },
        StoreConformance("at start what is held is due at once, since limits may be others; what is not held keeps its time") {
            scenario in
            var held = try await scenario.readyRun("held", lane: 1)
            held.state = .held
            held.reason = .maintenance
            held.dueAt = Scenario.at(90_000)
            try await scenario.step(held, releasesLease: true)
            try await scenario.makeRun("idle", dueAt: Scenario.at(500))
            _ = try await scenario.store.rescue(now: Scenario.at(1), everything: false)
            #expect(try await scenario.claim(at: Scenario.at(1)).isEmpty)
            _ = try await scenario.store.rescue(now: Scenario.at(2), everything: true)
            #expect(try await scenario.claim(at: Scenario.at(2)).map(\.run.id) == [held.id])
        },
    ]
}
