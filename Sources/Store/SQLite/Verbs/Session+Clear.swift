/// Emptying a store.
extension Session {
    /// Takes out every row but those that the schema itself puts in, and lets ids begin anew.
    func clear() throws {
        // The audit lets only go what lies behind its anchor.
        try execute("UPDATE audit_marks SET id = ? WHERE name = 'anchor'", [.integer(.max)])
        for table in try all(Self.filledTables, [], { try $0.text() }) { try execute("DELETE FROM \(table)") }
        try execute("DELETE FROM sqlite_sequence")
        for mark in [AuditMarkName.anchor, .head] { try setAuditMark(mark, .beginning) }
        try execute("UPDATE write_probe SET writes = 0")
    }

    /// The tables that are empty in a new store; those that refer to others come before them, since they were made after them.
    private static let filledTables = """
        SELECT name FROM sqlite_master
        WHERE type = 'table' AND name NOT GLOB 'sqlite_*' AND name NOT IN ('run_transitions', 'write_probe', 'audit_marks')
        ORDER BY rowid DESC
        """
}
