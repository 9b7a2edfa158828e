import Model
import Store
import Testing

extension StoreConformance {
    private typealias Scenario = StoreScenario

    static let approvals = [
        StoreConformance("a question is kept as it was asked, and its run waits") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa")
            #expect(try await scenario.store.approval(asked.id) == asked)
            #expect(try await scenario.store.approvals(onlyOpen: true, limit: 10) == [asked])
            #expect(try await scenario.store.run(asked.run)?.state == .approval)
            #expect(try await scenario.store.nextDue() == asked.expiresAt)
            let claimed = try await scenario.claim(at: asked.expiresAt)
            #expect(claimed.map(\.approval) == [asked])
            #expect(try await scenario.store.approval(ApprovalID(rawValue: "zzzzzz")) == nil)
        },
        StoreConformance("an approval decides once as many people agreed, and makes its run due") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa", required: 2)
            guard case .counted(let counted) = try await scenario.vote(asked, "slack:A", at: 5) else {
                throw scenario.unexpected()
            }
            #expect(counted.state == .open && counted.approvals == 1)
            #expect(try await scenario.store.nextDue() == asked.expiresAt)
            guard case .repeated = try await scenario.vote(asked, "slack:A", at: 6) else { throw scenario.unexpected() }
            guard case .decided(let decided) = try await scenario.vote(asked, "slack:B", at: 7) else {
                throw scenario.unexpected()
            }
            var expected = asked
            expected.state = .approved
            expected.decidedAt = Scenario.at(7)
            expected.votes = [
                ApprovalVote(person: "slack:A", verdict: .approve, at: Scenario.at(5)),
                ApprovalVote(person: "slack:B", verdict: .approve, at: Scenario.at(7)),
            ]
            #expect(decided == expected)
            #expect(try await scenario.store.approval(asked.id) == expected)
            #expect(try await scenario.store.approvals(onlyOpen: true, limit: 10).isEmpty)
            #expect(try await scenario.store.nextDue() == Scenario.at(7))
            #expect(try await scenario.claim(at: Scenario.at(7)).map(\.approval) == [expected])
            #expect(try await scenario.store.run(asked.run)?.state == .approval, "the run goes on by its own machine")
        },
        StoreConformance("one no decides, whoever approved before; a yes can be taken back") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa", required: 2)
            _ = try await scenario.vote(asked, "slack:A", at: 5)
            guard case .decided(let denied) = try await scenario.vote(asked, "slack:A", .deny, at: 6, reason: "wrong server")
            else { throw scenario.unexpected() }
            #expect(denied.state == .denied && denied.decidedAt == Scenario.at(6))
            #expect(
                denied.votes == [
                    ApprovalVote(person: "slack:A", verdict: .deny, reason: "wrong server", at: Scenario.at(6))
                ])
            #expect(try await scenario.store.nextDue() == Scenario.at(6))
        },
        StoreConformance("what is decided stays decided, and says what it is") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa")
            _ = try await scenario.vote(asked, "slack:A", .deny, at: 5)
            guard case .closed(let closed) = try await scenario.vote(asked, "slack:B", at: 6) else { throw scenario.unexpected() }
            #expect(closed.state == .denied && closed.votes.map(\.person) == ["slack:A"])
            #expect(try await scenario.store.approval(asked.id) == closed)
            guard case .unknown = try await scenario.vote(ApprovalID(rawValue: "zzzzzz"), "slack:B", at: 6) else {
                throw scenario.unexpected()
            }
        },
        StoreConformance("of many who answer at once exactly one decides") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa")
            let outcomes = try await withThrowingTaskGroup(of: ApprovalOutcome.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await scenario.vote(asked, "slack:U\(number)", number % 2 == 0 ? .approve : .deny, at: 5)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { if case .decided = $0 { true } else { false } } == 1)
            #expect(outcomes.count { if case .closed = $0 { true } else { false } } == 49)
            #expect(try await scenario.store.approval(asked.id)?.votes.count == 1)
        },
        StoreConformance("an answer after the time is over counts nothing and wakes the run") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa")
            let late = Int64(asked.expiresAt.since(Scenario.start).inSeconds)
            guard case .closed(let closed) = try await scenario.vote(asked, "slack:A", at: late) else {
                throw scenario.unexpected()
            }
            #expect(closed.state == .expired && closed.votes.isEmpty && closed.decidedAt == asked.expiresAt)
            #expect(try await scenario.claim(at: asked.expiresAt).first?.approval?.state == .expired)
        },
        StoreConformance("every answer is in the audit, counted or not") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa", required: 2)
            _ = try await scenario.vote(asked, "slack:A", at: 5)
            _ = try await scenario.vote(asked, "slack:A", at: 6)
            _ = try await scenario.vote(asked, "slack:B", at: 7)
            _ = try await scenario.vote(asked, "slack:C", .deny, at: 8, reason: "no")
            _ = try await scenario.vote(ApprovalID(rawValue: "zzzzzz"), "slack:C", at: 9)
            let entries = try await scenario.store.auditEntries(run: nil, delivery: nil, limit: 10).filter {
                $0.kind == .approval
            }
            #expect(entries.map(\.reason) == [.approvalCounted, .alreadyApproved, .approved, .approvalClosed, .noSuchApproval])
            #expect(entries.map(\.actor) == ["slack:A", "slack:A", "slack:B", "slack:C", "slack:C"])
            #expect(entries.map(\.run) == [asked.run, asked.run, asked.run, asked.run, nil])
            #expect(entries[3].detail == "deny aaaaaa: it is approved; says: no")
        },
        StoreConformance("a question whose run ends is void") { scenario in
            for state in [RunState.cancelled, .failed] {
                let asked = try await scenario.ask(state.rawValue, id: state == .failed ? "bbbbbb" : "cccccc")
                var run = try #require(try await scenario.claim(at: asked.expiresAt).first { $0.run.id == asked.run }?.run)
                run.state = state
                try await scenario.step(run, at: asked.expiresAt, releasesLease: true)
                let void = try #require(try await scenario.store.approval(asked.id))
                #expect(void.state == .void && void.decidedAt == asked.expiresAt)
                guard case .closed = try await scenario.vote(asked, "slack:A", at: 1) else { throw scenario.unexpected() }
            }
        },
        StoreConformance("a question expires with its run, unless somebody answered before") { scenario in
            for answered in [false, true] {
                let asked = try await scenario.ask("f\(answered)", id: answered ? "bbbbbb" : "cccccc")
                var run = try #require(try await scenario.claim(at: asked.expiresAt).first { $0.run.id == asked.run }?.run)
                if answered { _ = try await scenario.vote(asked, "slack:A", at: 1) }
                run.state = .expired
                let result = try await scenario.store.commit(
                    RunTransition(now: asked.expiresAt, run: run, approval: .expire(asked.id), releasesLease: true))
                #expect((storeRefusal(result)?.reason == .approvalClosed) == answered)
                #expect(try await scenario.store.run(run.id)?.state == (answered ? .approval : .expired))
                #expect(try await scenario.store.approval(asked.id)?.state == (answered ? .approved : .expired))
            }
        },
        StoreConformance("nobody is asked for what a guard forbids, or for a problem that is over") { scenario in
            try await scenario.completeRun("before", lane: 7, at: Scenario.start)
            let limits = Limits(cooldown: .seconds(600), budgets: [], fleetBudgets: [])
            let run = try await scenario.readyRun("f", lane: 7, at: Scenario.at(60))
            let refused = try await scenario.tryAsking(run, id: "aaaaaa", limits: limits, at: 60)
            #expect(storeRefusal(refused)?.reason == .cooldown)
            #expect(try await scenario.store.approval(ApprovalID(rawValue: "aaaaaa")) == nil)
            try await scenario.dispatch(
                scenario.deliver(), [.close(Scenario.key("f"), at: Scenario.at(61), ending: .resolved)], now: Scenario.at(61))
            let over = try await scenario.tryAsking(run, id: "aaaaaa", limits: Scenario.loose, at: 62)
            #expect(storeRefusal(over)?.reason == .resolved)
            #expect(try await scenario.store.intents(of: run.id).isEmpty, "asking spends nothing")
        },
        StoreConformance("an id is used once, and a run has one open question") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa")
            #expect(await storeFails(.conflict) { _ = try await scenario.ask("g", id: "aaaaaa") })
            let run = try #require(try await scenario.claim(at: asked.expiresAt).first { $0.run.id == asked.run }?.run)
            #expect(
                await storeFails(.conflict) {
                    _ = try await scenario.tryAsking(run, id: "bbbbbb", limits: Scenario.loose, at: 2_000)
                })
        },
        StoreConformance("an answer reaches a run that a worker is just looking at") { scenario in
            let asked = try await scenario.ask("f", id: "aaaaaa")
            try await scenario.dispatch(
                scenario.deliver(at: Scenario.at(8)), [.close(Scenario.key("f"), at: Scenario.at(8), ending: .resolved)],
                now: Scenario.at(8))
            var run = try #require(try await scenario.claim(at: Scenario.at(9)).first?.run)
            run.dueAt = asked.expiresAt
            _ = try await scenario.vote(asked, "slack:A", at: 10)
            // The worker read the question before it was answered, and goes back to sleep.
            try await scenario.step(run, at: Scenario.at(11), releasesLease: true)
            #expect(try await scenario.store.run(run.id)?.dueAt == Scenario.at(10))
        },
    ]
}

extension StoreScenario {
    func unexpected() -> StoreScenarioError { StoreScenarioError(what: "another outcome than expected") }

    /// A run that asked people and waits, in nobody's hands.
    func ask(_ fingerprint: String, id: String, required: Int = 1) async throws -> ApprovalRequest {
        let run = try await readyRun(fingerprint, lane: 77)
        let result = try await tryAsking(run, id: id, required: required, limits: Self.loose, at: 0)
        guard case .committed = result else { throw unexpected() }
        return try #require(try await store.approval(ApprovalID(rawValue: id)))
    }

    func tryAsking(_ run: Run, id: String, required: Int = 1, limits: Limits, at seconds: Int64) async throws -> TransitionResult
    {
        var waiting = run
        waiting.state = .approval
        waiting.dueAt = Self.at(seconds + 1_800)
        let question = ApprovalRequest(
            id: ApprovalID(rawValue: id), run: run.id, rule: run.rule, revision: run.revision, action: "server.reboot",
            server: run.server, serverName: "web-server-01", serverStatus: .active, approvers: ["A", "slack:B", "with\nline"],
            required: required, allowsSelfApproval: false, requestedBy: "slack:C", channel: "ops", createdAt: Self.at(seconds),
            expiresAt: Self.at(seconds + 1_800))
        let guards = Guards(limits: limits, fleetSize: 100, checksCooldown: true)
        return try await store.commit(
            RunTransition(now: Self.at(seconds), run: waiting, approval: .ask(question, guards: guards), releasesLease: true))
    }

    func vote(
        _ asked: ApprovalRequest, _ person: String, _ verdict: ApprovalVote.Verdict = .approve, at seconds: Int64,
        reason: String? = nil
    ) async throws -> ApprovalOutcome {
        try await vote(asked.id, person, verdict, at: seconds, reason: reason)
    }

    func vote(
        _ id: ApprovalID, _ person: String, _ verdict: ApprovalVote.Verdict = .approve, at seconds: Int64, reason: String? = nil
    ) async throws -> ApprovalOutcome {
        try await store.decide(
            NewApprovalVote(approval: id, person: person, verdict: verdict, reason: reason, at: Self.at(seconds)))
    }
}
