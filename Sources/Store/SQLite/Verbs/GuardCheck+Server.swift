import Model

/// The guards over one server's recent past, which bind rules and no person.
extension GuardCheck {
    /// The server's problem begins again and again: what is done about it does not last, or the monitoring is unsure.
    func flappingRefusal() throws -> Refusal? {
        guard !guards.isCommand, lane.isServer, let server = run.server, guards.limits.flaps.max > 0 else { return nil }
        let flaps = guards.limits.flaps
        guard let decisive = try decisiveOpening(of: flaps) else { return nil }
        let until = decisive.at + flaps.per
        let name = "\(run.serverName ?? "server") (\(server))"
        let detail =
            "\(name) flaps: its problem began \(decisive.count) times in \(Self.words(flaps.per)); rules leave it alone until "
            + until.rfc3339
        try tellOfFlapping(server, until: until, detail: detail)
        return Refusal(reason: .flapping, until: until, detail: detail)
    }

    /// With this opening gone from the span the problem began often no more; the latest of those of several problems.
    private func decisiveOpening(of flaps: Budget) throws -> (at: Timestamp, count: Int)? {
        let since = SQLValue.time(now - flaps.per)
        let openings = try session.all(
            """
            SELECT DISTINCT e.id, e.source, e.fingerprint, e.opened_at FROM runs r JOIN episodes e ON e.id = r.episode
            WHERE r.lane = ? AND r.created_at > ? AND r.episode IS NOT NULL AND e.opened_at > ?
            """, [.text(lane.rawValue), since, since]
        ) { row in
            row.skip(1)
            return (key: EpisodeKey(source: try row.text(), fingerprint: try row.key()), at: try row.time())
        }
        let problems = Dictionary(grouping: openings, by: \.key).values.filter { $0.count >= flaps.max }
        let decisive = problems.map { openings in
            (at: openings.map(\.at).sorted(by: >)[flaps.max - 1], count: openings.count)
        }
        return decisive.max { $0.at < $1.at }
    }

    /// People are told once for each spell.
    private func tellOfFlapping(_ server: ServerID, until: Timestamp, detail: String) throws {
        let id = SQLValue.int(server.rawValue)
        let isTold = try session.exists("SELECT 1 FROM flapping WHERE server = ? AND until >= ?", [id, .time(now)])
        try session.execute(
            "INSERT INTO flapping (server, until) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET until = excluded.until",
            [id, .time(until)])
        guard !isTold else { return }
        try session.append(
            AuditEntry(
                at: now, kind: .bridge, reason: .flapping, run: run.id, rule: run.rule, server: server, actor: "bridge",
                detail: detail))
        try session.tell(.flapping, detail, channels, now: now)
    }

    /// The bridge booted the server a moment ago, by another run: what is reported of it may be the boot.
    func bootGraceRefusal() throws -> Refusal? {
        guard !guards.isCommand, lane.isServer, let server = run.server, guards.limits.bootGrace > .zero else { return nil }
        let id = SQLValue.int(server.rawValue)
        let since = SQLValue.time(now - guards.limits.bootGrace)
        let booted = try session.first(
            """
            SELECT max(created_at) FROM intents WHERE server = ? AND created_at > ? AND operation IN ('reboot', 'start')
                AND run <> ? AND (outcome IS NULL OR outcome IN ('applied', 'assumed_sent'))
            """, [id, since, .int(run.id.rawValue)]
        ) { try $0.optionalTime() }
        let created = try session.first(
            "SELECT created_at FROM created_servers WHERE server = ? AND created_at > ? AND adopted_by IS NULL", [id, since]
        ) { try $0.time() }
        guard let last = [booted ?? nil, created].compactMap(\.self).max() else { return nil }
        let until = last + guards.limits.bootGrace
        return Refusal(
            reason: .bootGrace, until: until,
            detail: "\(lane) was booted by the bridge at \(last.rfc3339); its boot grace ends at \(until.rfc3339)")
    }
}
