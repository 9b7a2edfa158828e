import Model

/// Deliveries: taking them in, and what was taken in.
extension Session {
    /// How long a sender's key keeps a replay out: the longest time for which a known sender tries again.
    static let dedupWindow = Duration.seconds(76 * 3_600)

    func accept(_ delivery: NewDelivery) throws -> Acceptance {
        if let id = try store(delivery) { return .stored(id) }
        let key: [SQLValue] = [.text(delivery.source), delivery.dedupKey.map(SQLValue.key) ?? .null]
        let earlier = try first("SELECT id, received_at FROM deliveries WHERE source = ? AND dedup_key = ?", key) { row in
            (id: try row.id(DeliveryID.self), receivedAt: try row.time())
        }
        guard let earlier else { throw StoreError(.conflict, "a delivery of \(delivery.source) could not be stored") }
        if earlier.receivedAt > delivery.receivedAt - Self.dedupWindow { return .duplicate(of: earlier.id) }
        try execute("UPDATE deliveries SET dedup_key = NULL WHERE id = ?", [.int(earlier.id.rawValue)])
        guard let id = try store(delivery) else {
            throw StoreError(.conflict, "a delivery of \(delivery.source) could not be stored")
        }
        return .stored(id)
    }

    /// - Returns: `nil` when the source used the delivery's key before.
    private func store(_ delivery: NewDelivery) throws -> DeliveryID? {
        let added = try execute(
            """
            INSERT INTO deliveries (source, received_at, content_type, is_urgent, dedup_key) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                .text(delivery.source), .time(delivery.receivedAt), .text(delivery.contentType), .flag(delivery.isUrgent),
                delivery.dedupKey.map(SQLValue.key) ?? .null,
            ])
        guard added == 1 else { return nil }
        let id = lastInsertedID
        try execute("INSERT INTO delivery_bodies (delivery, body) VALUES (?, ?)", [.int(id), .blob(delivery.body)])
        return DeliveryID(rawValue: id)
    }

    /// At most 16 MiB of bodies, give or take one: whoever works them off asks again.
    func undispatched(limit: Int) throws -> [Delivery] {
        var bytes = 0
        return try all(
            """
            SELECT \(Self.deliveryColumns) FROM deliveries d JOIN delivery_bodies b ON b.delivery = d.id
            WHERE d.dispatched_at IS NULL ORDER BY d.is_urgent DESC, d.id LIMIT ?
            """, [.int(max(0, limit))],
            until: { (delivery: Delivery) in
                bytes += delivery.body.count
                return bytes >= 16 << 20
            }, Self.readDelivery)
    }

    func delivery(_ id: DeliveryID) throws -> Delivery? {
        try first(
            "SELECT \(Self.deliveryColumns) FROM deliveries d JOIN delivery_bodies b ON b.delivery = d.id WHERE d.id = ?",
            [.int(id.rawValue)], Self.readDelivery)
    }

    func decision(on id: DeliveryID) throws -> DeliveryDecision? {
        let key = SQLValue.int(id.rawValue)
        let found = try first("SELECT dispatched_at, revision FROM deliveries WHERE id = ?", [key]) { row in
            DeliveryDecision(
                decidedAt: try row.optionalTime(), revision: try row.optionalText().map { RuleSetRevision(rawValue: $0) },
                runs: [])
        }
        guard var decision = found else { return nil }
        decision.runs = try all(
            "SELECT \(Self.runColumns) FROM runs r WHERE r.delivery = ? ORDER BY r.id", [key], Self.readRun)
        return decision
    }

    static let deliveryColumns = "d.id, d.source, d.received_at, b.body, d.content_type, d.is_urgent, d.decided_events"

    static func readDelivery(_ row: inout RowReader) throws -> Delivery {
        try Delivery(
            id: row.id(), source: row.text(), receivedAt: row.time(), body: row.bytes(), contentType: row.text(),
            isUrgent: row.flag(), decidedEvents: row.number())
    }
}
