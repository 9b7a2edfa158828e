import JSON
import Model

/// Questions to people and their answers; at most one open question per run, which a unique index sees to.
extension Session {
    func ask(_ approval: ApprovalRequest) throws {
        try execute(
            """
            INSERT INTO approvals (id, run, rule, revision, state, action, server, server_name, server_status, approvers, required,
                allows_self, requested_by, channel, created_at, expires_at)
            VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(approval.id.rawValue), .int(approval.run.rawValue), .text(approval.rule), .text(approval.revision.rawValue),
                .text(approval.action), .int(approval.server?.rawValue), .text(approval.serverName),
                .text(approval.serverStatus?.rawValue),
                .text(JSONValue.array(approval.approvers.map { .string($0) }).description),
                .int(approval.required), .flag(approval.allowsSelfApproval), .text(approval.requestedBy),
                .text(approval.channel), .time(approval.createdAt), .time(approval.expiresAt),
            ])
    }

    /// - Returns: whether it was still open, and this made it what it is now.
    func close(_ id: ApprovalID, as state: ApprovalRequest.State, now: Timestamp) throws -> Bool {
        try execute(
            "UPDATE approvals SET state = ?, decided_at = ? WHERE id = ? AND state = 'open'",
            [.text(state.rawValue), .time(now), .text(id.rawValue)]) == 1
    }

    /// A run that ended has nothing left to approve.
    func voidApproval(of run: RunID, now: Timestamp) throws {
        try execute(
            "UPDATE approvals SET state = 'void', decided_at = ? WHERE run = ? AND state = 'open'",
            [.time(now), .int(run.rawValue)])
    }

    func decide(_ vote: NewApprovalVote) throws -> ApprovalOutcome {
        let outcome = try count(vote)
        let (reason, detail): (Reason, String) =
            switch outcome {
            case .unknown: (.noSuchApproval, "")
            case .closed(let approval): (.approvalClosed, ": it is \(approval.state.rawValue)")
            case .repeated: (.alreadyApproved, ": counted before")
            case .counted(let approval): (.approvalCounted, ": \(approval.approvals) of \(approval.required)")
            case .decided(let approval): (approval.state == .approved ? .approved : .approvalDenied, "")
            }
        let run = try outcome.approval.flatMap { try self.run($0.run) }
        let said = vote.reason.map { "; says: \($0)" } ?? ""
        try append(
            AuditEntry(
                at: vote.at, kind: .approval, reason: reason, delivery: vote.delivery ?? run?.event.delivery, run: run?.id,
                rule: run?.rule, server: run?.server, actor: vote.person,
                detail: "\(vote.verdict.rawValue) \(vote.approval)\(detail)\(said)"))
        return outcome
    }

    private func count(_ vote: NewApprovalVote) throws -> ApprovalOutcome {
        guard let known = try approval(vote.approval) else { return .unknown }
        guard known.state == .open else { return .closed(known) }
        guard vote.at < known.expiresAt else {
            if try close(known.id, as: .expired, now: vote.at) { try wake(known.run, now: vote.at) }
            return .closed(try approval(known.id) ?? known)
        }
        // One person is one row: an approval that is taken back before the others agreed becomes a no.
        let person = known.votes.first { ApprovalVote.isSamePerson($0.person, vote.person) }?.person ?? vote.person
        let isNew = try execute(
            """
            INSERT INTO approval_votes (approval, person, verdict, reason, at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (approval, person) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason, at = excluded.at
            WHERE verdict <> excluded.verdict
            """,
            [
                .text(known.id.rawValue), .text(person), .text(vote.verdict.rawValue), .text(vote.reason), .time(vote.at),
            ])
        guard isNew == 1, let counted = try approval(known.id) else { return .repeated(known) }
        let verdict: ApprovalRequest.State
        switch vote.verdict {
        case .deny: verdict = .denied
        case .approve:
            guard counted.approvals >= counted.required else { return .counted(counted) }
            verdict = .approved
        }
        guard try close(known.id, as: verdict, now: vote.at), let decided = try approval(known.id) else {
            return .closed(counted)
        }
        try wake(known.run, now: vote.at)
        return .decided(decided)
    }

    func approval(_ id: ApprovalID) throws -> ApprovalRequest? {
        try first("SELECT \(Self.approvalColumns) FROM approvals a WHERE a.id = ?", [.text(id.rawValue)], Self.readApproval)
            .map(withVotes)
    }

    /// The newest question of a run.
    func approval(of run: RunID) throws -> ApprovalRequest? {
        try first(
            "SELECT \(Self.approvalColumns) FROM approvals a WHERE a.run = ? ORDER BY a.number DESC LIMIT 1",
            [.int(run.rawValue)], Self.readApproval
        ).map(withVotes)
    }

    func approvals(onlyOpen: Bool, limit: Int) throws -> [ApprovalRequest] {
        let condition = onlyOpen ? "WHERE a.state = 'open'" : ""
        return try all(
            "SELECT \(Self.approvalColumns) FROM approvals a \(condition) ORDER BY a.number DESC LIMIT ?", [.int(max(0, limit))],
            Self.readApproval
        ).map(withVotes)
    }

    private func withVotes(_ approval: ApprovalRequest) throws -> ApprovalRequest {
        var approval = approval
        approval.votes = try all(
            "SELECT person, verdict, reason, at FROM approval_votes WHERE approval = ?", [.text(approval.id.rawValue)]
        ) { row in
            try ApprovalVote(person: row.text(), verdict: row.value(), reason: row.optionalText(), at: row.time())
        }.sorted { $0.at < $1.at }
        return approval
    }

    private static let approvalColumns = """
        a.id, a.run, a.rule, a.revision, a.state, a.action, a.server, a.server_name, a.server_status, a.approvers, a.required,
        a.allows_self, a.requested_by, a.channel, a.created_at, a.expires_at, a.decided_at
        """

    private static func readApprovers(_ text: String) throws -> [String] {
        guard let list = (try? JSONValue.parse(Array(text.utf8)))?.arrayValue else {
            throw StoreError(.unusable, "the database holds approvers that are no list; keep the file and restore a copy")
        }
        return list.compactMap(\.stringValue)
    }

    private static func readApproval(_ row: inout RowReader) throws -> ApprovalRequest {
        try ApprovalRequest(
            id: ApprovalID(rawValue: row.text()), run: row.id(), rule: row.text(),
            revision: RuleSetRevision(rawValue: row.text()), state: row.value(), action: row.text(), server: row.optionalID(),
            serverName: row.optionalText(), serverStatus: row.optionalText().map(ServerStatus.init(rawValue:)),
            approvers: readApprovers(row.text()),
            required: row.number(), allowsSelfApproval: row.flag(), requestedBy: row.optionalText(), channel: row.optionalText(),
            createdAt: row.time(), expiresAt: row.time(), decidedAt: row.optionalTime())
    }
}
