extension Migration {
    /// What creates cost: a row for each create that was or may have been executed, so that caps count it however old its run is.
    static let money = Migration(
        name: "money",
        sql: """
            CREATE TABLE purchases (
                intent INTEGER PRIMARY KEY,
                run INTEGER NOT NULL,
                rule TEXT NOT NULL,
                name TEXT NOT NULL,
                plan INTEGER,
                -- Millionths of the currency's unit in a month; NULL when it was not known.
                price INTEGER CHECK (price >= 0),
                created_at INTEGER NOT NULL,
                server INTEGER,
                ended_at INTEGER
            ) STRICT;
            CREATE INDEX purchases_by_time ON purchases (created_at);
            CREATE INDEX purchases_present ON purchases (ended_at);
            CREATE INDEX purchases_of_run ON purchases (run);
            CREATE INDEX purchases_of_server ON purchases (server) WHERE server IS NOT NULL;
            INSERT INTO purchases (intent, run, rule, name, plan, created_at, server, ended_at)
                SELECT i.id, i.run, r.rule, coalesce(i.name, ''), json_extract(i.body, '$.plan_id'), i.created_at, c.server, c.deleted_at
                FROM intents i JOIN runs r ON r.id = i.run
                    LEFT JOIN created_servers c ON c.run = i.run AND c.name = i.name AND i.outcome = 'applied'
                WHERE i.operation = 'create' AND (i.outcome IS NULL OR i.outcome IN ('applied', 'assumed_sent'));
            ALTER TABLE created_servers ADD COLUMN adopted_by TEXT;
            """)
}
