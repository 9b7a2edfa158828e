import Model

/// What is read of the records.
extension Session {
    func keptLetters(onlyOpen: Bool, limit: Int) throws -> [KeptLetter] {
        try all(
            "\(Self.letters) \(onlyOpen ? "WHERE settled_at IS NULL" : "") ORDER BY id DESC LIMIT ?", [.int(max(0, limit))],
            Self.readLetter)
    }

    func keptLetter(_ id: DeadLetterID) throws -> KeptLetter? {
        try first("\(Self.letters) WHERE id = ?", [.int(id.rawValue)], Self.readLetter)
    }

    private static let letters = """
        SELECT id, at, reason, delivery, event_index, run, rule, detail, settled_at, settlement FROM dead_letters
        """

    private static func readLetter(_ row: inout RowReader) throws -> KeptLetter {
        let id = try row.id(DeadLetterID.self)
        let letter = try DeadLetter(
            at: row.time(), reason: row.value(), event: EventReference(delivery: row.id(), index: row.number()),
            run: row.optionalID(), rule: row.optionalText(), detail: row.text())
        return KeptLetter(id: id, letter: letter, settledAt: try row.optionalTime(), settlement: try row.optionalText())
    }

    func deliveryLines(limit: Int) throws -> [DeliveryLine] {
        try all(
            """
            SELECT d.id, d.source, d.received_at, (SELECT length(b.body) FROM delivery_bodies b WHERE b.delivery = d.id),
                d.dispatched_at, d.revision FROM deliveries d ORDER BY d.id DESC LIMIT ?
            """, [.int(max(0, limit))]
        ) { row in
            try DeliveryLine(
                id: row.id(), source: row.text(), receivedAt: row.time(), bytes: Int(row.optionalInt() ?? 0),
                decidedAt: row.optionalTime(), revision: row.optionalText().map { RuleSetRevision(rawValue: $0) })
        }
    }

    /// At most 8 MiB of bodies, give or take one: whoever reads them asks again.
    func deliveries(after: DeliveryID, since: Timestamp, limit: Int) throws -> [Delivery] {
        var bytes = 0
        return try all(
            """
            SELECT \(Self.deliveryColumns) FROM deliveries d JOIN delivery_bodies b ON b.delivery = d.id
            WHERE d.id > ? AND d.received_at >= ? ORDER BY d.id LIMIT ?
            """, [.int(after.rawValue), .time(since), .int(max(0, limit))],
            until: { (delivery: Delivery) in
                bytes += delivery.body.count
                return bytes >= 8 << 20
            }, Self.readDelivery)
    }

    func knownServers() throws -> [KnownServer] {
        try all(
            """
            SELECT server, server_name, max(id) FROM runs WHERE server IS NOT NULL AND server_name IS NOT NULL GROUP BY server
            """
        ) { KnownServer(id: try $0.id(), name: try $0.text()) }.sorted { $0.id < $1.id }
    }

    func requests(after: IntentID, limit: Int) throws -> [RuleRequest] {
        try all(
            """
            SELECT \(Self.intentColumns), r.rule, r.server_name FROM intents i JOIN runs r ON r.id = i.run
            WHERE i.id > ? ORDER BY i.id LIMIT ?
            """, [.int(after.rawValue), .int(max(0, limit))]
        ) { row in
            RuleRequest(intent: try Self.readIntent(&row), rule: try row.text(), serverName: try row.optionalText())
        }
    }

    func unfinishedRules() throws -> [RuleOfRun] {
        try all("SELECT DISTINCT rule, revision FROM runs WHERE finished_at IS NULL ORDER BY rule, revision") { row in
            RuleOfRun(rule: try row.text(), revision: RuleSetRevision(rawValue: try row.text()))
        }
    }
}
