package import Model

/// What the engine asks of durable storage: verbs, each one transaction, plain values in and out, time passed in.
///
/// When a call returns, what it wrote is on disk (`fsync` returned). Implementations may commit the calls of several callers
/// together (group commit); a call that fails never takes another caller's down, save that a disk that refuses a group refuses it
/// to all of them. A call that returns `StoreError.unwritable` wrote nothing that a read can see; after a crash it may be found
/// written all the same. Safe to call from any task; a cancelled task still gets the outcome of what it called.
package protocol Store: Sendable {
    /// Keeps a delivery before its sender is answered.
    ///
    /// A delivery whose `dedupKey` the source used within the last 76 hours is not stored again (the longest retry of a known
    /// sender); they count from `receivedAt` of the delivery that was stored. Keys are compared byte by byte.
    /// - Throws: `StoreError.full` when the bounded queue of waiting writers is full, `.unwritable` when the disk refuses.
    func accept(_ delivery: NewDelivery) async throws(StoreError) -> Acceptance

    /// Writes what the dispatcher decided on one or more deliveries: episodes, runs, audit and dead letters, and marks the
    /// deliveries dispatched, all or nothing.
    ///
    /// A new run is dropped silently when its rule has a run for that episode already, or for that same event; an ended one that is
    /// renewable is in the way only until `renewsAfter`. Its episode is the open one of its key, else the newest. The end of an episode makes its unfinished runs due at `now`; an opening or a
    /// refresh makes those due that are `held` and may wait for a word; what a guard holds, its end wakes. A run that a worker has
    /// just then is due at once when the worker lets go of it.
    /// - Throws: `StoreError.conflict` when a delivery is decided on already or does not exist, or when a run names an episode
    ///   that was never opened; nothing was written.
    func commit(_ batch: DispatchBatch) async throws(StoreError)

    /// Takes due runs for this worker: not final, `dueAt` past, nobody's lease on them. Urgent runs first, then by `dueAt`.
    ///
    /// Each claim raises the run's `epoch` and sets its lease; writes with an older epoch are refused from then on.
    func claimRuns(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedRun]

    /// Writes a run's next state with everything that belongs to it, if the run still has that epoch and the guards allow it.
    ///
    /// Its rule, revision, episode, event, epoch and `createdAt` stay as they are. A final state ends the lease and sets
    /// `finishedAt` when the run has none. When a run gives up its lane or its place among the concurrent ones, the runs that are
    /// `held` for `laneBusy` or `maxConcurrent` become due at `now`.
    ///
    /// A question to people is checked against the guards as an intent would be, and spends nothing. A final state voids the run's
    /// open question.
    ///
    /// Evidence is written with the step, after the guards; it wakes the problem's other runs as a repeat or a resolve does.
    /// A step that rests on an answer which the sender has overtaken is refused, guards or not.
    ///
    /// Guards are checked in this order: lane, `max_concurrent`, cooldown, `after`, budgets of the lane, budgets of the fleet. A lane that
    /// another run holds is refused without guards too.
    /// - Throws: `StoreError.conflict` when the run does not exist, when ``RunState/mayBecome(_:)`` does not allow the step, when
    ///   an intent is opened while one is open or closed that is not the open one, or when a guarded intent has no lane; nothing
    ///   was written.
    func commit(_ transition: RunTransition) async throws(StoreError) -> TransitionResult

    /// Counts a person's answer to a question, if it is still open; the caller made sure that this person may answer it.
    ///
    /// The same person counts once; a no decides at once, and a yes when as many different people said it as are required. A
    /// question whose time is over becomes `expired` instead. What becomes decided makes its run due at `vote.at`. Every call writes
    /// an audit entry, whatever came of it.
    func decide(_ vote: NewApprovalVote) async throws(StoreError) -> ApprovalOutcome

    /// Stores the instants of schedules that are to be run as deliveries, each once, with what is audited of the others, and keeps how
    /// far every schedule was followed; all or nothing.
    /// - Returns: how many deliveries were not stored before.
    func commit(_ tick: ScheduleTick) async throws(StoreError) -> Int

    /// Extends the leases of runs that a worker still works on; runs that were taken away meanwhile are left alone.
    func heartbeat(_ runs: [RunID: Int64], leaseUntil: Timestamp) async throws(StoreError)

    /// Frees runs whose worker is gone: those with a lease that ended by `now`, or all when `everything` (at start, when this
    /// process holds the data directory alone). A `running` run becomes `unknown` when it has an open intent and `ready` when it
    /// has none; all become due at `now`. Their epochs grow, so that a worker that was only slow is fenced.
    /// - Returns: how many were freed.
    func rescue(now: Timestamp, everything: Bool) async throws(StoreError) -> Int

    /// Closes as stale the open episodes that nothing refreshed since `before`, and makes their unfinished runs due at `now`.
    func closeStaleEpisodes(before: Timestamp, now: Timestamp) async throws(StoreError) -> Int

    /// Takes due messages from the outbox, answers to commands first, then longest due first, and hides them until `hiddenUntil`;
    /// each take counts as an attempt.
    func claimMessages(now: Timestamp, hiddenUntil: Timestamp, limit: Int) async throws(StoreError) -> [OutboxMessage]

    /// Says how sending a message went: delivered, to be tried again at a time, postponed without having counted, or given up; one
    /// that is settled stays so.
    /// - Throws: `StoreError.conflict` when there is no such message.
    func finishMessage(_ id: MessageID, _ result: MessageResult, now: Timestamp) async throws(StoreError)

    /// Keeps the texts of a rule set, so that runs and old events can be explained under the rules of their time; a known
    /// revision is left as it is.
    func saveRuleSet(_ ruleSet: StoredRuleSet) async throws(StoreError)

    /// Appends to the audit what belongs to no run (start, stop, a refused reload), and puts what people are told of it into the
    /// outbox, all or nothing.
    func audit(_ entries: [AuditEntry], messages: [NewMessage], now: Timestamp) async throws(StoreError)

    /// Writes what a person says of a server, that it is the bridge's or no longer, with its audit entry; neither when nothing changes
    /// by it.
    /// - Returns: whether it changed anything.
    func changeOwnership(_ change: OwnershipChange, audit: AuditEntry, now: Timestamp) async throws(StoreError) -> Bool

    /// Notes through when the daily digest was told, and puts it into the outbox, all or nothing.
    ///
    /// `after` is through when it was told before, `nil` for never. When another was told meanwhile nothing is written.
    /// - Returns: whether it was written.
    func recordDigest(
        after: Timestamp?, through: Timestamp, messages: [NewMessage], now: Timestamp
    ) async throws(StoreError) -> Bool

    /// Keeps when senders were heard, with what people are told of it, all or nothing.
    func savePulses(
        _ pulses: [String: SourcePulse], audit: [AuditEntry], messages: [NewMessage], now: Timestamp
    ) async throws(StoreError)

    /// Proves that the store takes writes.
    func checkWritable() async throws(StoreError)
}

/// What reads of storage there are; a read sees everything that was committed before it began.
package protocol Queries: Sendable {
    /// Deliveries that the dispatcher has not decided on, urgent ones first, then oldest first.
    ///
    /// May return fewer than `limit` when their bodies are large; empty only when there are none.
    func undispatched(limit: Int) async throws(StoreError) -> [Delivery]
    /// The open episodes of those keys. Keys are compared byte by byte, but a dictionary takes canonically equivalent ones for
    /// the same.
    func openEpisodes(_ keys: [EpisodeKey]) async throws(StoreError) -> [EpisodeKey: Episode]
    /// The episodes of those keys that their source's own API ended and of which their sender has not spoken since; one for a key at most.
    /// Keys are compared as by ``openEpisodes(_:)``.
    func episodesAwaitingWord(_ keys: [EpisodeKey]) async throws(StoreError) -> [EpisodeKey: Episode]
    func run(_ id: RunID) async throws(StoreError) -> Run?
    /// Runs, newest first.
    func runs(limit: Int) async throws(StoreError) -> [Run]
    /// A question to people with its answers.
    func approval(_ id: ApprovalID) async throws(StoreError) -> ApprovalRequest?
    /// Questions to people, newest first; with `onlyOpen` those that wait for an answer.
    func approvals(onlyOpen: Bool, limit: Int) async throws(StoreError) -> [ApprovalRequest]
    /// The intents of a run in the order in which they were written.
    func intents(of run: RunID) async throws(StoreError) -> [Intent]
    /// What is paused at that instant, oldest first.
    func pauses(at now: Timestamp) async throws(StoreError) -> [Pause]
    /// The runs that wait for a pause or for the stop switch, those first that owe a start.
    func pausedRuns(limit: Int) async throws(StoreError) -> [PausedRun]
    /// The servers that this bridge created and that are not known to be gone, by their ids.
    func createdServers() async throws(StoreError) -> [CreatedServer]
    /// Every create whose server was or may have been there at some time from `start` to before `end`, oldest first.
    func purchases(from start: Timestamp, to end: Timestamp) async throws(StoreError) -> [Purchase]
    func delivery(_ id: DeliveryID) async throws(StoreError) -> Delivery?
    /// What was decided on a delivery: when, by which rules, and which runs it began. `nil` when there is no such delivery.
    func decision(on id: DeliveryID) async throws(StoreError) -> DeliveryDecision?
    /// The audit entries of a run or a delivery (of either when both are given), or all, oldest first, `limit` at most, from the
    /// newest back.
    func auditEntries(run: RunID?, delivery: DeliveryID?, limit: Int) async throws(StoreError) -> [AuditEntry]
    /// Dead letters that nobody has settled, newest first.
    func deadLetters(limit: Int) async throws(StoreError) -> [DeadLetter]
    func ruleSet(_ revision: RuleSetRevision) async throws(StoreError) -> StoredRuleSet?
    /// How far every schedule was followed, by the rules' names.
    func scheduleCursors() async throws(StoreError) -> [ScheduleCursor]
    /// The earliest instant at which an unfinished run without a lease is due.
    func nextDue() async throws(StoreError) -> Timestamp?
    /// The earliest instant at which a message of the outbox is due.
    func nextMessageDue() async throws(StoreError) -> Timestamp?
    /// Through when the daily digest was told; `nil` for never.
    func digestedThrough() async throws(StoreError) -> Timestamp?
    /// What happened after the one and up to the other instant; at most 1,000 lines.
    func digest(after: Timestamp, through: Timestamp) async throws(StoreError) -> DigestCounts
    /// When senders were heard, by source.
    func sourcePulses() async throws(StoreError) -> [String: SourcePulse]
    /// Counts for metrics and `status`.
    func counts() async throws(StoreError) -> StoreCounts
}

/// What became of a delivery that was handed to ``Store/accept(_:)``.
package enum Acceptance: Sendable, Hashable {
    case stored(DeliveryID)
    /// The sender's key was seen before; nothing was stored.
    case duplicate(of: DeliveryID)
}

/// Why the store could not do what it was asked.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        /// Too many callers wait to write: answer 503 and let the sender come again.
        case full
        /// The disk refused (full, read-only, I/O error): answer 503; writing works again by itself once the disk does.
        case unwritable
        /// Somebody else changed it first; read again.
        case conflict
        /// The file is not usable: damaged, of a newer version, or locked by another process.
        case unusable
        /// The store was closed.
        case closed
    }

    package let code: Code
    /// For people; no statement arguments, no payload.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
