/// What is known about a value before there is one.
indirect enum StaticType: Sendable {
    /// Anything.
    case dyn
    /// A value of a type without parts that are known.
    case plain(CELType)
    case list(StaticType)
    /// A map with text keys, any of them, and values of one type.
    case map(StaticType)
    /// A map with these keys. An open one may have others, which are read as `["key"]`.
    case record(title: String, fields: [(name: String, type: StaticType)], isOpen: Bool = false)
    case optional(StaticType)

    /// The type of the value, `nil` when it may be any.
    var type: CELType? {
        switch self {
        case .dyn: nil
        case .plain(let type): type
        case .list: .list
        case .map, .record: .map
        case .optional: .optional
        }
    }

    /// Whether the value can be of that type.
    func allows(_ wanted: CELType) -> Bool { type == nil || type == wanted }

    var isNumber: Bool { type == .int || type == .uint || type == .double }

    /// What it is, for messages to people.
    var title: String {
        switch type {
        case nil: "any value"
        case .string: "a text"
        case .int, .uint: "a whole number"
        case .double: "a number"
        case .bool: "true or false"
        case .list: "a list"
        case .map: "a map"
        case .null: "null"
        case .optional: "an optional"
        case let other?: "a \(other.title)"
        }
    }

    /// The type of a value that is one or the other.
    static func either(_ left: StaticType, _ right: StaticType) -> StaticType {
        guard case .plain(let first) = left, case .plain(let second) = right, first == second else { return .dyn }
        return left
    }

    /// The type of a value that is known.
    init(of value: CELValue) {
        switch value {
        case .list(let items):
            let types = items.map { StaticType(of: $0) }
            self = .list(types.dropFirst().reduce(types.first ?? .dyn) { .either($0, $1) })
        case .map(let map):
            self = .record(
                title: "this map",
                fields: map.entries.compactMap { entry in
                    guard case .string(let name) = entry.key else { return nil }
                    return (name, StaticType(of: entry.value))
                })
        case .null, .optional: self = .dyn
        default: self = .plain(value.type)
        }
    }
}

/// What an event and a server have, for the checker.
enum EventSchema {
    /// The fields of `event`, in the order in which a walk over `event` meets them.
    static let fields = types.map(\.name)

    static let types: [(name: String, type: StaticType)] = [
        ("source", .plain(.string)), ("status", .plain(.string)), ("fingerprint", .plain(.string)),
        ("labels", .map(.plain(.string))), ("annotations", .map(.plain(.string))),
        ("starts_at", .plain(.timestamp)), ("ends_at", .plain(.timestamp)), ("received_at", .plain(.timestamp)),
        ("payload", .dyn),
        (
            "user",
            .record(title: "`event.user`", fields: [("id", .plain(.string)), ("name", .plain(.string))])
        ),
        ("channel", .plain(.string)), ("team", .plain(.string)), ("command", .plain(.string)), ("text", .plain(.string)),
    ]

    static let event = StaticType.record(title: "`event`", fields: types)

    /// The fields that the Servers API documents. Those that may be null, or objects that may grow, are not typed further.
    static let server = StaticType.record(
        title: "`server`",
        fields: [
            ("id", .plain(.int)), ("name", .plain(.string)), ("hostname", .dyn), ("status", .plain(.string)),
            ("ip_address", .dyn),
            ("ipv6_address", .dyn), ("location", .dyn), ("plan", .dyn), ("os", .dyn), ("created_at", .plain(.timestamp)),
            ("updated_at", .plain(.timestamp)), ("backups_enabled", .dyn), ("resource_usage", .dyn),
        ], isOpen: true)
}
