extension Migration {
    /// Through when the daily digest was told, and when each sender was heard and how often it usually is.
    static let messages = Migration(
        name: "messages",
        sql: """
            CREATE TABLE digest (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                through INTEGER NOT NULL
            ) STRICT;

            CREATE TABLE source_pulses (
                source TEXT PRIMARY KEY,
                first_heard_at INTEGER,
                last_heard_at INTEGER,
                words INTEGER NOT NULL,
                -- Seconds, one for each hour, separated by commas; the last is of `hour`.
                gaps TEXT NOT NULL,
                hour INTEGER NOT NULL,
                silent_since INTEGER
            ) STRICT, WITHOUT ROWID;

            CREATE INDEX runs_ended ON runs (finished_at) WHERE finished_at IS NOT NULL;
            """)
}
