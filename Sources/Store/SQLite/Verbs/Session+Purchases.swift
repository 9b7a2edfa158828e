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

    /// A create that may be asked for once more, since its server was never seen.
    struct RepeatedCreate {
        let run: RunID
        let name: String
    }

    /// Whether a create counts: it is not one whose server another create of its name made, nor the one that is about to be repeated. Its
    /// values are those of ``bought(by:besides:)``.
    static let isBought = """
        (? IS NULL OR rule = ?) AND (server IS NOT NULL OR ended_at IS NULL) AND NOT (run = ? AND name = ? AND server IS NULL)
        """

    /// The values of ``isBought``: of one rule's creates or of all, and besides which.
    static func bought(by rule: String?, besides repeated: RepeatedCreate) -> [SQLValue] {
        [.text(rule), .text(rule), .int(repeated.run.rawValue), .text(repeated.name)]
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

    /// A person says of a server that it is the one of a create whose answer was lost: the newest of its name that was not seen.
    func noteAdopted(_ server: CreatedServer) throws {
        let run = try first(
            "SELECT run FROM purchases WHERE name = ? AND server IS NULL AND ended_at IS NULL ORDER BY intent DESC LIMIT 1",
            [.text(server.name)]
        ) { try $0.id(RunID.self) }
        guard let run else { return }
        var bought = server
        bought.run = run
        try note(bought)
    }

    /// How many servers of each plan and price were or may have been there since `start`, of one rule or of all; each with the name of
    /// one of them. A clock that was set back makes nothing cheaper: later ones count too.
    func costs(
        from start: Timestamp, of rule: String?, besides repeated: RepeatedCreate
    ) throws -> [(plan: Int64?, price: Money?, count: Int, name: String)] {
        try all(
            """
            SELECT plan, price, count(*), min(name) FROM purchases
            WHERE (ended_at IS NULL OR ended_at >= ?) AND \(Self.isBought) GROUP BY plan, price
            """, [.time(start)] + Self.bought(by: rule, besides: repeated)
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
