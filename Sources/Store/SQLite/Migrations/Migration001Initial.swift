extension Migration {
    /// The first schema.
    ///
    /// Times are microseconds since 1970 in UTC, flags 0 or 1. Texts of senders that are compared (`dedup_key`, `fingerprint`)
    /// are BLOBs, so that they are compared byte by byte whatever is in them. `reason` columns have no CHECK: reasons are added
    /// often.
    static let initial = Migration(name: "initial", sql: deliveries + episodes + runs + intents + records + people)

    private static let deliveries = """
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            source TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            content_type TEXT NOT NULL,
            is_urgent INTEGER NOT NULL CHECK (is_urgent IN (0, 1)),
            -- The sender's own id of it; taken off when the key is used anew.
            dedup_key BLOB,
            dispatched_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX deliveries_by_key ON deliveries (source, dedup_key) WHERE dedup_key IS NOT NULL;
        CREATE INDEX deliveries_undispatched ON deliveries (is_urgent DESC) WHERE dispatched_at IS NULL;

        -- Apart from its row, so that marking a delivery dispatched does not write its body again, and counting does not read it.
        CREATE TABLE delivery_bodies (
            delivery INTEGER PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
            body BLOB NOT NULL
        ) STRICT;

        """

    private static let episodes = """
        CREATE TABLE episodes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            source TEXT NOT NULL,
            fingerprint BLOB NOT NULL,
            opened_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            starts_at INTEGER,
            closed_at INTEGER,
            ending TEXT CHECK (ending IN ('resolved', 'superseded', 'stale')),
            CHECK ((closed_at IS NULL) = (ending IS NULL))
        ) STRICT;
        CREATE UNIQUE INDEX episodes_open ON episodes (source, fingerprint) WHERE closed_at IS NULL;
        CREATE INDEX episodes_by_key ON episodes (source, fingerprint);
        CREATE INDEX episodes_last_seen ON episodes (last_seen_at) WHERE closed_at IS NULL;

        """

    private static let runs = """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            rule TEXT NOT NULL,
            revision TEXT NOT NULL,
            episode INTEGER REFERENCES episodes (id),
            delivery INTEGER NOT NULL,
            event_index INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN (
                'pending', 'held', 'approval', 'ready', 'running', 'unknown', 'verifying', 'parked',
                'succeeded', 'failed', 'cancelled', 'expired')),
            reason TEXT,
            detail TEXT NOT NULL,
            lane TEXT,
            server INTEGER,
            server_name TEXT,
            rung INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            rung_deadline INTEGER,
            healthy_since INTEGER,
            attempts INTEGER NOT NULL,
            epoch INTEGER NOT NULL,
            is_urgent INTEGER NOT NULL CHECK (is_urgent IN (0, 1)),
            created_at INTEGER NOT NULL,
            finished_at INTEGER,
            -- Until when a worker has it; NULL when nobody does.
            lease_until INTEGER,
            -- Since when something waits that its worker had not seen when it claimed the run.
            woken_at INTEGER,
            CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired')))
        ) STRICT;
        CREATE UNIQUE INDEX runs_lane ON runs (lane) WHERE state IN ('running', 'unknown', 'verifying', 'parked');
        CREATE UNIQUE INDEX runs_rule_episode ON runs (rule, episode) WHERE episode IS NOT NULL;
        CREATE UNIQUE INDEX runs_rule_event ON runs (rule, delivery, event_index);
        CREATE INDEX runs_due ON runs (is_urgent, due_at) WHERE finished_at IS NULL;
        CREATE INDEX runs_leased ON runs (lease_until) WHERE lease_until IS NOT NULL;
        CREATE INDEX runs_held ON runs (reason) WHERE state = 'held';
        CREATE INDEX runs_of_episode ON runs (episode) WHERE finished_at IS NULL;
        CREATE INDEX runs_of_delivery ON runs (delivery) WHERE finished_at IS NULL;
        CREATE INDEX runs_ended_on_lane ON runs (lane, finished_at) WHERE finished_at IS NOT NULL;

        CREATE TABLE run_transitions (
            from_state TEXT NOT NULL,
            to_state TEXT NOT NULL,
            PRIMARY KEY (from_state, to_state)
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER runs_state BEFORE UPDATE OF state ON runs
        WHEN NOT EXISTS (SELECT 1 FROM run_transitions WHERE from_state = OLD.state AND to_state = NEW.state)
        BEGIN
            SELECT RAISE(ABORT, 'a run does not go from that state to this one');
        END;

        """

    private static let intents = """
        CREATE TABLE intents (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            run INTEGER NOT NULL REFERENCES runs (id),
            lane TEXT,
            rung INTEGER NOT NULL,
            step INTEGER NOT NULL,
            operation TEXT NOT NULL CHECK (operation IN (
                'list', 'create', 'get', 'replace', 'update', 'delete', 'start', 'stop', 'reboot')),
            server INTEGER NOT NULL,
            pre_status TEXT NOT NULL,
            pre_updated_at INTEGER,
            created_at INTEGER NOT NULL,
            outcome TEXT CHECK (outcome IN ('applied', 'refused', 'not_executed', 'assumed_sent')),
            finished_at INTEGER,
            -- Whether budgets and the cooldown count it: it is the first step of a rung.
            counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
            CHECK ((outcome IS NULL) = (finished_at IS NULL))
        ) STRICT;
        CREATE INDEX intents_of_run ON intents (run);
        CREATE UNIQUE INDEX intents_open ON intents (run) WHERE outcome IS NULL;
        CREATE INDEX intents_counted_on_lane ON intents (lane, created_at) WHERE counts = 1;
        CREATE INDEX intents_counted ON intents (created_at) WHERE counts = 1;

        """

    private static let records = """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            reason TEXT,
            delivery INTEGER,
            run INTEGER,
            rule TEXT,
            server INTEGER,
            actor TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audit_of_run ON audit (run) WHERE run IS NOT NULL;
        CREATE INDEX audit_of_delivery ON audit (delivery) WHERE delivery IS NOT NULL;

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT,
            response_source TEXT,
            response_url TEXT,
            text TEXT NOT NULL,
            run INTEGER,
            created_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            finished_at INTEGER,
            -- Why it was given up; NULL when it was delivered or still waits.
            failure TEXT,
            CHECK ((channel IS NULL) = (response_source IS NOT NULL AND response_url IS NOT NULL))
        ) STRICT;
        CREATE INDEX messages_due ON messages (due_at) WHERE finished_at IS NULL;

        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            delivery INTEGER NOT NULL,
            event_index INTEGER NOT NULL,
            run INTEGER,
            rule TEXT,
            detail TEXT NOT NULL,
            -- When and how a person settled it.
            settled_at INTEGER,
            settlement TEXT
        ) STRICT;
        CREATE INDEX dead_letters_open ON dead_letters (id) WHERE settled_at IS NULL;

        CREATE TABLE rule_sets (
            revision TEXT PRIMARY KEY,
            saved_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE rule_set_files (
            revision TEXT NOT NULL REFERENCES rule_sets (revision),
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            text BLOB NOT NULL,
            PRIMARY KEY (revision, position)
        ) STRICT, WITHOUT ROWID;

        -- One row that is written to prove that writing works.
        CREATE TABLE write_probe (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            writes INTEGER NOT NULL
        ) STRICT;
        INSERT INTO write_probe (id, writes) VALUES (1, 0);

        """

    private static let people = """
        CREATE TABLE approvals (
            run INTEGER NOT NULL REFERENCES runs (id),
            approver TEXT NOT NULL,
            decision TEXT NOT NULL CHECK (decision IN ('approved', 'declined')),
            at INTEGER NOT NULL,
            PRIMARY KEY (run, approver)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE pauses (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- What is paused: `all`, or a kind such as `server` with its key.
            scope TEXT NOT NULL,
            key TEXT NOT NULL,
            reason TEXT NOT NULL,
            actor TEXT NOT NULL,
            since INTEGER NOT NULL,
            -- NULL: until a person lifts it.
            until INTEGER,
            lifted_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX pauses_present ON pauses (scope, key) WHERE lifted_at IS NULL;
        """
}
