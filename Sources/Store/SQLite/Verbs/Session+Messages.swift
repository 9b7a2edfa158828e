import Model

/// The outbox.
extension Session {
    func add(_ message: NewMessage, now: Timestamp) throws {
        let (channel, source, url): (String?, String?, String?) =
            switch message.destination {
            case .channel(let name): (name, nil, nil)
            case .response(let source, let url): (nil, source, url)
            }
        try execute(
            """
            INSERT INTO messages (channel, response_source, response_url, text, run, created_at, due_at, attempts)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0)
            """,
            [.text(channel), .text(source), .text(url), .text(message.text), .int(message.run?.rawValue), .time(now), .time(now)])
    }

    func claimMessages(now: Timestamp, hiddenUntil: Timestamp, limit: Int) throws -> [OutboxMessage] {
        // Answers first: somebody waits for them.
        var messages = try due("channel IS NULL", now: now, limit: limit)
        messages += try due("channel IS NOT NULL", now: now, limit: limit - messages.count)
        for index in messages.indices {
            try execute(
                "UPDATE messages SET attempts = attempts + 1, due_at = ? WHERE id = ?",
                [.time(hiddenUntil), .int(messages[index].id.rawValue)])
            messages[index].attempts += 1
        }
        return messages
    }

    private func due(_ kind: String, now: Timestamp, limit: Int) throws -> [OutboxMessage] {
        guard limit > 0 else { return [] }
        return try all(
            """
            SELECT id, channel, response_source, response_url, text, run, created_at, attempts FROM messages
            WHERE finished_at IS NULL AND \(kind) AND due_at <= ? ORDER BY due_at, id LIMIT ?
            """, [.time(now), .int(limit)], Self.readMessage)
    }

    func finishMessage(_ id: MessageID, _ result: MessageResult, now: Timestamp) throws {
        guard try exists("SELECT 1 FROM messages WHERE id = ?", [.int(id.rawValue)]) else {
            throw StoreError(.conflict, "message \(id) does not exist")
        }
        // What is finished stays so: a sender that was slow may report after another one did.
        switch result {
        case .retry(let at):
            try execute("UPDATE messages SET due_at = ? WHERE id = ? AND finished_at IS NULL", [.time(at), .int(id.rawValue)])
        case .postponed(let at):
            try execute(
                "UPDATE messages SET due_at = ?, attempts = max(0, attempts - 1) WHERE id = ? AND finished_at IS NULL",
                [.time(at), .int(id.rawValue)])
        case .delivered:
            try finish(id, failure: nil, now: now)
        case .failed(let reason):
            try finish(id, failure: reason, now: now)
        }
    }

    private func finish(_ id: MessageID, failure: String?, now: Timestamp) throws {
        try execute(
            "UPDATE messages SET finished_at = ?, failure = ? WHERE id = ? AND finished_at IS NULL",
            [.time(now), .text(failure), .int(id.rawValue)])
    }

    func nextMessageDue() throws -> Timestamp? {
        try first("SELECT due_at FROM messages WHERE finished_at IS NULL ORDER BY due_at LIMIT 1") { try $0.time() }
    }

    private static func readMessage(_ row: inout RowReader) throws -> OutboxMessage {
        let id = try row.id(MessageID.self)
        let (channel, source, url) = (try row.optionalText(), try row.optionalText(), try row.optionalText())
        let destination: MessageDestination
        if let channel {
            destination = .channel(channel)
        } else {
            destination = .response(source: source ?? "", url: url ?? "")
        }
        return try OutboxMessage(
            id: id, destination: destination, text: row.text(), run: row.optionalID(), createdAt: row.time(),
            attempts: row.number())
    }
}
