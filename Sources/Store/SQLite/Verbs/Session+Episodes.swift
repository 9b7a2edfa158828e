import Model

/// Episodes: at most one open per key, which a unique index sees to.
extension Session {
    func apply(_ change: EpisodeChange, now: Timestamp) throws {
        switch change {
        case .open(let key, let at, let startsAt):
            if try refresh(key, at: at, startsAt: startsAt, now: now) { return }
            // Its sender speaks of it as there: the resolve that comes belongs to the new one.
            try takeWord(of: key)
            try execute(
                "INSERT INTO episodes (source, fingerprint, opened_at, last_seen_at, starts_at) VALUES (?, ?, ?, ?, ?)",
                [.text(key.source), .key(key.fingerprint), .time(at), .time(at), .time(startsAt)])
        case .refresh(let key, let at, let startsAt):
            try refresh(key, at: at, startsAt: startsAt, now: now)
        case .close(let key, let at, let ending):
            if try close(key, at: at, ending: ending, now: now) == nil, ending == .resolved { try takeWord(of: key) }
        }
    }

    /// - Returns: the episode that was open.
    func close(_ key: EpisodeKey, at: Timestamp, ending: Episode.Ending, now: Timestamp) throws -> EpisodeID? {
        guard let episode = try openEpisode(key) else { return nil }
        try noteStorm(now: now)
        try execute(
            "UPDATE episodes SET closed_at = ?, ending = ? WHERE id = ?",
            [.time(at), .text(ending.rawValue), .int(episode.id.rawValue)])
        try wakeRuns(of: episode.id, onlyHeld: false, now: now)
        try wakeHeld(for: .maxUnhealthy, now: now)
        return episode.id
    }

    /// The sender has spoken of a problem: no word of it is awaited any more.
    private func takeWord(of key: EpisodeKey) throws {
        try execute(
            "UPDATE episodes SET awaits_word = 0 WHERE source = ? AND fingerprint = ? AND awaits_word = 1",
            [.text(key.source), .key(key.fingerprint)])
    }

    /// The episode of a key that its source's API ended and of which its sender has not spoken since.
    func episodeAwaitingWord(_ key: EpisodeKey) throws -> Episode? {
        try first(
            "SELECT \(Self.episodeColumns) FROM episodes e WHERE source = ? AND fingerprint = ? AND awaits_word = 1",
            [.text(key.source), .key(key.fingerprint)], Self.readEpisode)
    }

    /// - Returns: whether there was an open episode.
    @discardableResult
    private func refresh(_ key: EpisodeKey, at: Timestamp, startsAt: Timestamp?, now: Timestamp) throws -> Bool {
        guard let episode = try openEpisode(key) else { return false }
        var refreshed = episode
        refreshed.refresh(at: at, startsAt: startsAt)
        if refreshed != episode {
            try execute(
                "UPDATE episodes SET last_seen_at = ?, starts_at = ? WHERE id = ?",
                [.time(refreshed.lastSeenAt), .time(refreshed.startsAt), .int(episode.id.rawValue)])
        }
        try wakeRuns(of: episode.id, onlyHeld: true, now: now)
        return true
    }

    func closeStaleEpisodes(before: Timestamp, now: Timestamp) throws -> Int {
        let stale = try all(
            "SELECT id, source, fingerprint FROM episodes WHERE closed_at IS NULL AND last_seen_at < ?", [.time(before)]
        ) { row in (id: try row.id(EpisodeID.self), source: try row.text(), fingerprint: try row.key()) }
        guard !stale.isEmpty else { return 0 }
        try noteStorm(now: now)
        for episode in stale {
            try execute(
                "UPDATE episodes SET closed_at = ?, ending = ? WHERE id = ?",
                [.time(now), .text(Episode.Ending.stale.rawValue), .int(episode.id.rawValue)])
            try wakeRuns(of: episode.id, onlyHeld: false, now: now)
            try append(
                AuditEntry(
                    at: now, kind: .decision, reason: .episodeStale, actor: episode.source,
                    detail: "\(episode.fingerprint.prefix(400)): nobody spoke of it since \(before.rfc3339)"))
        }
        try wakeHeld(for: .maxUnhealthy, now: now)
        return stale.count
    }

    func openEpisode(_ key: EpisodeKey) throws -> Episode? {
        try first(
            Self.openEpisodeOfKey, [.text(key.source), .key(key.fingerprint)], Self.readEpisode)
    }

    /// The open episode of a key, else the newest.
    func presentEpisode(_ key: EpisodeKey) throws -> EpisodeID? {
        if let open = try openEpisode(key) { return open.id }
        return try first(
            "SELECT id FROM episodes WHERE source = ? AND fingerprint = ? ORDER BY id DESC LIMIT 1",
            [.text(key.source), .key(key.fingerprint)]
        ) { try $0.id() }
    }

    private static let openEpisodeOfKey =
        "SELECT \(episodeColumns) FROM episodes e WHERE source = ? AND fingerprint = ? AND closed_at IS NULL"

    static let episodeColumns =
        "e.id, e.source, e.fingerprint, e.opened_at, e.last_seen_at, e.starts_at, e.closed_at, e.ending"

    static func readEpisode(_ row: inout RowReader) throws -> Episode {
        try Episode(
            id: row.id(), key: EpisodeKey(source: row.text(), fingerprint: row.key()), openedAt: row.time(),
            lastSeenAt: row.time(),
            startsAt: row.optionalTime(), closedAt: row.optionalTime(), ending: row.optionalValue())
    }
}
