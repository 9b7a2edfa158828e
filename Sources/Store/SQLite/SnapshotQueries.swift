package import Model

/// Queries over a reader of the file: the store itself, and a process that only looks.
package protocol SnapshotQueries: Queries, RecordQueries, FleetQueries {
    /// Reads the file's snapshots.
    var reader: SnapshotReader { get }
}

extension SQLiteStore: SnapshotQueries {}

extension SnapshotQueries {
    package func undispatched(limit: Int) async throws(StoreError) -> [Delivery] {
        try await reader.read { try $0.undispatched(limit: limit) }
    }

    package func openEpisodes(_ keys: [EpisodeKey]) async throws(StoreError) -> [EpisodeKey: Episode] {
        try await reader.read { session in
            var found: [EpisodeKey: Episode] = [:]
            for key in keys { found[key] = try session.openEpisode(key) }
            return found
        }
    }

    package func episodesAwaitingWord(_ keys: [EpisodeKey]) async throws(StoreError) -> [EpisodeKey: Episode] {
        try await reader.read { session in
            var found: [EpisodeKey: Episode] = [:]
            for key in keys { found[key] = try session.episodeAwaitingWord(key) }
            return found
        }
    }

    package func run(_ id: RunID) async throws(StoreError) -> Run? {
        try await reader.read { try $0.run(id) }
    }

    package func runs(limit: Int) async throws(StoreError) -> [Run] {
        try await reader.read { try $0.runs(limit: limit) }
    }

    package func approval(_ id: ApprovalID) async throws(StoreError) -> ApprovalRequest? {
        try await reader.read { try $0.approval(id) }
    }

    package func approvals(onlyOpen: Bool, limit: Int) async throws(StoreError) -> [ApprovalRequest] {
        try await reader.read { try $0.approvals(onlyOpen: onlyOpen, limit: limit) }
    }

    package func intents(of run: RunID) async throws(StoreError) -> [Intent] {
        try await reader.read { try $0.intents(of: run) }
    }

    package func pauses(at now: Timestamp) async throws(StoreError) -> [Pause] {
        try await reader.read { try $0.pauses(at: now) }
    }

    package func pausedRuns(limit: Int) async throws(StoreError) -> [PausedRun] {
        try await reader.read { try $0.pausedRuns(limit: limit) }
    }

    package func digestedThrough() async throws(StoreError) -> Timestamp? {
        try await reader.read { try $0.digestedThrough() }
    }

    package func digest(after: Timestamp, through: Timestamp) async throws(StoreError) -> DigestCounts {
        try await reader.read { try $0.digest(after: after, through: through) }
    }

    package func sourcePulses() async throws(StoreError) -> [String: SourcePulse] {
        try await reader.read { try $0.sourcePulses() }
    }

    package func createdServers() async throws(StoreError) -> [CreatedServer] {
        try await reader.read { try $0.createdServers() }
    }

    package func purchases(from start: Timestamp, to end: Timestamp) async throws(StoreError) -> [Purchase] {
        try await reader.read { try $0.purchases(from: start, to: end) }
    }

    package func delivery(_ id: DeliveryID) async throws(StoreError) -> Delivery? {
        try await reader.read { try $0.delivery(id) }
    }

    package func decision(on id: DeliveryID) async throws(StoreError) -> DeliveryDecision? {
        try await reader.read { try $0.decision(on: id) }
    }

    package func auditEntries(run: RunID?, delivery: DeliveryID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try await reader.read { try $0.auditEntries(run: run, delivery: delivery, limit: limit) }
    }

    package func deadLetters(limit: Int) async throws(StoreError) -> [DeadLetter] {
        try await reader.read { try $0.deadLetters(limit: limit) }
    }

    package func scheduleCursors() async throws(StoreError) -> [ScheduleCursor] {
        try await reader.read { try $0.scheduleCursors() }
    }

    package func ruleSet(_ revision: RuleSetRevision) async throws(StoreError) -> StoredRuleSet? {
        try await reader.read { try $0.ruleSet(revision) }
    }

    package func nextDue() async throws(StoreError) -> Timestamp? {
        try await reader.read { try $0.nextDue() }
    }

    package func nextMessageDue() async throws(StoreError) -> Timestamp? {
        try await reader.read { try $0.nextMessageDue() }
    }

    package func counts() async throws(StoreError) -> StoreCounts {
        try await reader.read { try $0.counts() }
    }

    package func fleetCondition() async throws(StoreError) -> FleetCondition {
        try await reader.read { try $0.fleetCondition() }
    }

    package func isLookDue(now: Timestamp) async throws(StoreError) -> Bool {
        try await reader.read { session in
            try session.fleetState(.blind).map { $0.dueAt <= now } ?? false
        }
    }

    package func demotedRules() async throws(StoreError) -> [String: Timestamp] {
        try await reader.read { try $0.demotedRules() }
    }
}
