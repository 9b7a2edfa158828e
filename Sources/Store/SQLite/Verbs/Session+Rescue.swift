import Model

/// Runs whose worker is gone.
extension Session {
    func rescue(now: Timestamp, everything: Bool) throws -> Int {
        let orphans = try all(
            """
            SELECT r.id, r.rule, r.delivery, r.server, r.state,
                EXISTS (SELECT 1 FROM intents i WHERE i.run = r.id AND i.outcome IS NULL)
            FROM runs r WHERE \(everything ? "lease_until IS NOT NULL OR state = 'running'" : "lease_until <= ?")
            """, everything ? [] : [.time(now)]
        ) { row in
            Orphan(
                run: try row.id(), rule: try row.text(), delivery: try row.id(), server: try row.optionalID(),
                state: try row.value(), hasOpenIntent: try row.flag())
        }
        for orphan in orphans { try free(orphan, now: now) }
        try execute(Self.hurryPowerCycles, [.time(now), .time(now + Self.longestLook)])
        // Limits, windows and caps may be others since the last start.
        if everything { try execute("UPDATE runs SET due_at = min(due_at, ?) WHERE state = 'held'", [.time(now)]) }
        if orphans.contains(where: { Self.freesPlace(from: $0.state, to: $0.nextState) }) { try wakeWaiting(now: now) }
        return orphans.count
    }

    /// Neither an owed start nor a stop of unknown outcome waits for longer than its back-off of 5 minutes. One that seems to was written
    /// before the clock was set back, and its server would stay stopped until the clock is there again.
    private static let hurryPowerCycles = """
        UPDATE runs AS r SET due_at = ? WHERE r.\(GuardCheck.holdsLane) AND r.due_at > ? AND r.lease_until IS NULL
            AND EXISTS (SELECT 1 FROM power_cycles c WHERE c.run = r.id)
            AND (r.state = 'unknown' OR (r.state = 'verifying' AND \(owesStart)))
        """
    private static let longestLook = Duration.seconds(600)

    private struct Orphan {
        let run: RunID
        let rule: String
        let delivery: DeliveryID
        let server: ServerID?
        let state: RunState
        let hasOpenIntent: Bool

        var nextState: RunState {
            guard state == .running else { return state }
            return hasOpenIntent ? .unknown : .ready
        }
    }

    private func free(_ orphan: Orphan, now: Timestamp) throws {
        let id = SQLValue.int(orphan.run.rawValue)
        // The epoch too, or the worker that is thought gone could still write, and send, beside the next one.
        try execute(
            "UPDATE runs SET epoch = epoch + 1, lease_until = NULL, woken_at = NULL, due_at = ? WHERE id = ?", [.time(now), id])
        guard orphan.nextState != orphan.state else { return }
        let reason: Reason? = orphan.hasOpenIntent ? .outcomeUnknown : nil
        try execute(
            "UPDATE runs SET state = ?, reason = ?, detail = '' WHERE id = ?",
            [.text(orphan.nextState.rawValue), .text(reason?.rawValue), id])
        try append(
            AuditEntry(
                at: now, kind: .run, reason: reason, delivery: orphan.delivery, run: orphan.run, rule: orphan.rule,
                server: orphan.server, actor: "rule", detail: "its worker is gone: \(orphan.state) to \(orphan.nextState)"))
    }
}
