extension Migration {
    /// What runs need whose rungs have more than one step: intents that have no server (yet), how far a run has come, and which
    /// servers this bridge created.
    ///
    /// SQLite does not loosen a column's constraint in place: `intents` is made anew and every row of it copied.
    static let steps = Migration(name: "steps", sql: intents + progress)

    private static let intents = """
        CREATE TABLE intents_next (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run INTEGER NOT NULL REFERENCES runs (id),
            lane TEXT,
            rung INTEGER NOT NULL,
            step INTEGER NOT NULL,
            operation TEXT NOT NULL CHECK (operation IN (
                'list', 'create', 'get', 'replace', 'update', 'delete', 'start', 'stop', 'reboot', 'http.request')),
            server INTEGER CHECK (server IS NOT NULL OR operation IN ('create', 'http.request')),
            pre_status TEXT CHECK (pre_status IS NOT NULL OR operation IN ('create', 'delete', 'http.request')),
            pre_updated_at INTEGER,
            -- What is sent, where operation and server do not say it; never a header, never a secret.
            method TEXT,
            url TEXT,
            request_hash TEXT,
            name TEXT,
            body TEXT,
            created_at INTEGER NOT NULL,
            outcome TEXT CHECK (outcome IN ('applied', 'refused', 'not_executed', 'assumed_sent')),
            finished_at INTEGER,
            -- Whether the cooldown counts it, and budgets too unless it went to another API: it is the first step of a rung.
            counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
            CHECK ((outcome IS NULL) = (finished_at IS NULL)),
            CHECK ((method IS NULL) = (url IS NULL) AND (method IS NULL) = (request_hash IS NULL))
        ) STRICT;
        INSERT INTO intents_next (id, run, lane, rung, step, operation, server, pre_status, pre_updated_at, created_at, outcome,
                finished_at, counts)
            SELECT id, run, lane, rung, step, operation, server, pre_status, pre_updated_at, created_at, outcome, finished_at, counts
            FROM intents;
        -- Ids of rows that were removed are not used again.
        UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'intents')
            WHERE name = 'intents_next' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'intents');
        DROP TABLE intents;
        ALTER TABLE intents_next RENAME TO intents;
        CREATE INDEX intents_of_run ON intents (run);
        CREATE UNIQUE INDEX intents_open ON intents (run) WHERE outcome IS NULL;
        CREATE INDEX intents_counted_on_lane ON intents (lane, created_at) WHERE counts = 1;
        CREATE INDEX intents_counted ON intents (created_at) WHERE counts = 1;

        """

    private static let progress = """
        -- Apart from its row, so that a claim does not write the outputs of steps again.
        CREATE TABLE run_progress (
            run INTEGER PRIMARY KEY REFERENCES runs (id),
            progress TEXT NOT NULL
        ) STRICT;

        -- The servers that this bridge created: no rule deletes any other.
        CREATE TABLE created_servers (
            server INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            lane TEXT NOT NULL,
            run INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            deleted_at INTEGER
        ) STRICT;
        CREATE INDEX created_servers_present ON created_servers (server) WHERE deleted_at IS NULL;
        """
}
