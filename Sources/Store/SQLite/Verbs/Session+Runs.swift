import Model

/// Runs: claiming, leases, waking, reading.
extension Session {
    func claim(_ request: ClaimRequest) throws -> [ClaimedRun] {
        try turnStorm(now: request.now, channels: request.channels)
        // What owes a server its start after a pause goes alone, before everything else.
        var claimed = try dueOwedStarts(request)
        for isUrgent in claimed.isEmpty ? [true, false] : [] {
            let limit = request.limit + (isUrgent ? request.urgentReserve : 0)
            if claimed.count < limit { claimed += try due(isUrgent: isUrgent, request, limit: limit - claimed.count) }
        }
        for index in claimed.indices {
            let id = SQLValue.int(claimed[index].run.id.rawValue)
            try execute(
                "UPDATE runs SET epoch = epoch + 1, lease_until = ?, woken_at = NULL WHERE id = ?",
                [.time(request.leaseUntil), id])
            claimed[index].run.epoch += 1
            claimed[index].lastIntent = try first(
                Self.lastIntent, [id], Self.readIntent)
            claimed[index].approval = try approval(of: claimed[index].run.id)
            claimed[index].isDemoted = try isDemoted(claimed[index].run.rule)
        }
        return claimed
    }

    /// Due runs with their delivery, their episode, and whether that problem is open.
    private func due(isUrgent: Bool, _ request: ClaimRequest, limit: Int) throws -> [ClaimedRun] {
        try all(
            Self.dueRuns, [.flag(isUrgent), .time(request.now), .time(request.now), .int(limit)], Self.readClaimed)
    }

    private func dueOwedStarts(_ request: ClaimRequest) throws -> [ClaimedRun] {
        try all(
            Self.dueOwed, [.time(request.now), .time(request.now), .int(request.limit + request.urgentReserve)],
            Self.readClaimed)
    }

    private static func readClaimed(_ row: inout RowReader) throws -> ClaimedRun {
        let run = try readRun(&row)
        let delivery = try readDelivery(&row)
        let seenAt = try row.optionalTime()
        let ending: Episode.Ending? = try row.optionalValue()
        let episode = row.isNull ? nil : try readEpisode(&row)
        return ClaimedRun(
            run: run, episode: episode, problemSeenAt: seenAt, latestEnding: ending, delivery: delivery, lastIntent: nil)
    }

    static let dueRuns = """
        \(claimable)
        WHERE r.finished_at IS NULL AND r.is_urgent = ? AND r.due_at <= ? AND (r.lease_until IS NULL OR r.lease_until <= ?)
        ORDER BY r.due_at, r.id LIMIT ?
        """

    static let dueOwed = """
        \(claimable)
        WHERE r.reason = 'paused' AND r.finished_at IS NULL AND r.due_at <= ? AND (r.lease_until IS NULL OR r.lease_until <= ?)
            AND r.state = 'verifying' AND \(owesStart)
        ORDER BY r.due_at, r.id LIMIT ?
        """

    private static let claimable = """
        SELECT \(runColumns), \(deliveryColumns),
            (SELECT o.last_seen_at FROM episodes o
                WHERE o.source = e.source AND o.fingerprint = e.fingerprint AND o.closed_at IS NULL),
            (SELECT o.ending FROM episodes o WHERE o.source = e.source AND o.fingerprint = e.fingerprint ORDER BY o.id DESC LIMIT 1),
            \(episodeColumns)
        FROM runs r JOIN deliveries d ON d.id = r.delivery JOIN delivery_bodies b ON b.delivery = d.id
            LEFT JOIN episodes e ON e.id = r.episode
        """

    func heartbeat(_ runs: [RunID: Int64], leaseUntil: Timestamp) throws {
        for (run, epoch) in runs {
            try execute(
                "UPDATE runs SET lease_until = max(lease_until, ?) WHERE id = ? AND epoch = ? AND lease_until IS NOT NULL",
                [.time(leaseUntil), .int(run.rawValue), .int(epoch)])
        }
    }

    /// Makes the unfinished runs of an episode due.
    ///
    /// A run that a worker has is noted as woken: the worker may have decided on what was before, and what it writes next must
    /// not push the run's next look into the future.
    func wakeRuns(of episode: EpisodeID, onlyHeld: Bool, now: Timestamp) throws {
        try execute(
            onlyHeld ? Self.wakeHeldOfEpisode : Self.wakeOfEpisode, [.time(now), .time(now), .int(episode.rawValue)])
    }

    /// Makes the other runs due that wait for a word of a problem.
    func wakeOthers(of episode: EpisodeID, than run: RunID, now: Timestamp) throws {
        try execute(
            "\(Self.wakeHeldOfEpisode) AND id <> ?",
            [.time(now), .time(now), .int(episode.rawValue), .int(run.rawValue)])
    }

    /// Makes one unfinished run due, or notes it when a worker has it.
    func wake(_ run: RunID, now: Timestamp) throws {
        try execute(Self.wakeOne, [.time(now), .time(now), .int(run.rawValue)])
    }

    /// Makes the runs due that waited for a lane or for their turn, and notes it for those that a worker is just judging.
    func wakeWaiting(now: Timestamp) throws {
        let waits = [SQLValue.time(now), .time(now), .text(Reason.laneBusy.rawValue), .text(Reason.maxConcurrent.rawValue)]
        try execute(Self.wakeHeldForPlace, waits)
        try execute(Self.wakeAsideForPlace, waits)
        try execute(Self.wakeLeased, [.time(now), .time(now)])
    }

    /// Makes the runs due that are held for that reason.
    func wakeHeld(for reason: Reason, now: Timestamp) throws {
        try execute(Self.wakeHeldForReason, [.time(now), .time(now), .text(reason.rawValue)])
    }

    /// Notes for those runs that a worker is just judging that what it judges by has changed.
    func wakeJudged(now: Timestamp) throws {
        try execute(Self.wakeLeased, [.time(now), .time(now)])
    }

    /// The states in which a worker may be about to find a guard in the way.
    private static let isWaiting = "state IN ('pending', 'held', 'approval', 'ready')"

    static let wake = """
        due_at = CASE WHEN lease_until IS NULL THEN min(due_at, ?) ELSE due_at END,
        woken_at = CASE WHEN lease_until IS NULL THEN NULL ELSE ? END
        """

    private static let wakeOne = "UPDATE runs SET \(wake) WHERE id = ? AND finished_at IS NULL"
    private static let wakeOfEpisode = "UPDATE runs SET \(wake) WHERE episode = ? AND finished_at IS NULL"
    private static let wakeHeldOfEpisode =
        "\(wakeOfEpisode) AND ((state = 'held' AND \(mayWaitForWord)) OR (lease_until IS NOT NULL AND \(isWaiting)))"

    /// Whether a word of its problem may be what a held run waits for. A guard that something else lifts wakes its runs itself: in a
    /// storm of repeats they would all be judged again, and read from VPS.org, for nothing.
    private static let mayWaitForWord: String = {
        let liftedOtherwise: [Reason] = [
            .paused, .storm, .blind, .maxUnhealthy, .flapping, .bootGrace, .maintenance, .personAtWork, .afterRule, .costCap,
            .laneBusy, .cooldown, .budgetSpent, .fleetBudgetSpent, .maxConcurrent,
        ]
        return "(reason IS NULL OR reason NOT IN (\(liftedOtherwise.map { "'\($0.rawValue)'" }.joined(separator: ", "))))"
    }()
    private static let wakeHeldForPlace = "UPDATE runs SET \(wake) WHERE state = 'held' AND reason IN (?, ?)"
    /// Those that gave their place away between two rungs.
    private static let wakeAsideForPlace =
        "UPDATE runs SET \(wake) WHERE \(GuardCheck.holdsLane) AND state = 'verifying' AND reason IN (?, ?)"
    private static let wakeHeldForReason = "UPDATE runs SET \(wake) WHERE state = 'held' AND reason = ?"
    private static let wakeLeased = "UPDATE runs SET \(wake) WHERE lease_until IS NOT NULL AND \(isWaiting)"

    func run(_ id: RunID) throws -> Run? {
        try first("SELECT \(Self.runColumns) FROM runs r WHERE r.id = ?", [.int(id.rawValue)], Self.readRun)
    }

    func runs(limit: Int) throws -> [Run] {
        try all("SELECT \(Self.runColumns) FROM runs r ORDER BY r.id DESC LIMIT ?", [.int(max(0, limit))], Self.readRun)
    }

    func intents(of run: RunID) throws -> [Intent] {
        try all(
            "SELECT \(Self.intentColumns) FROM intents i WHERE i.run = ? ORDER BY i.id", [.int(run.rawValue)], Self.readIntent)
    }

    func nextDue() throws -> Timestamp? {
        // One look into the index for each kind; `min(due_at)` over both would read every unfinished run.
        let instants = try [true, false].compactMap { isUrgent in
            try first(
                """
                SELECT due_at FROM runs WHERE finished_at IS NULL AND is_urgent = ? AND lease_until IS NULL
                ORDER BY due_at LIMIT 1
                """, [.flag(isUrgent)]
            ) { try $0.time() }
        }
        return try (instants + [fleetDue()].compactMap(\.self)).min()
    }

    static let runColumns = """
        r.id, r.rule, r.revision, r.episode, r.delivery, r.event_index, r.state, r.reason, r.detail, r.lane, r.server,
        r.server_name, r.rung, r.due_at, r.rung_deadline, r.healthy_since, r.attempts, r.epoch, r.is_urgent, r.created_at, r.finished_at,
        (SELECT p.progress FROM run_progress p WHERE p.run = r.id)
        """

    static func readRun(_ row: inout RowReader) throws -> Run {
        try Run(
            id: row.id(), rule: row.text(), revision: RuleSetRevision(rawValue: row.text()), episode: row.optionalID(),
            event: EventReference(delivery: row.id(), index: row.number()), state: row.value(), reason: row.optionalValue(),
            detail: row.text(), lane: row.optionalText().map(Lane.init(rawValue:)), server: row.optionalID(),
            serverName: row.optionalText(), rung: row.number(), dueAt: row.time(), rungDeadline: row.optionalTime(),
            healthySince: row.optionalTime(), attempts: row.number(), epoch: row.int(), isUrgent: row.flag(),
            createdAt: row.time(), finishedAt: row.optionalTime(), progress: readProgress(&row))
    }

    static let intentColumns = """
        i.id, i.run, i.rung, i.step, i.operation, i.server, i.pre_status, i.pre_updated_at, i.method, i.url, i.request_hash, i.name,
        i.body, i.created_at, i.outcome, i.finished_at
        """

    private static let lastIntent = "SELECT \(intentColumns) FROM intents i WHERE i.run = ? ORDER BY i.id DESC LIMIT 1"

    static func readIntent(_ row: inout RowReader) throws -> Intent {
        try Intent(
            id: row.id(), run: row.id(), rung: row.number(), step: row.number(), kind: row.value(), server: row.optionalID(),
            preStatus: row.optionalText().map(ServerStatus.init(rawValue:)), preUpdatedAt: row.optionalTime(),
            request: readRequest(&row), createdAt: row.time(), outcome: row.optionalValue(), finishedAt: row.optionalTime())
    }
}
