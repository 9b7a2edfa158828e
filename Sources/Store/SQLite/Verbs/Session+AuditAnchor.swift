import Model

/// Cutting the audit at its beginning.
extension Session {
    /// How many entries are looked at before an anchor is set: the reader serves the dispatcher too.
    private static let entriesOfAnchor = 20_000

    /// Where the anchor may go next: behind the last entry of a run of old ones.
    func nextAnchor(before: Timestamp, now: Timestamp) throws -> AuditAnchoring {
        let anchor = try auditMark(.anchor)
        var check = AuditCheck(anchor: anchor)
        var found: (mark: AuditMark, entries: Int)?
        let records = try auditRecords(after: anchor.id, limit: Self.entriesOfAnchor)
        for (index, record) in records.enumerated() {
            if record.at >= before, record.at <= now { break }
            check.take(record)
            if record.at < before { found = (record.mark, index + 1) }
        }
        // What was tampered with is kept, whatever its age: it is what a person has to see.
        let verdict = check.finish(head: nil, isWhole: false)
        guard verdict.isWhole else { return .damaged(verdict.damage[0]) }
        guard let found else { return .none }
        return .through(found.mark, from: anchor, entries: found.entries)
    }

    func anchorAudit(_ mark: AuditMark, from anchor: AuditMark, now: Timestamp) throws {
        guard try auditMark(.anchor) == anchor else { throw StoreError(.conflict, "the audit was pruned meanwhile") }
        try append(AuditPruning.entry(mark, now: now))
        try setAuditMark(.anchor, mark)
    }
}

/// What there is to cut off.
enum AuditAnchoring: Sendable {
    case none
    case through(AuditMark, from: AuditMark, entries: Int)
    /// The chain is broken there: nothing is cut off.
    case damaged(String)
}
