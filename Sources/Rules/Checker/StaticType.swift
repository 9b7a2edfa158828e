/// What is known of a value's type before there is a value.
///
/// The types are those of the language's checker (cel-spec, language definition, "Gradual Type Checking"), and records for the
/// values whose fields a schema declares.
indirect enum StaticType: Sendable {
    /// Anything; every operation is allowed on it.
    case dyn
    /// What an expression with a reported problem has; fits everywhere, so that one mistake is reported once.
    case error
    case null
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case timestamp
    case duration
    case list(StaticType)
    case map(StaticType, StaticType)
    /// A type that is itself a value: `int` is of the type `type(int)`.
    case typeValue(StaticType?)
    /// A type of a name and parameters, such as `optional_type` or `net.IP`.
    case abstract(String, [StaticType])
    /// A simple type whose value may also be null.
    case wrapper(StaticType)
    /// A parameter of a declaration, by its name; a use of the declaration replaces it by a ``variable(_:)``.
    case parameter(String)
    /// A type that has yet to be found; see ``TypeSolver``.
    case variable(Int)
    /// A map with text keys whose fields are declared.
    case record(RecordType)

    static func optional(_ inner: StaticType) -> StaticType { .abstract(optionalName, [inner]) }

    /// A map with text keys.
    static func map(_ value: StaticType) -> StaticType { .map(.string, value) }

    static func record(
        title: String, fields: [(name: String, type: StaticType)], others: RecordType.Others = .none,
        elsewhere: [String: String] = [:]
    ) -> StaticType {
        let fields = fields.map { RecordType.Field($0.name, $0.type) }
        return .record(RecordType(title: title, fields: fields, others: others, elsewhere: elsewhere))
    }

    static let optionalName = "optional_type"
    /// An IP address, of the network extension.
    static let address = StaticType.abstract("net.IP", [])
    /// A range of IP addresses, of the network extension.
    static let addressRange = StaticType.abstract("net.CIDR", [])

    /// What an optional holds; `nil` for every other type.
    var wrapped: StaticType? {
        guard case .abstract(Self.optionalName, let parameters) = self else { return nil }
        return parameters.first ?? .dyn
    }

    /// Whether nothing is known of it.
    var isDynamic: Bool {
        switch self {
        case .dyn, .error: true
        default: false
        }
    }

    /// Without the possibility of null.
    var nonNull: StaticType {
        if case .wrapper(let inner) = self { return inner }
        return self
    }

    /// The type of the value at run time; `nil` when it may be any.
    var type: CELType? {
        switch self {
        case .dyn, .error, .parameter, .variable: nil
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .timestamp: .timestamp
        case .duration: .duration
        case .list: .list
        case .map, .record: .map
        case .typeValue: .type
        case .abstract(let name, _): CELType(rawValue: name)
        case .wrapper(let inner): inner.type
        }
    }

    /// Whether there are parameters of a declaration in it.
    var hasParameters: Bool {
        switch self {
        case .parameter: true
        case .list(let element): element.hasParameters
        case .map(let key, let value): key.hasParameters || value.hasParameters
        case .typeValue(let inner): inner?.hasParameters ?? false
        case .abstract(_, let parameters): parameters.contains(where: \.hasParameters)
        default: false
        }
    }

    /// Whether it is a simple type that is known, so that it fits no more than one of several simple types.
    var isPlain: Bool {
        switch self {
        case .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration: true
        default: false
        }
    }

    var isNumber: Bool {
        switch nonNull {
        case .int, .uint, .double: true
        default: false
        }
    }

    /// Whether the value can be of that type.
    func allows(_ wanted: CELType) -> Bool {
        type == nil || type == wanted
    }

    /// The type of a value that is known. Nothing is said of what is null, which in a file stands for what is left open.
    init(of value: CELValue, title: String = "this map") {
        switch value {
        case .null, .optional: self = .dyn
        case .bool: self = .bool
        case .int: self = .int
        case .uint: self = .uint
        case .double: self = .double
        case .string: self = .string
        case .bytes: self = .bytes
        case .timestamp: self = .timestamp
        case .duration: self = .duration
        case .type: self = .typeValue(nil)
        case .ip: self = .address
        case .cidr: self = .addressRange
        case .list(let items):
            let types = items.map { StaticType(of: $0) }
            self = .list(types.dropFirst().reduce(types.first ?? .dyn) { $0.isSameSimpleType(as: $1) ? $0 : .dyn })
        case .map(let map):
            let fields = map.entries.compactMap { entry -> RecordType.Field? in
                guard case .string(let name) = entry.key else { return nil }
                return RecordType.Field(name, StaticType(of: entry.value))
            }
            self = .record(RecordType(title: title, fields: fields))
        }
    }

    private func isSameSimpleType(as other: StaticType) -> Bool {
        switch (self, other) {
        case (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double), (.string, .string), (.bytes, .bytes): true
        default: false
        }
    }
}
