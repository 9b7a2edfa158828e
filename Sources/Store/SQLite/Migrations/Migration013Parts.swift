extension Migration {
    /// A delivery of many events is decided on part by part, so that no transaction is long.
    static let parts = Migration(
        name: "parts",
        sql: """
            -- How many of its events are decided on.
            ALTER TABLE deliveries ADD COLUMN decided_events INTEGER NOT NULL DEFAULT 0 CHECK (decided_events >= 0);
            """)
}
