import Model

/// What is stopped, and the runs that wait for it.
extension Session {
    func pause(_ request: NewPause) throws -> Pause {
        let key: [SQLValue] = [.text(request.scope.kind.rawValue), .text(request.scope.key)]
        let present = try pause(of: request.scope, at: request.at)
        if let present, !request.mayShorten, Self.lasts(present.until, atLeastAs: request.until) {
            let detail = "\(present.scope.words) is paused already, asked again: \(request.reason)"
            try note(.paused, detail, request.scope, request.actor, at: request.at)
            return present
        }
        // One that ended by itself is still there until its scope is paused anew.
        try execute(
            "UPDATE pauses SET lifted_at = ? WHERE scope = ? AND key = ? AND lifted_at IS NULL", [.time(request.at)] + key)
        let id = try insert(
            "INSERT INTO pauses (scope, key, reason, actor, since, until) VALUES (?, ?, ?, ?, ?, ?)",
            key + [.text(request.reason), .text(request.actor), .time(request.at), .time(request.until)])
        let pause = Pause(
            id: PauseID(rawValue: id), scope: request.scope, reason: request.reason, actor: request.actor, since: request.at,
            until: request.until)
        try note(.paused, pause.words, request.scope, request.actor, at: request.at)
        return pause
    }

    private func pause(of scope: PauseScope, at now: Timestamp) throws -> Pause? {
        try pauses(at: now).first { $0.scope.kind == scope.kind && $0.scope.key.utf8.elementsEqual(scope.key.utf8) }
    }

    private static func lasts(_ end: Timestamp?, atLeastAs other: Timestamp?) -> Bool {
        guard let end else { return true }
        return other.map { end >= $0 } ?? false
    }

    func resume(_ request: PauseEnd) throws -> ResumeOutcome {
        let lifted = try pause(of: request.scope, at: request.at)
        try execute(
            "UPDATE pauses SET lifted_at = ? WHERE scope = ? AND key = ? AND lifted_at IS NULL",
            [.time(request.at), .text(request.scope.kind.rawValue), .text(request.scope.key)])
        try note(
            .resumed,
            lifted.map { "resumes \($0.scope.words), paused by \($0.actor): \($0.reason)" }
                ?? "resumes \(request.scope.words), which was not paused",
            request.scope, request.actor, at: request.at)
        let waiting = try pausedRuns(limit: 1_000)
        _ = try wakePaused(now: request.at)
        return ResumeOutcome(lifted: lifted, remaining: try pauses(at: request.at), waiting: waiting)
    }

    /// Also those that a worker is just judging: it may have met the pause before it was lifted.
    func wakePaused(now: Timestamp) throws -> Int {
        try execute(
            "UPDATE runs SET \(Self.wake) WHERE lease_until IS NOT NULL AND finished_at IS NULL", [.time(now), .time(now)])
        return try execute(
            "UPDATE runs SET \(Self.wake) WHERE reason = 'paused' AND finished_at IS NULL", [.time(now), .time(now)])
    }

    /// The pauses that are in force, oldest first.
    func pauses(at now: Timestamp) throws -> [Pause] {
        try all(
            """
            SELECT id, scope, key, reason, actor, since, until FROM pauses INDEXED BY pauses_present
            WHERE lifted_at IS NULL AND (until IS NULL OR until > ?) ORDER BY id
            """, [.time(now)]
        ) { row in
            let id: PauseID = try row.id()
            let kind: PauseScope.Kind = try row.value()
            guard let scope = PauseScope(kind: kind, key: try row.text()) else {
                throw StoreError(.unusable, "the database holds a pause of nothing; keep the file and restore a copy")
            }
            return try Pause(
                id: id, scope: scope, reason: row.text(), actor: row.text(), since: row.time(), until: row.optionalTime())
        }
    }

    /// The runs that wait for a pause, those first that owe a start, then oldest first.
    func pausedRuns(limit: Int) throws -> [PausedRun] {
        try all(
            """
            SELECT \(Self.owesStart), \(Self.runColumns) FROM runs r WHERE r.reason = 'paused' AND r.finished_at IS NULL
            ORDER BY 1 DESC, r.id LIMIT ?
            """, [.int(max(0, limit))]
        ) { row in
            let owesStart = try row.flag()
            return PausedRun(run: try Self.readRun(&row), owesStart: owesStart)
        }
    }

    /// Whether the run `r` stopped its server and has not started it again, as the run machine judges it from the last intent.
    static let owesStart = """
        EXISTS (
            SELECT 1 FROM power_cycles p JOIN intents i ON i.run = p.run AND i.rung = p.rung
            WHERE p.run = r.id AND p.rung = r.rung AND i.id = (SELECT max(l.id) FROM intents l WHERE l.run = r.id)
                AND ((i.operation = 'stop' AND i.pre_status <> 'stopped' AND i.outcome IN ('applied', 'assumed_sent'))
                    OR (i.operation = 'start' AND i.outcome IN ('not_executed', 'refused'))))
        """

    private func note(_ reason: Reason, _ detail: String, _ scope: PauseScope, _ actor: String, at now: Timestamp) throws {
        var entry = AuditEntry(at: now, kind: .command, reason: reason, actor: actor, detail: String(detail.prefix(500)))
        switch scope {
        case .rule(let name): entry.rule = name
        case .server(let id): entry.server = id
        case .all, .source, .action: break
        }
        try append(entry)
    }
}
