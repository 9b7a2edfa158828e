import Model

/// Forgetting what is old.
extension Session {
    /// What one step of pruning did.
    struct PruneStep: Sendable {
        var removed: Int
        /// Where the next step goes on; `nil` when there is nothing more to look at.
        var next: DeliveryID?
    }

    /// Looks at the next deliveries from the oldest on and removes those that nothing needs.
    ///
    /// Ids grow with time, so the first delivery that is young enough to stay ends the search; no index over time is needed. One
    /// with a key stays for as long as the key keeps replays out.
    func pruneDeliveries(before: Timestamp, now: Timestamp, after: DeliveryID, batch: Int) throws -> PruneStep {
        let candidates = try all(
            """
            SELECT d.id, d.received_at, d.dispatched_at IS NOT NULL AND (d.dedup_key IS NULL OR d.received_at <= ?)
                AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.delivery = d.id AND r.finished_at IS NULL)
            FROM deliveries d WHERE d.id > ? ORDER BY d.id LIMIT ?
            """, [.time(now - Self.dedupWindow), .int(after.rawValue), .int(batch)]
        ) { row in (id: try row.id(DeliveryID.self), receivedAt: try row.time(), isFree: try row.flag()) }
        let old = candidates.prefix { $0.receivedAt < before }
        var removed = 0
        for candidate in old where candidate.isFree {
            removed += try execute("DELETE FROM deliveries WHERE id = ?", [.int(candidate.id.rawValue)])
        }
        return PruneStep(removed: removed, next: old.count == batch ? old.last?.id : nil)
    }
}
