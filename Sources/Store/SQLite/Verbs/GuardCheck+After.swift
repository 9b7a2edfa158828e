import Model

extension GuardCheck {
    /// `limits.after`: another rule changed something on the same lane too short a time ago.
    ///
    /// Where several names are too early, the one that lifts last is told.
    func afterRefusal() throws -> Refusal? {
        var latest: Refusal?
        for (rule, span) in guards.after.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard let last = try lastChange(of: rule, after: now - span) else { continue }
            let until = last + span
            if let known = latest?.until, known >= until { continue }
            latest = Refusal(
                reason: .afterRule, until: until,
                detail: "rule \(rule) worked on \(lane) until \(last.rfc3339); this one waits until \(until.rfc3339)")
        }
        return latest
    }
    /// When another run of that rule last sent a change on this lane, or ended after one.
    private func lastChange(of rule: String, after: Timestamp) throws -> Timestamp? {
        let own = [SQLValue.text(lane.rawValue), .time(after), .text(rule), .int(run.id.rawValue)]
        let sent = try session.first(
            """
            SELECT max(i.created_at) FROM intents i JOIN runs r ON r.id = i.run
            WHERE i.lane = ? AND i.created_at > ? AND r.rule = ? AND r.id <> ? AND i.counts = 1
                AND i.outcome IS NOT 'not_executed'
            """, own
        ) { try $0.optionalTime() }
        let ended = try session.first(
            """
            SELECT max(r.finished_at) FROM runs r WHERE r.lane = ? AND r.finished_at > ? AND r.rule = ? AND r.id <> ?
                AND EXISTS (SELECT 1 FROM intents WHERE run = r.id AND counts = 1 AND outcome IS NOT 'not_executed')
            """, own
        ) { try $0.optionalTime() }
        return [sent, ended].compactMap { $0 ?? nil }.max()
    }
}
