extension Migration {
    /// Questions to people and their answers, in place of a table of the first schema that was never written to.
    static let approvals = Migration(
        name: "approvals",
        sql: """
            DROP TABLE approvals;

            CREATE TABLE approvals (
                -- The order in which they were asked.
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                -- What people type.
                id TEXT NOT NULL UNIQUE,
                run INTEGER NOT NULL REFERENCES runs (id),
                rule TEXT NOT NULL,
                revision TEXT NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'denied', 'expired', 'void')),
                action TEXT NOT NULL,
                server INTEGER,
                server_name TEXT,
                server_status TEXT,
                -- A JSON list of ids.
                approvers TEXT NOT NULL,
                required INTEGER NOT NULL CHECK (required > 0),
                allows_self INTEGER NOT NULL CHECK (allows_self IN (0, 1)),
                requested_by TEXT,
                channel TEXT,
                created_at INTEGER NOT NULL,
                expires_at INTEGER NOT NULL,
                decided_at INTEGER,
                CHECK ((state = 'open') = (decided_at IS NULL))
            ) STRICT;
            CREATE UNIQUE INDEX approvals_open ON approvals (run) WHERE state = 'open';
            CREATE INDEX approvals_of_run ON approvals (run);
            -- What is decided stays decided.
            CREATE TRIGGER approvals_state BEFORE UPDATE OF state ON approvals WHEN OLD.state <> 'open'
            BEGIN
                SELECT RAISE(ABORT, 'an approval is decided once');
            END;

            CREATE TABLE approval_votes (
                approval TEXT NOT NULL REFERENCES approvals (id),
                person TEXT NOT NULL,
                verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'deny')),
                reason TEXT,
                at INTEGER NOT NULL,
                PRIMARY KEY (approval, person)
            ) STRICT, WITHOUT ROWID;
            """)
}
