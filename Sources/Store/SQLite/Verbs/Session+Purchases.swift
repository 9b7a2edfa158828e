import JSON
import Model

/// The creates that cost money.
extension Session {
    /// Spends a create, in the transaction of its intent.
    func spend(_ intent: Intent, of run: Run, price prices: PriceList?) throws {
        let plan = intent.request?.body?["plan_id"]?.intValue
        let price = plan.flatMap { prices?.plans[$0] }
        try execute(
            "INSERT INTO purchases (intent, run, rule, name, plan, price, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .int(intent.id.rawValue), .int(run.id.rawValue), .text(run.rule), .text(intent.request?.name ?? ""), .int(plan),
                .int(price?.micros), .time(intent.createdAt),
            ])
    }

    /// Nothing was bought: the API refused it, or it never left.
    func giveBack(_ intent: IntentID) throws {
        try execute("DELETE FROM purchases WHERE intent = ? AND server IS NULL", [.int(intent.rawValue)])
    }

    /// The server of a create was seen. Of several creates of its name only one made it.
    func note(_ server: CreatedServer) throws {
        let own: [SQLValue] = [.int(server.run?.rawValue), .text(server.name)]
        try execute(
            """
            UPDATE purchases SET server = ? WHERE intent = (
                SELECT max(intent) FROM purchases WHERE run = ? AND name = ? AND server IS NULL)
            """, [.int(server.id.rawValue)] + own)
        try execute(
            "UPDATE purchases SET ended_at = ? WHERE run = ? AND name = ? AND server IS NULL AND ended_at IS NULL",
            [.time(server.createdAt)] + own)
    }

    func endPurchase(of server: ServerID, now: Timestamp) throws {
        try execute(
            "UPDATE purchases SET ended_at = ? WHERE server = ? AND ended_at IS NULL", [.time(now), .int(server.rawValue)])
    }

    /// How many servers of each plan and price were or may have been there since `start`, of one rule or of all; each with the name of
    /// one of them. A clock that was set back makes nothing cheaper: later ones count too.
    func costs(
        from start: Timestamp, of rule: String?
    ) throws -> [(plan: Int64?, price: Money?, count: Int, name: String)] {
        try all(
            """
            SELECT plan, price, count(*), min(name) FROM purchases
            WHERE (ended_at IS NULL OR ended_at >= ?) AND (? IS NULL OR rule = ?) GROUP BY plan, price
            """, [.time(start), .text(rule), .text(rule)]
        ) { row in
            (
                plan: try row.optionalInt(), price: try row.optionalInt().map(Money.init(micros:)), count: try row.number(),
                name: try row.text()
            )
        }
    }

    /// Every create whose server was or may have been there at some time from `start` to before `end`, oldest first.
    func purchases(from start: Timestamp, to end: Timestamp) throws -> [Purchase] {
        try all(
            """
            SELECT intent, run, rule, name, plan, price, created_at, server, ended_at FROM purchases
            WHERE created_at < ? AND (ended_at IS NULL OR ended_at >= ?) ORDER BY created_at, intent
            """, [.time(end), .time(start)]
        ) { row in
            Purchase(
                intent: try row.id(), run: try row.id(), rule: try row.text(), name: try row.text(), plan: try row.optionalInt(),
                price: try row.optionalInt().map(Money.init(micros:)), createdAt: try row.time(), server: try row.optionalID(),
                endedAt: try row.optionalTime())
        }
    }
}
