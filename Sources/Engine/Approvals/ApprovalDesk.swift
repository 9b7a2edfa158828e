package import Model
package import Store

/// Takes people's answers to questions: who may answer, what is counted, and what they are told.
///
/// The store decides in one transaction; chat, command line and whatever comes later are only faces of this.
package struct ApprovalDesk: Sendable {
    /// Who answers.
    package enum Person: Sendable, Hashable {
        /// Somebody in a chat, by the configured source and the platform's immutable id.
        case chat(source: String, userID: String)
        /// Whoever may run the command line on the bridge's own machine. All of them count as one person: nothing tells them apart.
        case commandLine

        /// As the audit writes it.
        package var actor: String {
            switch self {
            case .chat(let source, let userID): "\(source):\(userID)"
            case .commandLine: "operator"
            }
        }
    }

    /// What came of an answer.
    package struct Reply: Sendable, Hashable {
        /// Whether it was counted now or before, so that what the person wanted holds.
        package var isCounted: Bool
        /// For the person.
        package var text: String
        /// What has to be written besides: a refusal of somebody who may not answer.
        package var audit: [AuditEntry]
    }

    private let store: any Store
    private let queries: any Queries

    package init(store: any Store, queries: any Queries) {
        self.store = store
        self.queries = queries
    }

    /// Counts an answer, or says why not; on disk when it returns, save for the entries of ``Reply/audit``.
    ///
    /// Asked twice for the same person and question, it counts once and says so.
    package func answer(
        _ verdict: ApprovalVote.Verdict, _ id: ApprovalID, by person: Person, reason: String?, delivery: DeliveryID? = nil,
        now: Timestamp
    ) async throws(StoreError) -> Reply {
        if let approval = try await queries.approval(id), let refusal = Self.refusal(of: verdict, approval, by: person) {
            let entry = AuditEntry(
                at: now, kind: .approval, reason: refusal.reason, delivery: delivery, run: approval.run, rule: approval.rule,
                server: approval.server, actor: person.actor, detail: "\(verdict.rawValue) \(id): not counted")
            return Reply(isCounted: false, text: refusal.text, audit: [entry])
        }
        let outcome = try await store.decide(
            NewApprovalVote(
                approval: id, person: person.actor, verdict: verdict, reason: ApprovalCommand.bounded(reason), delivery: delivery,
                at: now))
        return Self.reply(to: outcome, id)
    }

    /// Why that person may not give that answer; `nil` when they may.
    ///
    /// Ids are compared by bytes. Who asked for a run may always withdraw it, and approve it only where the rule says so; the same id
    /// in another source is the same person, since one workspace may speak through several sources.
    package static func refusal(
        of verdict: ApprovalVote.Verdict, _ approval: ApprovalRequest, by person: Person
    ) -> (reason: Reason, text: String)? {
        guard case .chat(let source, let userID) = person else { return nil }
        let isOwn = approval.requestedBy.map { ApprovalVote.isSamePerson($0, person.actor) } ?? false
        if isOwn, verdict == .deny { return nil }
        let isNamed = approval.approvers.contains { entry in
            entry.utf8.elementsEqual(userID.utf8) || entry.utf8.elementsEqual("\(source):\(userID)".utf8)
        }
        guard isNamed else {
            return (
                .notAnApprover,
                "You may not decide \(approval.id). Ask for your id (\(userID)) to be added to `approval.approvers` of rule \(approval.rule)."
            )
        }
        if isOwn, !approval.allowsSelfApproval {
            return (.selfApproval, "You asked for this yourself: somebody else has to approve \(approval.id).")
        }
        return nil
    }

    private static func reply(to outcome: ApprovalOutcome, _ id: ApprovalID) -> Reply {
        switch outcome {
        case .unknown:
            Reply(isCounted: false, text: "There is no approval \(id).", audit: [])
        case .closed(let approval):
            Reply(isCounted: false, text: "Approval \(id) is not open any more: \(approval.ending).", audit: [])
        case .repeated(let approval):
            Reply(
                isCounted: true,
                text: "You approved \(id) before: \(approval.approvals) of \(approval.required), more people are needed.",
                audit: [])
        case .counted(let approval):
            Reply(
                isCounted: true,
                text: "Counted for \(id): \(approval.approvals) of \(approval.required), more people are needed.", audit: [])
        case .decided(let approval) where approval.state == .approved:
            Reply(
                isCounted: true, text: "Approved: \(approval.action). Everything is judged once more before it is done.",
                audit: [])
        case .decided(let approval):
            Reply(isCounted: true, text: "Denied, nothing is done: \(approval.action).", audit: [])
        }
    }
}

extension ApprovalRequest {
    /// How it ended, for people: who decided, when, and what they said; of an open one, how far it is.
    package var ending: String {
        let at = decidedAt.map { " at \($0.rfc3339)" } ?? ""
        switch state {
        case .open:
            return "open, \(approvals) of \(required) approvals"
        case .approved:
            return "approved by \(votes.map(\.person).joined(separator: ", "))\(at)"
        case .denied:
            let no = votes.last { $0.verdict == .deny }
            return "denied by \(no?.person ?? "somebody")\(at)" + (no?.reason.map { " (\($0))" } ?? "")
        case .expired:
            return "expired\(at)"
        case .void:
            return "void\(at), its run ended before it was answered"
        }
    }
}
