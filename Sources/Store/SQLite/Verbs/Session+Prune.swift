import Model

/// Clearing away what is old, a few rows at a time.
extension Session {
    func prune(_ step: PruneStep) throws -> PruneResult {
        let begun = ContinuousClock.now
        let (removed, next) =
            switch step.kind {
            case .messages: try prune("messages", Self.oldMessages, step)
            case .deadLetters: try prune("dead_letters", Self.oldLetters, step)
            case .episodes: try prune("episodes", Self.oldEpisodes, step)
            case .runs: try pruneRuns(step)
            case .deliveries: try pruneDeliveries(step)
            case .createdServers: try pruneCreatedServers(step)
            case .ruleSets: (0, Int64?.none)
            case .audit: try pruneAudit(step)
            }
        return PruneResult(removed: removed, next: next, took: ContinuousClock.now - begun)
    }

    /// A row that may be old: rows are looked at in the order of their ids, which grow with time.
    private struct Candidate {
        let id: Int64
        /// When it began.
        let at: Timestamp
        let isFree: Bool
        var bytes = 0
    }

    // Each reads `id, when it began, whether it may go` behind an id, and takes `before` first.

    private static let oldMessages = """
        SELECT id, created_at, finished_at IS NOT NULL AND finished_at < ? FROM messages WHERE id > ? ORDER BY id LIMIT ?
        """
    private static let oldLetters = """
        SELECT id, at, settled_at IS NOT NULL AND settled_at < ? FROM dead_letters WHERE id > ? ORDER BY id LIMIT ?
        """
    private static let oldEpisodes = """
        SELECT e.id, e.opened_at, e.closed_at IS NOT NULL AND e.closed_at < ?
            AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.episode = e.id)
        FROM episodes e WHERE e.id > ? ORDER BY e.id LIMIT ?
        """
    private static let oldRuns = """
        SELECT r.id, r.created_at, r.finished_at IS NOT NULL AND r.finished_at < ?
            AND NOT EXISTS (SELECT 1 FROM intents i WHERE i.run = r.id AND i.outcome IS NULL)
            AND NOT EXISTS (SELECT 1 FROM episodes e WHERE e.id = r.episode AND e.closed_at IS NULL)
            AND EXISTS (SELECT 1 FROM runs n WHERE n.rule = r.rule AND n.finished_at IS NOT NULL
                AND n.finished_at > r.finished_at LIMIT 1 OFFSET \(PruneStep.runsKeptOfRule - 1))
        FROM runs r WHERE r.id > ? ORDER BY r.id LIMIT ?
        """
    private static let oldDeliveries = """
        SELECT d.id, d.received_at, d.received_at < ? AND d.dispatched_at IS NOT NULL
                AND (d.dedup_key IS NULL OR d.received_at <= ?)
                AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.delivery = d.id AND r.finished_at IS NULL)
                AND (d.received_at < ?
                    OR NOT EXISTS (SELECT 1 FROM dead_letters l WHERE l.delivery = d.id AND l.settled_at IS NULL)),
            (SELECT length(b.body) FROM delivery_bodies b WHERE b.delivery = d.id)
        FROM deliveries d WHERE d.id > ? ORDER BY d.id LIMIT ?
        """

    /// How many bytes of bodies one step removes, give or take one body.
    private static let bytesOfStep = 1 << 20

    private func prune(_ table: String, _ query: String, _ step: PruneStep) throws -> (Int, Int64?) {
        let found = try candidates(query, [.time(step.before), .integer(step.after), .int(step.limit)])
        return try remove(found, step) { try execute("DELETE FROM \(table) WHERE id = ?", [.integer($0)]) }
    }

    private func pruneRuns(_ step: PruneStep) throws -> (Int, Int64?) {
        let found = try candidates(Self.oldRuns, [.time(step.before), .integer(step.after), .int(step.limit)])
        return try remove(found, step) { id in
            for statement in [
                "DELETE FROM run_progress WHERE run = ?", "DELETE FROM intents WHERE run = ?",
                "DELETE FROM approval_votes WHERE approval IN (SELECT id FROM approvals WHERE run = ?)",
                "DELETE FROM approvals WHERE run = ?", "DELETE FROM runs WHERE id = ?",
            ] { try execute(statement, [.integer(id)]) }
        }
    }

    private func pruneDeliveries(_ step: PruneStep) throws -> (Int, Int64?) {
        var bytes = 0
        let found = try all(
            Self.oldDeliveries,
            [
                .time(step.before), .time(step.now - Self.dedupWindow), .time(step.lettersBefore), .integer(step.after),
                .int(step.limit),
            ],
            until: { (candidate: Candidate) in
                if candidate.isFree { bytes += candidate.bytes }
                return bytes >= Self.bytesOfStep
            }
        ) { row in
            try Candidate(
                id: row.int(), at: row.time(), isFree: row.flag(), bytes: row.optionalInt().map { Int($0) } ?? 0)
        }
        return try remove(found, step, isCutShort: bytes >= Self.bytesOfStep) {
            try execute("DELETE FROM deliveries WHERE id = ?", [.integer($0)])
        }
    }

    private func pruneCreatedServers(_ step: PruneStep) throws -> (Int, Int64?) {
        let removed = try execute(
            """
            DELETE FROM created_servers WHERE server IN (
                SELECT server FROM created_servers WHERE deleted_at < ? LIMIT ?)
            """, [.time(step.before), .int(step.limit)])
        return (removed, removed == step.limit ? 0 : nil)
    }

    private func pruneAudit(_ step: PruneStep) throws -> (Int, Int64?) {
        let anchor = try auditMark(.anchor)
        let ids = try all(
            "SELECT id FROM audit WHERE id <= ? ORDER BY id LIMIT ?", [.integer(anchor.id), .int(step.limit)]
        ) { try $0.int() }
        guard let first = ids.first, let last = ids.last else { return (0, nil) }
        try execute("DELETE FROM audit WHERE id BETWEEN ? AND ?", [.integer(first), .integer(last)])
        return (ids.count, ids.count == step.limit ? last : nil)
    }

    private func candidates(_ query: String, _ values: [SQLValue]) throws -> [Candidate] {
        try all(query, values) { row in Candidate(id: try row.int(), at: try row.time(), isFree: try row.flag()) }
    }

    /// Removes what may go up to the first row that is young; one that a clock gone wrong put into the future is passed over.
    private func remove(
        _ candidates: [Candidate], _ step: PruneStep, isCutShort: Bool = false, _ body: (Int64) throws -> Void
    ) throws -> (Int, Int64?) {
        let old = candidates.prefix { $0.at < step.before || $0.at > step.now }
        var removed = 0
        for candidate in old where candidate.isFree {
            try body(candidate.id)
            removed += 1
        }
        let isMore = old.count == candidates.count && (isCutShort || candidates.count == step.limit)
        return (removed, isMore ? old.last?.id : nil)
    }

    // MARK: Rule sets

    /// Rule sets that came into force last before `before` and that nothing kept was judged by; reads every run and delivery.
    func unusedRuleSets(before: Timestamp) throws -> [RuleSetRevision] {
        try all(
            """
            SELECT revision FROM rule_sets WHERE taken_at < ?
                AND revision NOT IN (SELECT revision FROM runs)
                AND revision NOT IN (SELECT revision FROM deliveries WHERE revision IS NOT NULL) ORDER BY revision
            """, [.time(before)]
        ) { RuleSetRevision(rawValue: try $0.text()) }
    }

    /// Removes a rule set unless it has come into force since.
    func removeRuleSet(_ revision: RuleSetRevision, before: Timestamp) throws -> Bool {
        let key = SQLValue.text(revision.rawValue)
        guard try exists("SELECT 1 FROM rule_sets WHERE revision = ? AND taken_at < ?", [key, .time(before)]) else {
            return false
        }
        try execute("DELETE FROM rule_set_files WHERE revision = ?", [key])
        return try execute("DELETE FROM rule_sets WHERE revision = ?", [key]) == 1
    }

    // MARK: The file

    /// - Returns: how many free pages are left; 0 where the file can not shrink.
    func shrink(pages: Int) throws -> Int {
        guard try count("PRAGMA auto_vacuum") == 2 else { return 0 }
        try script("PRAGMA incremental_vacuum(\(max(1, pages)))")
        return try count("PRAGMA freelist_count")
    }

    func fileSize() throws -> FileSize {
        let page = try count("PRAGMA page_size")
        return FileSize(bytes: try count("PRAGMA page_count") * page, freeBytes: try count("PRAGMA freelist_count") * page)
    }
}
