package import JSON
import Model

/// The state as JSON: `GET /_sim/state` shows it, and a state file is that plus the ledger.
extension SimulatorState {
    private static let known = ["now", "credit", "next_id", "servers", "faults", "ledger"]

    func json(at now: Timestamp) -> JSONValue {
        var object = members
        object.members.insert(.init(name: "now", value: .string(now.rfc3339)), at: 0)
        return .object(object)
    }

    /// What a state file holds.
    package var fileJSON: JSONValue {
        var object = members
        object.members.append(.init(name: "ledger", value: ledger.json()))
        return .object(object)
    }

    private var members: JSONObject {
        [
            "credit": .int(credit), "next_id": .int(nextID), "servers": .array(servers.map(\.stateJSON)),
            "faults": .array(faults.map(\.json)),
        ]
    }

    /// Takes over what ``fileJSON`` wrote; throws what is wrong with it, and nothing has changed then.
    mutating func load(_ value: JSONValue) throws(FormatError) {
        let fields = try Fields(value, known: Self.known)
        var next = self
        next.credit = try Fields.require(try fields.integer("credit", in: 0...Int64.max), "credit")
        next.nextID = try Fields.require(try fields.integer("next_id", in: Addresses.firstID...SimulatedServer.lastID), "next_id")
        next.servers = []
        for item in try fields.list("servers") {
            let server = try SimulatedServer(item)
            guard server.id.rawValue < next.nextID, (next.servers.last?.id).map({ $0 < server.id }) ?? true else {
                throw FormatError("ids of servers must rise and stay below next_id")
            }
            next.servers.append(server)
        }
        next.faults = []
        for item in try fields.list("faults") { next.faults.append(try Fault(item)) }
        next.ledger = try Ledger(fields["ledger"] ?? [:])
        self = next
    }
}

extension SimulatedServer {
    /// Ids stay far below the end of `Int64`, so that counting them up can not trap.
    static let lastID: Int64 = 100_000_000_000_000_000

    private static let known = [
        "id", "name", "hostname", "status", "ip_address", "location", "plan_id", "os_id", "backups_enabled", "created_at",
        "updated_at", "listed_updated_at", "up", "next_status", "next_at", "next_up",
    ]

    /// The server with what the Servers API does not show: whether its guest answers, and what comes next.
    var stateJSON: JSONValue {
        [
            "id": .int(id.rawValue), "name": .string(name), "hostname": hostname.map(JSONValue.string) ?? .null,
            "status": .string(status.rawValue), "ip_address": ipAddress.map(JSONValue.string) ?? .null,
            "location": .string(location), "plan_id": .int(planID), "os_id": .int(osID), "backups_enabled": .bool(backupsEnabled),
            "created_at": .string(createdAt.rfc3339), "updated_at": .string(updatedAt.rfc3339),
            "listed_updated_at": listedUpdatedAt.map { .string($0.rfc3339) } ?? .null, "up": .bool(isUp),
            "next_status": transition.map { .string($0.status.rawValue) } ?? .null,
            "next_at": transition.map { .string($0.at.rfc3339) } ?? .null,
            "next_up": transition?.guestUp.map(JSONValue.bool) ?? .null,
        ]
    }

    /// Reads what ``stateJSON`` wrote.
    init(_ value: JSONValue) throws(FormatError) {
        let fields = try Fields(value, known: Self.known)
        func text(_ name: String) throws(FormatError) -> String { try Fields.require(try fields.text(name), name) }
        func instant(_ name: String) throws(FormatError) -> Timestamp { try Fields.require(try fields.instant(name), name) }
        func number(_ name: String, most: Int64) throws(FormatError) -> Int64 {
            try Fields.require(try fields.integer(name, in: 1...most), name)
        }
        self.init(
            id: ServerID(rawValue: try number("id", most: Self.lastID)), name: try text("name"),
            hostname: try fields.text("hostname"), status: ServerStatus(rawValue: try text("status")),
            location: try text("location"), backupsEnabled: try fields.flag("backups_enabled") ?? false,
            createdAt: try instant("created_at"), updatedAt: try instant("updated_at"), isUp: try fields.flag("up") ?? false,
            planID: try number("plan_id", most: .max), osID: try number("os_id", most: .max),
            listedUpdatedAt: try fields.instant("listed_updated_at"))
        if let next = try fields.text("next_status") {
            transition = Transition(
                status: ServerStatus(rawValue: next), at: try instant("next_at"), guestUp: try fields.flag("next_up"))
        }
    }
}
