import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: what an approval does not lift")
struct EngineApprovalGuardTests {
    private static let rules = EngineApprovalTests.rules

    @Test("a rule that only observes asks nobody")
    func observe() async throws {
        let fixture = try EngineFixture(rules: Self.rules.replacing("autonomy: approve", with: "autonomy: observe"))
        try await fixture.alert("firing", server: "db-server-01")
        #expect(try await fixture.onlyRun().reason == .observeOnly)
        #expect(try await fixture.store.approvals(onlyOpen: false, limit: 1).isEmpty)
    }

    @Test("not live: people are asked and told that nothing will be sent, and nothing is, whatever they say")
    func notLive() async throws {
        let fixture = try EngineFixture(rules: Self.rules, live: false)
        try await fixture.alert("firing", server: "db-server-01")
        #expect(try await fixture.messages().first?.contains("not live: nothing will be sent") == true)
        try await fixture.approve()
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .notLive)
        #expect(run.detail.contains("would server.power_cycle"))
        #expect(fixture.api.calls(.stop) == 0)
    }

    @Test("switched off while people are asked: approved, and not sent")
    func switchedOff() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        fixture.restart { $0.live = false }
        try await fixture.approve()
        #expect(try await fixture.onlyRun().reason == .notLive)
        #expect(fixture.api.calls(.stop) == 0)
    }

    @Test("switched off after the first rung: the approved run climbs no further, however long ago it was approved")
    func switchedOffLater() async throws {
        let fixture = try EngineFixture(rules: Self.rules.replacing("via: ops", with: "via: ops\n      timeout: 5m"))
        try await fixture.alert("firing", server: "db-server-01")
        try await fixture.approve()
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(300))
        fixture.restart { $0.live = false }
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(900))
        #expect(try await fixture.onlyRun().reason == .notLive)
        #expect(fixture.api.ledger == ["stop 12346", "start 12346"])
    }

    @Test("protected while people are asked: approved, and left alone")
    func protected() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        fixture.restart { $0.protected = ProtectedServers(["db-*"]) }
        try await fixture.approve()
        #expect(try await fixture.onlyRun().reason == .protected)
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("a cooldown or a spent budget: nobody is asked before it lifts")
    func guardsBeforeAsking() async throws {
        let fixture = try EngineFixture(rules: Self.rules + EngineFixture.diskFull)
        try await fixture.rebootByDiskFull("db-server-01")
        try await fixture.alert("firing", server: "db-server-01")
        #expect(try await fixture.newestRun().reason == .cooldown)
        #expect(try await fixture.store.approvals(onlyOpen: false, limit: 1).isEmpty)
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(1_900))
        #expect(try await fixture.newestRun().state == .approval)
    }

    @Test("a cooldown that began while people were asked holds the approved run, which asks again when it was held for too long")
    func cooldownAfterApproval() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules.replacing("via: ops", with: "via: ops\n      timeout: 20m") + EngineFixture.diskFull)
        try await fixture.alert("firing", server: "db-server-01")
        let first = try await fixture.question()
        try await fixture.rebootByDiskFull("db-server-01")
        try await fixture.approve()
        let run = try await fixture.run(of: first)
        #expect(run.state == .held && run.reason == .cooldown)
        #expect(fixture.api.ledger == ["reboot 12346"])
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(1_900))
        let second = try await fixture.question()
        #expect(second.id != first.id && second.state == .open, "20 minutes after it was given an approval is worth nothing")
        #expect(fixture.api.ledger == ["reboot 12346"])
        try await fixture.approve()
        #expect(fixture.api.ledger == ["reboot 12346", "stop 12346"])
    }

    @Test("a budget that was spent while people were asked holds the approved run")
    func budgetAfterApproval() async throws {
        let limits = Limits(
            cooldown: .zero, budgets: [Budget(max: 1, per: .seconds(86_400))], fleetBudgets: [Budget(max: 10, per: .seconds(60))],
            settle: .zero)
        let fixture = try EngineFixture(rules: Self.rules + EngineFixture.diskFull, limits: limits)
        try await fixture.alert("firing", server: "db-server-01")
        try await fixture.rebootByDiskFull("db-server-01")
        try await fixture.approve()
        #expect(try await fixture.run(of: fixture.question()).reason == .budgetSpent)
        #expect(fixture.api.ledger == ["reboot 12346"])
    }

    @Test("evidence that grew old while people were asked: the approved run waits for a repeat")
    func staleEvidence() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        try await fixture.advance(by: .seconds(1_000))
        try await fixture.approve()
        #expect(try await fixture.onlyRun().reason == .staleEvidence)
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.alert("firing", server: "db-server-01")
        #expect(fixture.api.ledger == ["stop 12346"])
    }

    @Test(
        "a server that is no longer what people saw: cancelled with what changed",
        arguments: ["name", "status", "owner of the name"])
    func changed(what: String) async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        let id = EngineFixture.db.id
        // By its id the target names a renamed server still.
        try await fixture.alert("firing", server: what == "name" ? id.description : "db-server-01")
        switch what {
        case "name": fixture.api.edit(id) { $0.name = "db-server-old" }
        case "status": fixture.api.setStatus(id, .rebooting)
        default:
            fixture.api.edit(id) { $0.hostname = "other" }
            fixture.api.edit(EngineFixture.web.id) { $0.name = "db-server-01" }
        }
        try await fixture.advance(by: .seconds(120))
        try await fixture.approve()
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .changedSinceApproval, "\(run.detail)")
        #expect(try await fixture.messages().contains { $0.contains("since approval") })
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("when_server is judged again after the approval")
    func whenServer() async throws {
        let rules = Self.rules.replacing(
            "    autonomy: approve", with: "    when_server: [server.status == \"active\"]\n    autonomy: approve")
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing", server: "db-server-01")
        fixture.api.setStatus(EngineFixture.db.id, .stopped)
        try await fixture.approve()
        #expect(try await fixture.onlyRun().reason == .serverConditionFalse)
        #expect(fixture.api.ledger.isEmpty)
    }

    // MARK: Crashes and races

    @Test("a crash after each step of the way: nothing is lost, nothing is done twice")
    func crashes() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        try await fixture.crash()
        #expect(try await fixture.messages().count == 1, "asked once, whatever crashed after it")
        let id = try await fixture.question().id
        // Counted, and the delivery that brought the answer is not marked yet: it is counted again.
        _ = try await fixture.answer(.approve, id, by: .chat(source: "slack", userID: "U0BOB"), thenSettles: false)
        try await fixture.deliverCommand("approve \(id)", user: "U0BOB")
        // A worker took the approved run and was lost.
        _ = try await fixture.store.claimRuns(
            ClaimRequest(now: fixture.clock.now(), leaseUntil: fixture.clock.now() + .seconds(30), limit: 1))
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.crash()
        #expect(fixture.api.ledger == ["stop 12346"])
        try await fixture.crash()
        #expect(fixture.api.ledger == ["stop 12346"])
        #expect(try await fixture.question().votes.map(\.person) == ["slack:U0BOB"])
    }

    @Test("the time runs out while somebody approves: whoever is first on disk wins, and the run follows")
    func expiryRace() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let asked = try await fixture.question()
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(1_790))
        // A worker claims at the last instant, and the approval is written before its step.
        fixture.clock.set(asked.expiresAt)
        let claimed = try #require(
            try await fixture.store.claimRuns(
                ClaimRequest(now: asked.expiresAt, leaseUntil: asked.expiresAt + .seconds(30), limit: 1)
            ).first)
        _ = try await fixture.store.decide(
            NewApprovalVote(approval: asked.id, person: "slack:U0BOB", verdict: .approve, at: asked.expiresAt - .seconds(1)))
        var machine = fixture.machine(claimed)
        guard case .readServer = machine.next(.woken, now: asked.expiresAt),
            case .commit(let step) = machine.next(.server(.success(EngineFixture.db)), now: asked.expiresAt),
            case .refused(let refusal) = try await fixture.store.commit(step)
        else {
            Issue.record("the step that gives up is refused")
            return
        }
        #expect(refusal.reason == .approvalClosed)
        guard case .commit(let back) = machine.next(.refused(refusal), now: asked.expiresAt),
            case .committed = try await fixture.store.commit(back)
        else {
            Issue.record("the run is given back as it was")
            return
        }
        #expect(back.run.state == .approval && back.releasesLease)
        try await fixture.settle()
        #expect(fixture.api.ledger == ["stop 12346"])
    }

    @Test("fifty people answer at once: one decides, and one request is sent")
    func race() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let id = try await fixture.question().id
        for number in 0..<50 {
            try await fixture.deliverCommand("approve \(id)", user: number % 2 == 0 ? "U0ANN" : "U0BOB", trigger: "t\(number)")
        }
        try await fixture.settle()
        #expect(fixture.api.ledger == ["stop 12346"])
        #expect(try await fixture.question().votes.count == 1)
    }
}

@Suite("Engine: approvals of a command")
struct EngineApprovalCommandTests {
    private static let rules = """
        version: 1
        rules:
          - name: chat-cycle
            trigger:
              source: slack
              command: vps cycle
              args: [{name: server, type: string, required: true, max_length: 63}]
            target: args.server
            autonomy: approve
            approval: {approvers: {users: [U0ANN, U0BOB]}, self_approval: false}
            permissions: {users: [U0ANN, U0CLEO]}
            actions: [server.power_cycle]
        """

    @Test("the one who asked may not approve, somebody else may; both hear of it")
    func fourEyes() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.command("cycle db-server-01", user: "U0ANN")
        let asked = try await fixture.question()
        #expect(asked.requestedBy == "slack:U0ANN")
        #expect(try await fixture.messages().contains { $0.hasPrefix("Waits for approval \(asked.id)") })
        try await fixture.command("approve \(asked.id)", user: "U0ANN", trigger: "a")
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.messages().contains { $0.hasPrefix("You asked for this yourself") })
        #expect(try await fixture.reasons() == [.needsApproval, .selfApproval])
        try await fixture.command("approve \(asked.id)", user: "U0BOB", trigger: "b")
        #expect(fixture.api.ledger == ["stop 12346"])
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("the same person through a second source of the workspace is still the one who asked, and counts once")
    func twoSources() async throws {
        let fixture = try EngineFixture(
            rules: Self.rules.replacing("self_approval: false", with: "required: 2"))
        try await fixture.command("cycle db-server-01", user: "U0ANN")
        let id = try await fixture.question().id
        let own = try await fixture.answer(.approve, id, by: .chat(source: "slack-dev", userID: "U0ANN"))
        #expect(!own.isCounted && own.text.hasPrefix("You asked for this yourself"))
        #expect(try await fixture.answer(.approve, id, by: .chat(source: "slack", userID: "U0BOB")).isCounted)
        let twice = try await fixture.answer(.approve, id, by: .chat(source: "slack-dev", userID: "U0BOB"))
        #expect(twice.text.hasPrefix("You approved \(id) before: 1 of 2"))
        #expect(fixture.api.ledger.isEmpty)
        let takenBack = try await fixture.answer(.deny, id, by: .chat(source: "slack-dev", userID: "U0BOB"))
        #expect(takenBack.text.hasPrefix("Denied"))
    }

    @Test("where the rule says so, the one who asked may approve")
    func selfApproval() async throws {
        let fixture = try EngineFixture(rules: Self.rules.replacing("self_approval: false", with: "self_approval: true"))
        try await fixture.command("cycle db-server-01", user: "U0ANN")
        try await fixture.command("approve \(fixture.question().id)", user: "U0ANN", trigger: "a")
        #expect(fixture.api.ledger == ["stop 12346"])
    }

    @Test("the one who asked may withdraw, approver or not")
    func withdraw() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.command("cycle db-server-01", user: "U0CLEO")
        try await fixture.command("deny \(fixture.question().id)", user: "U0CLEO", trigger: "a")
        #expect(try await fixture.onlyRun().reason == .approvalDenied)
        #expect(try await fixture.messages().contains { $0.hasPrefix("Not done:") })
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("the age of a command counts from the approval: people may take longer than a command may wait")
    func age() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.command("cycle db-server-01", user: "U0ANN")
        try await fixture.advance(by: .seconds(1_500))
        #expect(try await fixture.onlyRun().state == .approval)
        for _ in 0..<100 { fixture.api.script(.list, .fail(.unreachable)) }
        try await fixture.approve()
        #expect(try await fixture.onlyRun().reason == .apiUnavailable)
        try await fixture.advance(by: .seconds(1_200))
        #expect(try await fixture.onlyRun().state == .expired, "approved, and the bridge could not begin in time")
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("nobody answers: the question expires, not the command, and the one who asked is told")
    func unanswered() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.command("cycle db-server-01", user: "U0ANN")
        try await fixture.advance(by: .seconds(1_900))
        #expect(try await fixture.onlyRun().reason == .approvalExpired)
        #expect(try await fixture.question().state == .expired)
        #expect(try await fixture.messages().contains { $0.hasPrefix("Not done any more: nobody decided") })
    }

    @Test("a budget that is spent is told at once; nobody is asked")
    func budget() async throws {
        let limits = Limits(budgets: [Budget(max: 0, per: .seconds(60))], settle: .zero)
        let fixture = try EngineFixture(rules: Self.rules, limits: limits)
        try await fixture.command("cycle db-server-01", user: "U0ANN")
        #expect(try await fixture.onlyRun().reason == .budgetSpent)
        #expect(try await fixture.store.approvals(onlyOpen: false, limit: 1).isEmpty)
    }
}
