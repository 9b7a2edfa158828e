/// A value of the expression language (CEL, language definition of cel-spec).
///
/// Not `Equatable`: CEL's equality crosses number types and is exact, and its strings are sequences of code points, where
/// Swift's compare by canonical equivalence. ``equals(_:_:)`` is that equality.
package enum CELValue: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([CELValue])
    case map(CELMap)
    case timestamp(CELTimestamp)
    case duration(CELDuration)
    case type(CELType)
    indirect case optional(CELValue?)
    indirect case ip(CELAddress)
    indirect case cidr(CELNetwork)
}

/// The type of a value, itself a value of the language.
package enum CELType: String, Sendable, Hashable, CaseIterable {
    case null = "null_type"
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case list
    case map
    case timestamp = "google.protobuf.Timestamp"
    case duration = "google.protobuf.Duration"
    case type
    case optional = "optional_type"
    case ip = "net.IP"
    case cidr = "net.CIDR"

    /// The name in messages to people.
    package var title: String {
        switch self {
        case .null: "null"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .optional: "optional"
        case .ip: "IP address"
        case .cidr: "CIDR range"
        default: rawValue
        }
    }
}

extension CELValue {
    /// What `type()` says.
    package var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .optional: .optional
        case .ip: .ip
        case .cidr: .cidr
        }
    }

    /// Whether it can be a key of a map literal.
    var isMapKey: Bool {
        switch self {
        case .bool, .int, .uint, .string: true
        default: false
        }
    }

    /// Whether it is the value that `optional.ofNonZeroValue` takes for nothing.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .uint(let number): number == 0
        case .double(let number): number == 0
        case .string(let text): text.utf8.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let items): items.isEmpty
        case .map(let map): map.isEmpty
        case .timestamp(let instant): instant.seconds == 0 && instant.nanoseconds == 0
        case .duration(let span): span.nanoseconds == 0
        case .type, .ip, .cidr: false
        case .optional(let inner): inner == nil
        }
    }
}

extension CELValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
