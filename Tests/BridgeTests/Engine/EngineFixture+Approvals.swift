import Engine
import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI
import Webhooks

extension EngineFixture {
    /// The newest question to people.
    func question() async throws -> ApprovalRequest {
        try #require(try await store.approvals(onlyOpen: false, limit: 1).first)
    }

    func run(of asked: ApprovalRequest) async throws -> Run {
        try #require(try await store.run(asked.run))
    }

    /// An approver says yes to the newest question.
    func approve() async throws {
        let answered = try await answer(.approve, question().id, by: .chat(source: "slack", userID: "U0BOB"))
        #expect(answered.isCounted, "\(answered.text)")
    }

    func answer(
        _ verdict: ApprovalVote.Verdict, _ id: ApprovalID, by person: ApprovalDesk.Person, thenSettles: Bool = true
    ) async throws -> ApprovalDesk.Reply {
        let desk = ApprovalDesk(store: store, queries: store)
        let reply = try await desk.answer(verdict, id, by: person, reason: nil, now: clock.now())
        if thenSettles { try await settle() }
        return reply
    }

    /// The process is gone at once and comes back.
    func crash() async throws {
        restart { _ in }
        _ = try await store.rescue(now: clock.now(), everything: true)
        try await settle()
    }

    func approvalAudit() async throws -> [AuditEntry] {
        try await store.auditEntries(run: nil, delivery: nil, limit: 100).filter { $0.kind == .approval }
    }

    func reasons() async throws -> [Reason] {
        try await approvalAudit().compactMap(\.reason)
    }

    func commandEvent(_ text: String, user: String) -> Event? {
        let command = ChatCommand(
            name: "vps", text: text, userID: user, userName: "ann", channelID: "C0OPS", teamID: "T1", responseURL: nil)
        return Event(source: "slack", status: .command, fingerprint: "t", receivedAt: clock.now(), command: command)
    }

    func judge(_ event: Event) -> CommandVerdict {
        CommandDesk.judge(event, ruleSet: ruleSet)
    }

    /// A machine as a worker makes one.
    func machine(_ claimed: ClaimedRun) -> RunMachine {
        RunMachine(
            claimed: claimed, rule: ruleSet.rule(named: claimed.run.rule),
            event: (try? Webhooks.decode(
                claimed.delivery,
                source: WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none)))?.first,
            settings: settings, resolver: ServerResolver(aliases: [:]),
            offer: ApprovalOffer(id: ApprovalID(random: 1), command: "vps"))
    }
}
