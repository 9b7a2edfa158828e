import Model

/// The audit: a chain of hashes that only grows at its end and is cut only at its beginning.
extension Session {
    enum AuditMarkName: String {
        /// The last entry that was pruned.
        case anchor
        /// The last entry that was written.
        case head
    }

    /// Appends an entry behind the head and moves the head, in the transaction that is open.
    func append(_ entry: AuditEntry) throws {
        try append([entry])
    }

    /// Appends entries in their order; the head is read and moved once for all of them.
    func append(_ entries: [AuditEntry]) throws {
        guard !entries.isEmpty else { return }
        var head = try auditMark(.head)
        for entry in entries { head = try add(entry, behind: head) }
        try setAuditMark(.head, head)
    }

    private func add(_ entry: AuditEntry, behind head: AuditMark) throws -> AuditMark {
        let (id, isTooFar) = head.id.addingReportingOverflow(1)
        guard !isTooFar else { throw Self.damagedAudit }
        let record = AuditRecord(entry, id: id, after: head.hash)
        try execute(
            """
            INSERT INTO audit (id, at, kind, reason, delivery, run, rule, server, actor, detail, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(id), .time(record.at), .string(record.kind), .text(record.reason), .int(record.delivery),
                .int(record.run), .text(record.rule), .int(record.server), .string(record.actor), .string(record.detail),
                .blob(record.hash.bytes),
            ])
        return record.mark
    }

    func auditMark(_ name: AuditMarkName) throws -> AuditMark {
        let found = try first("SELECT id, hash FROM audit_marks WHERE name = ?", [.string(name.rawValue)]) { row in
            (id: try row.int(), hash: AuditHash(try row.bytes()))
        }
        guard let found, let hash = found.hash else { throw Self.damagedAudit }
        return AuditMark(id: found.id, hash: hash)
    }

    func setAuditMark(_ name: AuditMarkName, _ mark: AuditMark) throws {
        try execute(
            "UPDATE audit_marks SET id = ?, hash = ? WHERE name = ?",
            [.integer(mark.id), .blob(mark.hash.bytes), .string(name.rawValue)])
    }

    /// The entries behind one, in the order of their ids.
    func auditRecords(after id: Int64, limit: Int) throws -> [AuditRecord] {
        try all("\(Self.auditRecords) WHERE id > ? ORDER BY id LIMIT ?", [.integer(id), .int(limit)], Self.readAuditRecord)
    }

    /// Follows the chain of the file as it is in this snapshot.
    func verifyAudit(expecting expected: AuditMark?) throws -> AuditCheck.Verdict {
        let anchor = try auditMark(.anchor)
        var check = AuditCheck(anchor: anchor, expecting: expected)
        try each("\(Self.auditRecords) WHERE id > ? ORDER BY id", [.integer(anchor.id)]) { row in
            check.take(try Self.readAuditRecord(&row))
        }
        return check.finish(head: try auditMark(.head), isWhole: true)
    }

    private static let auditRecords = "SELECT id, at, kind, reason, delivery, run, rule, server, actor, detail, hash FROM audit"

    private static func readAuditRecord(_ row: inout RowReader) throws -> AuditRecord {
        try AuditRecord(
            id: row.int(), at: row.time(), kind: row.exactText(), reason: row.optionalExactText(), delivery: row.optionalInt(),
            run: row.optionalInt(), rule: row.optionalExactText(), server: row.optionalInt(), actor: row.exactText(),
            detail: row.exactText(), hash: AuditHash(row.bytes()) ?? .beginning)
    }

    private static var damagedAudit: StoreError {
        StoreError(.unusable, "the marks of the audit are damaged; keep the file and restore a copy")
    }
}
