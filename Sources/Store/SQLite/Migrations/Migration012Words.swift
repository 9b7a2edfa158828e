extension Migration {
    /// Who had the last word of a problem: problems that only their source's API called over, and runs that ended on their probe's word
    /// alone. And stops that were in flight when rungs that owe a start began to be kept (step `stop`).
    static let words = Migration(name: "words", sql: episodes + runs + powerCycles)

    private static let episodes = """
        -- Whether its source's API said that it is over, and its sender has not yet.
        ALTER TABLE episodes ADD COLUMN awaits_word INTEGER NOT NULL DEFAULT 0 CHECK (awaits_word IN (0, 1));
        CREATE INDEX episodes_awaiting_word ON episodes (source, fingerprint) WHERE awaits_word = 1;

        """

    private static let runs = """
        -- Whether it ended on its probe's word while its problem was open: should that be spoken of again, another run may begin.
        ALTER TABLE runs ADD COLUMN is_renewable INTEGER NOT NULL DEFAULT 0
            CHECK (is_renewable IN (0, 1) AND (is_renewable = 0 OR finished_at IS NOT NULL));
        DROP INDEX runs_rule_episode;
        CREATE UNIQUE INDEX runs_rule_episode ON runs (rule, episode)
            WHERE episode IS NOT NULL AND is_replay = 0 AND is_renewable = 0;

        """

    /// Which of two actions a stop belongs to is in the rules alone: where none of the run's rules has a power cycle it owes nothing,
    /// else it is taken for one, since a start that is forgotten leaves a server down.
    private static let powerCycles = """
        INSERT INTO power_cycles (run, rung)
            SELECT DISTINCT r.id, i.rung FROM runs r JOIN intents i ON i.run = r.id AND i.rung = r.rung
            WHERE r.finished_at IS NULL AND i.operation = 'stop' AND i.step = 0
                AND (i.outcome IS NULL OR i.outcome IN ('applied', 'assumed_sent'))
                AND (NOT EXISTS (SELECT 1 FROM rule_set_files f WHERE f.revision = r.revision)
                    OR EXISTS (SELECT 1 FROM rule_set_files f
                        WHERE f.revision = r.revision AND instr(f.text, CAST('power_cycle' AS BLOB)) > 0))
            ON CONFLICT DO NOTHING;
        """
}
