extension Migration {
    /// What the stop switch and people's word over a server need: which rungs owe a start, who is at work on a server, and the runs
    /// that wait for a pause.
    static let stop = Migration(
        name: "stop",
        sql: """
            -- Rungs that stop a server and owe it its start; gone when their run ends.
            CREATE TABLE power_cycles (
                run INTEGER NOT NULL,
                rung INTEGER NOT NULL,
                PRIMARY KEY (run, rung)
            ) STRICT, WITHOUT ROWID;
            CREATE TRIGGER power_cycles_end AFTER UPDATE OF finished_at ON runs WHEN NEW.finished_at IS NOT NULL
            BEGIN
                DELETE FROM power_cycles WHERE run = NEW.id;
            END;

            -- The last request of a person to a server: rules leave it alone for a while.
            CREATE TABLE people_at_work (
                server INTEGER PRIMARY KEY,
                actor TEXT NOT NULL,
                at INTEGER NOT NULL
            ) STRICT;

            CREATE INDEX runs_paused ON runs (due_at) WHERE reason = 'paused' AND finished_at IS NULL;
            """)
}
