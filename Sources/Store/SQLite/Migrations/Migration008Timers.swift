extension Migration {
    /// How far schedules were followed, so that no instant runs twice and none is lost without a word.
    static let timers = Migration(
        name: "timers",
        sql: """
            CREATE TABLE schedules (
                rule TEXT PRIMARY KEY,
                -- The schedule's text and zone.
                schedule TEXT NOT NULL,
                decided_until INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """)
}
