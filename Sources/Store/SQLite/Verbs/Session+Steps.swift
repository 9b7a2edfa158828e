import JSON
import Model

/// What runs with several steps keep: their progress, the requests of their intents, the servers that they created.
extension Session {
    /// Keeps how far a run has come; writes nothing when that is what is kept already.
    func keep(_ progress: RunProgress, of run: RunID) throws {
        let id = SQLValue.int(run.rawValue)
        guard !progress.isEmpty else {
            try execute("DELETE FROM run_progress WHERE run = ?", [id])
            return
        }
        try execute(
            """
            INSERT INTO run_progress (run, progress) VALUES (?, ?)
            ON CONFLICT (run) DO UPDATE SET progress = excluded.progress WHERE progress <> excluded.progress
            """, [id, .string(progress.json.description)])
    }

    static func readProgress(_ row: inout RowReader) throws -> RunProgress {
        guard let text = try row.optionalText() else { return RunProgress() }
        guard let json = try? JSONValue.parse(Array(text.utf8)), let progress = RunProgress(json: json) else { throw unreadable }
        return progress
    }

    /// Reads `method, url, request_hash, name, body`.
    static func readRequest(_ row: inout RowReader) throws -> IntentRequest? {
        guard let method = try row.optionalText() else {
            row.skip(4)
            return nil
        }
        var request = IntentRequest(method: method, url: try row.text(), hash: try row.text(), name: try row.optionalText())
        if let text = try row.optionalText() {
            guard let body = try? JSONValue.parse(Array(text.utf8)) else { throw unreadable }
            request.body = body
        }
        return request
    }

    private static var unreadable: StoreError {
        StoreError(.unusable, "the database holds a value that its schema does not allow; keep the file and restore a copy")
    }

    // MARK: Servers that this bridge created

    /// - Returns: whether anything changed.
    func apply(_ change: OwnershipChange, now: Timestamp) throws -> Bool {
        switch change {
        case .created(let server):
            try note(server)
            return try execute(
                """
                INSERT INTO created_servers (server, name, lane, run, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                [
                    .int(server.id.rawValue), .text(server.name), .text(server.lane.rawValue), .int(server.run?.rawValue ?? 0),
                    .time(server.createdAt),
                ]) == 1
        case .adopted(let server):
            let isNew =
                try execute(
                    """
                    INSERT INTO created_servers (server, name, lane, run, created_at, adopted_by) VALUES (?, ?, ?, 0, ?, ?)
                    ON CONFLICT (server) DO UPDATE SET name = excluded.name, lane = excluded.lane, run = 0,
                        created_at = excluded.created_at, adopted_by = excluded.adopted_by, deleted_at = NULL
                        WHERE deleted_at IS NOT NULL
                    """,
                    [
                        .int(server.id.rawValue), .text(server.name), .text(server.lane.rawValue), .time(server.createdAt),
                        .text(server.adoptedBy),
                    ]) == 1
            // A person says what a lost answer did not; of a server that is the bridge's already its own create is known.
            if isNew { try noteAdopted(server) }
            return isNew
        case .deleted(let id):
            try endPurchase(of: id, now: now)
            try forgetProblems(of: id, now: now)
            return try execute(
                "UPDATE created_servers SET deleted_at = ? WHERE server = ? AND deleted_at IS NULL",
                [.time(now), .int(id.rawValue)]) == 1
        case .disowned(let id):
            let isGivenUp =
                try execute("DELETE FROM created_servers WHERE server = ? AND deleted_at IS NULL", [.int(id.rawValue)]) == 1
            if isGivenUp { try endPurchase(of: id, now: now) }
            return isGivenUp
        }
    }

    func createdServers() throws -> [CreatedServer] {
        try all(
            "SELECT server, name, lane, nullif(run, 0), created_at, adopted_by FROM created_servers WHERE deleted_at IS NULL ORDER BY server"
        ) {
            row in
            CreatedServer(
                id: try row.id(), name: try row.text(), lane: Lane(rawValue: try row.text()), run: try row.optionalID(),
                createdAt: try row.time(), adoptedBy: try row.optionalText())
        }
    }
}
