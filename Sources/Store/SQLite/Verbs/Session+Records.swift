import Model

/// What was recorded: audit entries to read, dead letters, rule sets, counts.
extension Session {
    func auditEntries(run: RunID?, delivery: DeliveryID?, limit: Int) throws -> [AuditEntry] {
        var conditions: [String] = []
        var values: [SQLValue] = []
        if let run {
            conditions.append("run = ?")
            values.append(.int(run.rawValue))
        }
        if let delivery {
            conditions.append("delivery = ?")
            values.append(.int(delivery.rawValue))
        }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " OR ")
        let newestFirst = try all(
            """
            SELECT at, kind, reason, delivery, run, rule, server, actor, detail FROM audit \(condition) ORDER BY id DESC LIMIT ?
            """, values + [.int(max(0, limit))]
        ) { row in
            try AuditEntry(
                at: row.time(), kind: row.value(), reason: row.optionalValue(), delivery: row.optionalID(), run: row.optionalID(),
                rule: row.optionalText(), server: row.optionalID(), actor: row.text(), detail: row.text())
        }
        return newestFirst.reversed()
    }

    func add(_ letter: DeadLetter) throws {
        try execute(
            "INSERT INTO dead_letters (at, reason, delivery, event_index, run, rule, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .time(letter.at), .text(letter.reason.rawValue), .int(letter.event.delivery.rawValue), .int(letter.event.index),
                .int(letter.run?.rawValue), .text(letter.rule), .text(letter.detail),
            ])
    }

    func deadLetters(limit: Int) throws -> [DeadLetter] {
        try all(
            """
            SELECT at, reason, delivery, event_index, run, rule, detail FROM dead_letters WHERE settled_at IS NULL
            ORDER BY id DESC LIMIT ?
            """, [.int(max(0, limit))]
        ) { row in
            try DeadLetter(
                at: row.time(), reason: row.value(), event: EventReference(delivery: row.id(), index: row.number()),
                run: row.optionalID(), rule: row.optionalText(), detail: row.text())
        }
    }

    func save(_ ruleSet: StoredRuleSet) throws {
        let revision = SQLValue.text(ruleSet.revision.rawValue)
        let added = try execute(
            "INSERT INTO rule_sets (revision, saved_at, taken_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [revision, .time(ruleSet.savedAt), .time(ruleSet.savedAt)])
        guard added == 1 else {
            try execute("UPDATE rule_sets SET taken_at = ? WHERE revision = ?", [.time(ruleSet.savedAt), revision])
            return
        }
        for (position, file) in ruleSet.files.enumerated() {
            try execute(
                "INSERT INTO rule_set_files (revision, position, name, text) VALUES (?, ?, ?, ?)",
                [revision, .int(position), .text(file.name), .key(file.text)])
        }
    }

    func ruleSet(_ revision: RuleSetRevision) throws -> StoredRuleSet? {
        let key = SQLValue.text(revision.rawValue)
        guard let savedAt = try first("SELECT saved_at FROM rule_sets WHERE revision = ?", [key], { try $0.time() }) else {
            return nil
        }
        let files = try all("SELECT name, text FROM rule_set_files WHERE revision = ? ORDER BY position", [key]) { row in
            StoredRuleSet.File(name: try row.text(), text: try row.key())
        }
        return StoredRuleSet(revision: revision, files: files, savedAt: savedAt)
    }

    /// Changes a row, so that the commit has something to bring to the disk.
    func proveWritable() throws {
        try execute("UPDATE write_probe SET writes = writes + 1 WHERE id = 1")
    }

    func counts() throws -> StoreCounts {
        var runs: [RunState: Int] = [:]
        for (state, number) in try all(
            "SELECT state, count(*) FROM runs GROUP BY state", [],
            { row in
                (try row.value(RunState.self), try row.number())
            })
        {
            runs[state] = number
        }
        return try StoreCounts(
            deliveries: count("SELECT count(*) FROM deliveries"),
            undispatched: count("SELECT count(*) FROM deliveries WHERE dispatched_at IS NULL"),
            openEpisodes: count("SELECT count(*) FROM episodes WHERE closed_at IS NULL"),
            runs: runs,
            deadLetters: count("SELECT count(*) FROM dead_letters WHERE settled_at IS NULL"),
            waitingMessages: count("SELECT count(*) FROM messages WHERE finished_at IS NULL"))
    }
}
