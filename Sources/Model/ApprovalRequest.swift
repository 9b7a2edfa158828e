/// A question to people: may this run do that? Written to disk before it is asked.
///
/// What it asks for is frozen: who approved something did not approve what it became afterwards. It is answered once; see ``State``.
package struct ApprovalRequest: Sendable, Hashable {
    /// Where a question stands. Only ``open`` ever changes.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// People are asked.
        case open
        /// As many people as required approved.
        case approved
        /// One person said no.
        case denied
        /// Nobody answered in time.
        case expired
        /// Its run ended before it was answered, so there is nothing left to approve.
        case void
    }

    package var id: ApprovalID
    package var run: RunID
    package var rule: String
    /// The rule's revision when it was asked.
    package var revision: RuleSetRevision
    package var state: State
    /// What will be done, for people: the action on which server, and what follows when it does not help.
    package var action: String
    /// The server as it was when people were asked; `nil` for a run without one.
    package var server: ServerID?
    package var serverName: String?
    package var serverStatus: ServerStatus?
    /// Who may answer by chat: ids of people, each alone or with its source before it (`U012` or `slack:U012`). Empty: nobody.
    package var approvers: [String]
    /// How many different people have to approve.
    package var required: Int
    /// Whether the person who asked for the run may approve it.
    package var allowsSelfApproval: Bool
    /// The person who asked for the run, as `slack:U012`; `nil` when an alert did.
    package var requestedBy: String?
    /// The channel where people are asked; `nil` when there is none, and the command line is the only way to learn of it.
    package var channel: String?
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    /// When it stopped being open.
    package var decidedAt: Timestamp?
    /// The answers that counted, in the order of their arrival.
    package var votes: [ApprovalVote]

    package init(
        id: ApprovalID, run: RunID, rule: String, revision: RuleSetRevision, state: State = .open, action: String,
        server: ServerID?, serverName: String?, serverStatus: ServerStatus?, approvers: [String], required: Int,
        allowsSelfApproval: Bool, requestedBy: String?, channel: String?, createdAt: Timestamp, expiresAt: Timestamp,
        decidedAt: Timestamp? = nil, votes: [ApprovalVote] = []
    ) {
        self.id = id
        self.run = run
        self.rule = rule
        self.revision = revision
        self.state = state
        self.action = action
        self.server = server
        self.serverName = serverName
        self.serverStatus = serverStatus
        self.approvers = approvers
        self.required = required
        self.allowsSelfApproval = allowsSelfApproval
        self.requestedBy = requestedBy
        self.channel = channel
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.decidedAt = decidedAt
        self.votes = votes
    }

    /// How many different people approved.
    package var approvals: Int { votes.count { $0.verdict == .approve } }

    /// Until when a run may begin on this approval: as long after the decision as people had for it. `nil` unless approved.
    ///
    /// A run that something else holds for longer asks again: what was approved then may be wrong now.
    package var goodUntil: Timestamp? {
        guard state == .approved, let decidedAt else { return nil }
        return decidedAt + expiresAt.since(createdAt)
    }
}

/// What one person answered.
package struct ApprovalVote: Sendable, Hashable {
    /// Yes or no.
    package enum Verdict: String, Sendable, Hashable, CaseIterable {
        case approve
        case deny
    }

    /// Who, as the audit writes it: `slack:U012`, or `operator` for the command line.
    package var person: String
    package var verdict: Verdict
    /// What the person said to it; bounded, `nil` for nothing.
    package var reason: String?
    package var at: Timestamp

    /// Whether two people, as the audit writes them, are one: the same id of a platform, whatever the source.
    ///
    /// One workspace may speak through several sources. Ids of different platforms that happen to be the same count as one person too,
    /// which refuses rather than counts twice. Compared by bytes.
    package static func isSamePerson(_ one: String, _ other: String) -> Bool {
        id(of: one).elementsEqual(id(of: other))
    }

    private static func id(of person: String) -> Substring.UTF8View {
        guard let colon = person.utf8.firstIndex(of: UInt8(ascii: ":")) else { return person[...].utf8 }
        return person[person.utf8.index(after: colon)...].utf8
    }

    package init(person: String, verdict: Verdict, reason: String? = nil, at: Timestamp) {
        self.person = person
        self.verdict = verdict
        self.reason = reason
        self.at = at
    }
}
