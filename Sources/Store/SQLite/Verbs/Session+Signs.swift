import Model

/// The daily digest and the signs of life of senders.
extension Session {
    func digestedThrough() throws -> Timestamp? {
        try first("SELECT through FROM digest WHERE id = 1") { try $0.time() }
    }

    /// - Returns: false when somebody told a digest meanwhile; nothing was written then.
    func recordDigest(after: Timestamp?, through: Timestamp, messages: [NewMessage], now: Timestamp) throws -> Bool {
        guard try digestedThrough() == after else { return false }
        try execute(
            "INSERT INTO digest (id, through) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET through = excluded.through",
            [.time(through)])
        for message in messages { try add(message, now: now) }
        return true
    }

    func digest(after: Timestamp, through: Timestamp) throws -> DigestCounts {
        let span: [SQLValue] = [.time(after), .time(through)]
        let lines = try all(
            """
            SELECT rule, server, max(server_name), state, reason, count(*) FROM runs
            WHERE finished_at > ? AND finished_at <= ?
            GROUP BY rule, server, state, reason ORDER BY rule, server, count(*) DESC, state, reason LIMIT 1000
            """, span
        ) { row in
            try DigestLine(
                rule: row.text(), server: row.optionalID(), serverName: row.optionalText(), state: row.value(RunState.self),
                reason: row.optionalText().flatMap(Reason.init), count: row.number())
        }
        return DigestCounts(
            lines: lines, deadLetters: try count("SELECT count(*) FROM dead_letters WHERE at > ? AND at <= ?", span),
            lostMessages: try count(
                "SELECT count(*) FROM messages WHERE failure IS NOT NULL AND finished_at > ? AND finished_at <= ?", span))
    }

    func sourcePulses() throws -> [String: SourcePulse] {
        let rows = try all(
            "SELECT source, first_heard_at, last_heard_at, words, gaps, hour, silent_since FROM source_pulses"
        ) { row in
            (
                source: try row.text(),
                pulse: try SourcePulse(
                    firstHeardAt: row.optionalTime(), lastHeardAt: row.optionalTime(), words: row.number(),
                    gaps: row.text().split(separator: ",").compactMap { Int($0) }, hour: row.int(),
                    silentSince: row.optionalTime())
            )
        }
        return Dictionary(rows.map { ($0.source, $0.pulse) }, uniquingKeysWith: { first, _ in first })
    }

    func save(_ pulses: [String: SourcePulse]) throws {
        for (source, pulse) in pulses {
            try execute(
                """
                INSERT INTO source_pulses (source, first_heard_at, last_heard_at, words, gaps, hour, silent_since)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET
                    first_heard_at = excluded.first_heard_at, last_heard_at = excluded.last_heard_at, words = excluded.words,
                    gaps = excluded.gaps, hour = excluded.hour, silent_since = excluded.silent_since
                """,
                [
                    .text(source), .time(pulse.firstHeardAt), .time(pulse.lastHeardAt), .int(pulse.words),
                    .text(pulse.gaps.map(String.init).joined(separator: ",")), .int(pulse.hour), .time(pulse.silentSince),
                ])
        }
    }
}
