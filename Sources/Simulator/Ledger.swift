import JSON
package import Model

/// Every changing request that carried the right token: the simulator's side of the story, to count effects by.
package struct Ledger: Sendable, Hashable {
    /// One changing request.
    package struct Entry: Sendable, Hashable {
        package var operation: Operation
        /// The server in the path, or the one that a create made.
        package var server: ServerID?
        /// That server's name when the request came.
        package var name: String?
        package var at: Timestamp
        /// Whether it took place; `false` for a refused one and for faults that keep it from taking place.
        package var applied: Bool
        /// The status of the answer; `nil` when the connection was closed without one.
        package var status: Int?
        /// The fault that struck it, by its name.
        package var fault: String?
    }

    /// The newest entries, oldest first: at most ``capacity``.
    package internal(set) var entries: [Entry] = []
    /// How often each operation took place, entries no longer kept included.
    package internal(set) var applied: [Operation: Int] = [:]

    /// How many entries are kept.
    package static let capacity = 10_000

    mutating func append(_ entry: Entry) {
        // Dropped by the thousand: removing one from the front each time would cost a pass over all of them.
        if entries.count >= Self.capacity { entries.removeFirst(1_000) }
        entries.append(entry)
        if entry.applied { applied[entry.operation, default: 0] += 1 }
    }
}

extension Ledger {
    private static let known = ["operation", "server_id", "name", "at", "applied", "answer", "status", "fault"]

    /// The ledger as `GET /_sim/ledger` answers it: how often each operation took place, and the entries.
    func json(appliedOnly: Bool = false) -> JSONValue {
        let counts = Operation.allCases.filter(\.isChanging).map { operation in
            JSONObject.Member(name: operation.rawValue, value: .int(Int64(applied[operation] ?? 0)))
        }
        return [
            "applied": .object(JSONObject(counts)),
            "entries": .array(entries.filter { $0.applied || !appliedOnly }.map(\.json)),
        ]
    }

    /// Reads what ``json(appliedOnly:)`` wrote.
    init(_ value: JSONValue) throws(FormatError) {
        let fields = try Fields(value, known: ["applied", "entries"])
        let counts = try Fields(fields["applied"] ?? [:], known: Operation.allCases.map(\.rawValue))
        for operation in Operation.allCases {
            let count = try counts.integer(operation.rawValue, in: 0...Int64(Int32.max)) ?? 0
            applied[operation] = count > 0 ? Int(count) : nil
        }
        for item in try fields.list("entries") {
            let entry = try Fields(item, known: Self.known)
            guard let operation = Operation(rawValue: try Fields.require(try entry.text("operation"), "operation")) else {
                throw FormatError("unknown operation in the ledger")
            }
            entries.append(
                Entry(
                    operation: operation,
                    server: try entry.integer("server_id", in: 1...Int64.max).map(ServerID.init(rawValue:)),
                    name: try entry.text("name"), at: try Fields.require(try entry.instant("at"), "at"),
                    applied: try entry.flag("applied") ?? false, status: try entry.integer("status", in: 100...599).map(Int.init),
                    fault: try entry.text("fault")))
        }
    }
}

extension Ledger.Entry {
    var json: JSONValue {
        [
            "operation": .string(operation.rawValue), "server_id": server.map { .int($0.rawValue) } ?? .null,
            "name": name.map(JSONValue.string) ?? .null, "at": .string(at.rfc3339), "applied": .bool(applied),
            "answer": .string(status == nil ? "dropped" : "answered"), "status": status.map { .int(Int64($0)) } ?? .null,
            "fault": fault.map(JSONValue.string) ?? .null,
        ]
    }
}
