extension Migration {
    /// What the guards over the whole fleet need: which servers have an open problem, the states of the fleet, spells of flapping,
    /// and the rules that were demoted.
    static let fleet = Migration(name: "fleet", sql: problems + states)

    private static let problems = """
        -- One row for each run whose problem is open and whose lane is a server's. Kept by the triggers below, whoever opens and
        -- closes problems.
        CREATE TABLE open_problems (
            episode INTEGER NOT NULL,
            run INTEGER NOT NULL,
            server INTEGER NOT NULL,
            PRIMARY KEY (episode, run)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX open_problems_by_server ON open_problems (server, run);
        INSERT INTO open_problems (episode, run, server)
            SELECT r.episode, r.id, r.server FROM runs r JOIN episodes e ON e.id = r.episode
            WHERE e.closed_at IS NULL AND r.lane GLOB 'server:*' AND r.server IS NOT NULL
                AND r.reason IS NOT 'server_gone';
        CREATE TRIGGER runs_name_server AFTER UPDATE OF lane ON runs
        WHEN NEW.lane IS NOT OLD.lane AND NEW.episode IS NOT NULL
        BEGIN
            DELETE FROM open_problems WHERE episode = NEW.episode AND run = NEW.id;
            INSERT INTO open_problems (episode, run, server)
                SELECT id, NEW.id, NEW.server FROM episodes
                WHERE id = NEW.episode AND closed_at IS NULL AND NEW.lane GLOB 'server:*' AND NEW.server IS NOT NULL;
        END;
        CREATE TRIGGER runs_lose_server AFTER UPDATE OF reason ON runs
        WHEN NEW.reason = 'server_gone' AND OLD.reason IS NOT 'server_gone'
        BEGIN
            DELETE FROM open_problems WHERE server = NEW.server;
        END;
        CREATE TRIGGER episodes_close AFTER UPDATE OF closed_at ON episodes WHEN NEW.closed_at IS NOT NULL
        BEGIN
            DELETE FROM open_problems WHERE episode = NEW.id;
        END;
        CREATE INDEX runs_on_lane ON runs (lane, created_at) WHERE episode IS NOT NULL;
        CREATE INDEX intents_booting ON intents (server, created_at) WHERE operation IN ('reboot', 'start');

        """

    private static let states = """
        CREATE TABLE fleet_states (
            kind TEXT PRIMARY KEY CHECK (kind IN ('storm', 'blind')),
            -- When it was first seen; blindness is in force only some time later.
            first_at INTEGER NOT NULL,
            since INTEGER,
            last_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            detail TEXT NOT NULL,
            -- Of a storm: from how many servers on it lasts, and how long it must have been quiet when it is over.
            bound INTEGER,
            quiet INTEGER,
            CHECK ((bound IS NULL) = (quiet IS NULL) AND (bound IS NULL) = (kind = 'blind'))
        ) STRICT, WITHOUT ROWID;

        -- Servers that rules leave alone since their problem begins again and again, and until when.
        CREATE TABLE flapping (
            server INTEGER PRIMARY KEY,
            until INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE rule_autonomy (
            rule TEXT PRIMARY KEY,
            -- How many of its runs in a row did not help.
            ineffective INTEGER NOT NULL,
            demoted_at INTEGER
        ) STRICT, WITHOUT ROWID;
        """
}
