package import Model

/// What keeping, clearing and reopening records asks of durable storage; the rules of ``Store`` hold for it too.
package protocol RecordStore: RecordQueries {
    /// Removes a few rows that nothing needs any more, in one transaction of a few milliseconds.
    ///
    /// Which rows stay whatever their age stands at ``PruneKind``.
    func prune(_ step: PruneStep) async throws(StoreError) -> PruneResult

    /// Moves the anchor of the audit behind its last entry that is older than `before`, and writes an entry that says so; the
    /// entries themselves go step by step, with ``prune(_:)``. What the future seems to have written is passed over.
    /// - Returns: how many entries stand before the anchor now that did not before.
    func anchorAudit(before: Timestamp, now: Timestamp) async throws(StoreError) -> Int

    /// Gives up to so many free pages at the end of the file back to the file system.
    /// - Returns: how many free pages are left.
    func shrink(pages: Int) async throws(StoreError) -> Int

    /// Writes what a person did with what is stored, all or nothing.
    /// - Throws: `StoreError.conflict` when the dead letter is settled or missing, the delivery is missing, or a run of the same
    ///   rule is at work on the same event or problem.
    func commit(_ act: RecordAct) async throws(StoreError) -> [RunID]
}

/// What a person did with a stored event or a dead letter.
package struct RecordAct: Sendable {
    package var now: Timestamp
    /// The dead letter that this settles, and how.
    package var settles: (id: DeadLetterID, as: Reason)?
    /// What is opened by it where the key never had an episode; anything else is left out. Made before the runs.
    package var episodes: [EpisodeChange]
    /// Runs to begin, although their rules may have had one for the same event; each with the entry that tells it, which gets the
    /// run's id.
    package var runs: [(run: NewRun, audit: AuditEntry)]
    package var audit: [AuditEntry]

    package init(
        now: Timestamp, settles: (id: DeadLetterID, as: Reason)? = nil, episodes: [EpisodeChange] = [],
        runs: [(run: NewRun, audit: AuditEntry)] = [],
        audit: [AuditEntry] = []
    ) {
        self.now = now
        self.settles = settles
        self.episodes = episodes
        self.runs = runs
        self.audit = audit
    }
}

/// What of the records can be read beside ``Queries``.
package protocol RecordQueries: Sendable {
    /// Follows the chain of the whole audit, in one snapshot.
    func verifyAudit(expecting: AuditMark?) async throws(StoreError) -> AuditCheck.Verdict
    /// Where the audit begins and ends now.
    func auditMarks() async throws(StoreError) -> (anchor: AuditMark, head: AuditMark)
    /// The entries behind one, in the order of their ids.
    func auditRecords(after: Int64, limit: Int) async throws(StoreError) -> [AuditRecord]
    /// Dead letters, newest first; with `onlyOpen` those that nobody has settled.
    func keptLetters(onlyOpen: Bool, limit: Int) async throws(StoreError) -> [KeptLetter]
    func keptLetter(_ id: DeadLetterID) async throws(StoreError) -> KeptLetter?
    /// What deliveries there are, newest first, without their bodies.
    func deliveryLines(limit: Int) async throws(StoreError) -> [DeliveryLine]
    /// Deliveries in the order of their ids from one on, received at `since` or later, at most so many and about 8 MiB of bodies.
    func deliveries(after: DeliveryID, since: Timestamp, limit: Int) async throws(StoreError) -> [Delivery]
    /// The servers that runs were about, with the names they had last.
    func knownServers() async throws(StoreError) -> [KnownServer]
    /// The requests behind one, in the order in which they were written, with the rules that asked for them.
    func requests(after: IntentID, limit: Int) async throws(StoreError) -> [RuleRequest]
    /// The rules of unfinished runs, each with its revision.
    func unfinishedRules() async throws(StoreError) -> [RuleOfRun]
    /// How large the file is and how much of it is free.
    func fileSize() async throws(StoreError) -> FileSize
}

/// A dead letter as it is kept.
package struct KeptLetter: Sendable, Hashable {
    package var id: DeadLetterID
    package var letter: DeadLetter
    package var settledAt: Timestamp?
    /// How it was settled; `nil` while it is open.
    package var settlement: String?

    package init(id: DeadLetterID, letter: DeadLetter, settledAt: Timestamp?, settlement: String?) {
        self.id = id
        self.letter = letter
        self.settledAt = settledAt
        self.settlement = settlement
    }
}

/// A delivery without its body.
package struct DeliveryLine: Sendable, Hashable {
    package var id: DeliveryID
    package var source: String
    package var receivedAt: Timestamp
    package var bytes: Int
    package var decidedAt: Timestamp?
    package var revision: RuleSetRevision?

    package init(
        id: DeliveryID, source: String, receivedAt: Timestamp, bytes: Int, decidedAt: Timestamp?, revision: RuleSetRevision?
    ) {
        self.id = id
        self.source = source
        self.receivedAt = receivedAt
        self.bytes = bytes
        self.decidedAt = decidedAt
        self.revision = revision
    }
}

/// A server that runs were about.
package struct KnownServer: Sendable, Hashable {
    package var id: ServerID
    package var name: String

    package init(id: ServerID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A request with the rule that asked for it.
package struct RuleRequest: Sendable, Hashable {
    package var intent: Intent
    package var rule: String
    package var serverName: String?

    package init(intent: Intent, rule: String, serverName: String?) {
        self.intent = intent
        self.rule = rule
        self.serverName = serverName
    }
}

/// A rule as a run began with it.
package struct RuleOfRun: Sendable, Hashable {
    package var rule: String
    package var revision: RuleSetRevision

    package init(rule: String, revision: RuleSetRevision) {
        self.rule = rule
        self.revision = revision
    }
}

/// How large a database's file is.
package struct FileSize: Sendable, Hashable {
    /// The file without its log, in bytes.
    package var bytes: Int
    /// What of it is free and is used again first, in bytes.
    package var freeBytes: Int

    package init(bytes: Int, freeBytes: Int) {
        self.bytes = bytes
        self.freeBytes = freeBytes
    }
}
