import Model

extension Migration {
    /// The audit becomes a chain of hashes that says where it begins and ends, runs may be begun anew by a person, and what is
    /// needed to clear away old rows without reading the whole file.
    static let recordKeeping = Migration(name: "records", sql: chainedAudit + replays + clearing) { try $0.chainAudit() }

    private static let chainedAudit = """
        ALTER TABLE audit ADD COLUMN hash BLOB NOT NULL
            DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(hash) = 32);

        -- Where the kept entries begin (the last one that was pruned) and end.
        CREATE TABLE audit_marks (
            name TEXT PRIMARY KEY CHECK (name IN ('anchor', 'head')),
            id INTEGER NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO audit_marks (name, id, hash) VALUES
            ('anchor', 0, x'0000000000000000000000000000000000000000000000000000000000000000'),
            ('head', 0, x'0000000000000000000000000000000000000000000000000000000000000000');

        """

    private static let replays = """
        -- Whether a person had it begun although the rule has had its run: a rule's own runs stay one per problem and per event.
        ALTER TABLE runs ADD COLUMN is_replay INTEGER NOT NULL DEFAULT 0 CHECK (is_replay IN (0, 1));
        DROP INDEX runs_rule_episode;
        CREATE UNIQUE INDEX runs_rule_episode ON runs (rule, episode) WHERE episode IS NOT NULL AND is_replay = 0;
        DROP INDEX runs_rule_event;
        CREATE UNIQUE INDEX runs_rule_event ON runs (rule, delivery, event_index) WHERE is_replay = 0;
        CREATE UNIQUE INDEX runs_replayed ON runs (rule, delivery, event_index) WHERE is_replay = 1 AND finished_at IS NULL;
        -- Over all runs of a problem, so that removing a problem need not read every run.
        DROP INDEX runs_of_episode;
        CREATE INDEX runs_of_episode ON runs (episode) WHERE episode IS NOT NULL;
        CREATE INDEX runs_of_rule ON runs (rule, finished_at) WHERE finished_at IS NOT NULL;

        """

    private static let clearing = """
        CREATE INDEX dead_letters_of_delivery ON dead_letters (delivery) WHERE settled_at IS NULL;
        CREATE INDEX created_servers_gone ON created_servers (deleted_at) WHERE deleted_at IS NOT NULL;
        CREATE INDEX dead_letters_of_run ON dead_letters (run) WHERE settled_at IS NULL;
        -- When it last came into force.
        ALTER TABLE rule_sets ADD COLUMN taken_at INTEGER NOT NULL DEFAULT 0;
        UPDATE rule_sets SET taken_at = saved_at;
        """
}

extension Session {
    /// Gives the entries of earlier versions their hashes, in the order of their ids, and closes the audit to changes.
    fileprivate func chainAudit() throws {
        var last = AuditMark.beginning
        while true {
            let records = try auditRecords(after: last.id, limit: 1_000)
            for record in records {
                let hash = record.expectedHash(after: last.hash)
                try execute("UPDATE audit SET hash = ? WHERE id = ?", [.blob(hash.bytes), .integer(record.id)])
                last = AuditMark(id: record.id, hash: hash)
            }
            if records.count < 1_000 { break }
        }
        try setAuditMark(.head, last)
        try script(
            """
            CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
            BEGIN
                SELECT RAISE(ABORT, 'an entry of the audit is never changed');
            END;
            CREATE TRIGGER audit_pruned BEFORE DELETE ON audit
            WHEN OLD.id > (SELECT id FROM audit_marks WHERE name = 'anchor')
            BEGIN
                SELECT RAISE(ABORT, 'an entry of the audit is removed only behind its anchor');
            END;
            """)
    }
}
