import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: approvals of an alert's run")
struct EngineApprovalTests {
    static let rules = """
        version: 1
        rules:
          - name: db-down
            trigger: alertmanager
            when:
              - event.labels.alertname == "HostDown"
            target: event.labels.server
            autonomy: approve
            approval:
              approvers: {users: [U0ANN, U0BOB, "slack:U0CLEO"]}
              required: 1
              via: ops
            healthy_delay: 2m
            escalation:
              - {timeout: 10m, actions: [server.power_cycle]}
              - {timeout: 15m, actions: [server.reboot]}
              - actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]
          - name: chat-reboot
            trigger:
              source: slack
              command: vps reboot
              args: [{name: server, type: string, required: true, max_length: 63}]
            target: args.server
            autonomy: auto
            permissions: {users: [U0ANN]}
            actions: [server.reboot]
        """
    static let twoPeople = rules.replacing("required: 1", with: "required: 2")

    // MARK: Asking

    @Test("a run waits for people: one question, nothing sent, and a message that says what, why, where and how")
    func asks() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let run = try await fixture.onlyRun()
        let asked = try await fixture.question()
        #expect(run.state == .approval && run.reason == .needsApproval)
        #expect(run.dueAt == asked.expiresAt && asked.expiresAt == asked.createdAt + .seconds(1_800))
        #expect(asked.state == .open && asked.run == run.id && asked.server == ServerID(rawValue: 12346))
        #expect(asked.approvers == ["U0ANN", "U0BOB", "slack:U0CLEO"] && asked.required == 1 && asked.requestedBy == nil)
        #expect(
            asked.action
                == "server.power_cycle of db-server-01 (12346); if that does not help within 10m: server.reboot; "
                + "if that does not help within 15m: a message to oncall")
        let messages = try await fixture.messages()
        #expect(messages.count == 1)
        for part in [
            asked.action, "Rule db-down", "HostDown", "db-server-01 (12346) is active", "U0BOB", "/vps approve \(asked.id)",
            "vpsbridge approvals approve \(asked.id)", asked.expiresAt.rfc3339,
        ] {
            #expect(messages.first?.contains(part) == true, "\(part)")
        }
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(600))
        #expect(try await fixture.messages().count == 1, "a repeat asks nobody again")
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.reasons() == [.needsApproval])
    }

    @Test(
        "where people are asked: `via`, else the rule's first channel, else only the command line tells",
        arguments: [("via: ops", "ops"), ("timeout: 30m", "oncall"), ("nowhere", nil)] as [(String, String?)])
    func channel(line: String, channel: String?) async throws {
        var rules = Self.rules.replacing("via: ops", with: line == "nowhere" ? "timeout: 30m" : line)
        if line == "nowhere" {
            rules = rules.replacing(
                "\n      - actions: [{action: notify, with: {channel: oncall, text: \"${{ server.name }} is still down\"}}]",
                with: "")
        }
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing", server: "db-server-01")
        #expect(try await fixture.question().channel == channel)
        #expect(try await fixture.messages().count == (channel == nil ? 0 : 1))
    }

    @Test("the rule's own words stand before what is approved; words that can not be written leave that standing")
    func message() async throws {
        for (template, part) in [
            ("Cycle ${{ server.name }}?", "Cycle db-server-01?\nApproval"), ("${{ event.labels.nope }}", "could not be written"),
        ] {
            let fixture = try EngineFixture(
                rules: Self.rules.replacing("via: ops", with: "via: ops\n      message: '\(template)'"))
            try await fixture.alert("firing", server: "db-server-01")
            let text = try #require(try await fixture.messages().first)
            #expect(text.contains(part))
            #expect(text.contains("server.power_cycle of db-server-01 (12346)"))
        }
    }

    // MARK: Approving

    @Test("approved by an approver, the run acts; one approval covers its later rungs")
    func approved() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let asked = try await fixture.question()
        try await fixture.command("approve \(asked.id)", user: "U0BOB")
        #expect(fixture.api.ledger == ["stop 12346"])
        #expect(try await fixture.question().ending.hasPrefix("approved by slack:U0BOB"))
        #expect(try await fixture.reasons() == [.needsApproval, .approved])
        let told = try await fixture.messages()
        #expect(told.contains { $0.hasPrefix("Approved: server.power_cycle of db-server-01") }, "the one who approved")
        #expect(told.contains { $0.hasPrefix("Approval \(asked.id) is approved by slack:U0BOB") }, "the channel")
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(1_000))
        #expect(fixture.api.ledger == ["stop 12346", "start 12346", "reboot 12346"])
        try await fixture.alert("resolved", server: "db-server-01")
        try await fixture.advance(by: .seconds(300))
        #expect(try await fixture.newestRun().state == .succeeded)
        #expect(try await fixture.store.approvals(onlyOpen: false, limit: 9).count == 1)
        #expect(try await fixture.messages().contains { $0.contains("Approval \(asked.id), rule db-down. Done:") })
    }

    @Test("two are needed: the same person twice is one, two people are two")
    func twoNeeded() async throws {
        let fixture = try EngineFixture(rules: Self.twoPeople)
        try await fixture.alert("firing", server: "db-server-01")
        let id = try await fixture.question().id
        try await fixture.command("approve \(id)", user: "U0BOB", trigger: "a")
        try await fixture.command("approve \(id)", user: "U0BOB", trigger: "b")
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.messages().contains { $0.hasPrefix("You approved \(id) before: 1 of 2") })
        try await fixture.command("APPROVE \(id.rawValue.uppercased())", user: "U0CLEO", trigger: "c")
        #expect(fixture.api.ledger == ["stop 12346"])
        #expect(try await fixture.reasons() == [.needsApproval, .approvalCounted, .alreadyApproved, .approved])
    }

    @Test("the command line approves too, and counts as one person")
    func commandLine() async throws {
        let fixture = try EngineFixture(rules: Self.twoPeople)
        try await fixture.alert("firing", server: "db-server-01")
        let id = try await fixture.question().id
        for expected in ["Counted for", "You approved"] {
            #expect(try await fixture.answer(.approve, id, by: .commandLine).text.hasPrefix(expected))
        }
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.command("approve \(id)", user: "U0ANN")
        #expect(fixture.api.ledger == ["stop 12346"])
    }

    @Test(
        "who is not an approver is told so, and it is audited",
        arguments: [("U0STRANGER", Reason.notAnApprover), ("u0bob", .notAnApprover), ("U0BOBB", .notAnApprover)])
    func stranger(user: String, reason: Reason) async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let id = try await fixture.question().id
        for (number, verdict) in ["approve", "deny"].enumerated() {
            try await fixture.command("\(verdict) \(id)", user: user, trigger: "t\(number)")
        }
        #expect(try await fixture.question().state == .open && fixture.api.ledger.isEmpty)
        #expect(try await fixture.messages().filter { $0.hasPrefix("You may not decide \(id)") }.count == 2)
        let audit = try await fixture.approvalAudit().dropFirst()
        #expect(audit.map(\.reason) == [reason, reason] && audit.allSatisfy { $0.actor == "slack:\(user)" && $0.run != nil })
    }

    @Test("an approver of one source is nobody in another")
    func otherSource() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let asked = try await fixture.question()
        let people = [("slack", "U0CLEO", true), ("other", "U0CLEO", false), ("slack", "U0BOB", true), ("other", "U0BOB", true)]
        for (source, user, isAllowed) in people {
            let person = ApprovalDesk.Person.chat(source: source, userID: user)
            #expect((ApprovalDesk.refusal(of: .approve, asked, by: person) == nil) == isAllowed, "\(source):\(user)")
        }
    }

    @Test(
        "what is no answer to an open question is told",
        arguments: [
            ("approve zzzzzz", "There is no approval zzzzzz"), ("approve", "Usage: /vps approve ID"),
            ("deny", "Usage: /vps deny ID [REASON]"), ("approve 12", "Usage"), ("approve zzzzzz please", "Usage"),
        ])
    func unknown(text: String, told: String) async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let event = try #require(fixture.commandEvent(text, user: "U0BOB"))
        let atOnce = fixture.judge(event).text
        try await fixture.command(text, user: "U0BOB")
        let later = try await fixture.messages()
        #expect(atOnce.hasPrefix(told) || later.contains { $0.hasPrefix(told) })
        #expect(try await fixture.question().state == .open && fixture.api.ledger.isEmpty)
        let reasons = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 20).map(\.reason)
        #expect(reasons.contains(.noSuchApproval) || reasons.contains(.badArguments))
    }

    // MARK: Not approving

    @Test("denied: nothing is sent, everybody is told who and why, and a later approval says so")
    func denied() async throws {
        let fixture = try EngineFixture(rules: Self.twoPeople)
        try await fixture.alert("firing", server: "db-server-01")
        let id = try await fixture.question().id
        try await fixture.command("approve \(id)", user: "U0ANN", trigger: "a")
        try await fixture.command("deny \(id) backup is running", user: "U0BOB", trigger: "b")
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .approvalDenied)
        #expect(run.detail.contains("denied by slack:U0BOB") && run.detail.contains("(backup is running)"))
        #expect(try await fixture.messages().contains { $0.hasPrefix("Approval \(id), rule db-down. Not done:") })
        try await fixture.command("approve \(id)", user: "U0CLEO", trigger: "c")
        let told = try await fixture.messages()
        #expect(told.contains { $0.hasPrefix("Approval \(id) is not open any more: denied by slack:U0BOB") })
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(3_600))
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.reasons() == [.needsApproval, .approvalCounted, .approvalDenied, .approvalClosed])
    }

    @Test("no answer is a no: the run expires when its time is over, people are told, and an answer comes too late")
    func expired() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let asked = try await fixture.question()
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(1_799))
        #expect(try await fixture.onlyRun().state == .approval)
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == .expired && run.reason == .approvalExpired && run.finishedAt == asked.expiresAt)
        #expect(try await fixture.question().state == .expired)
        let told = try await fixture.messages()
        #expect(told.contains { $0.contains("Not done any more: nobody decided \(asked.id) in time (0 of 1") })
        #expect(told.contains("db-server-01 is still down"), "the last rung tells people in any case")
        try await fixture.command("approve \(asked.id)", user: "U0BOB")
        #expect(try await fixture.messages().contains { $0.hasPrefix("Approval \(asked.id) is not open any more: expired") })
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("resolved while people are asked: cancelled, the question is void, nothing is sent")
    func resolved() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        try await fixture.alert("firing", server: "db-server-01")
        let id = try await fixture.question().id
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("resolved", server: "db-server-01")
        #expect(try await fixture.onlyRun().reason == .resolved)
        #expect(try await fixture.question().state == .void)
        #expect(
            try await fixture.messages().contains { $0.hasPrefix("Approval \(id), rule db-down. Not done: the problem was over") }
        )
        try await fixture.command("approve \(id)", user: "U0BOB")
        #expect(try await fixture.messages().contains { $0.hasPrefix("Approval \(id) is not open any more: void") })
        #expect(fixture.api.ledger.isEmpty)
    }
}
