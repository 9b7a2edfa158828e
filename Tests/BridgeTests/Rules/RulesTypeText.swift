@testable import Rules

/// Reads the types of the conformance tests: `map(string, list(int))`, `abstract(optional_type, param(T))`.
struct RulesTypeText {
    private var rest: Substring.UTF8View
    private var depth = 0

    static func type(_ text: String) throws -> StaticType {
        var reader = RulesTypeText(rest: text[...].utf8)
        let type = try reader.type()
        guard reader.rest.isEmpty else { throw RulesConformanceValue.Unreadable() }
        return type
    }

    private mutating func type() throws -> StaticType {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw RulesConformanceValue.Unreadable() }
        let name = word()
        guard rest.first == UInt8(ascii: "(") else { return try Self.simple(name) }
        rest = rest.dropFirst()
        if name == "param" || name == "message" || name == "abstract" {
            let inner = word()
            let parameters = try rest.first == UInt8(ascii: ",") ? separated() : []
            try close()
            switch name {
            case "param": return .parameter(inner)
            case "abstract": return .abstract(inner, parameters)
            default: return try Self.simple(inner)
            }
        }
        let first = try type()
        let others = try rest.first == UInt8(ascii: ",") ? separated() : []
        try close()
        switch (name, others.count) {
        case ("list", 0): return .list(first)
        case ("map", 1): return .map(first, others[0])
        case ("type", 0): return .typeValue(first)
        case ("wrapper", 0): return .wrapper(first)
        default: throw RulesConformanceValue.Unreadable()
        }
    }

    private mutating func separated() throws -> [StaticType] {
        var types: [StaticType] = []
        while rest.first == UInt8(ascii: ",") {
            rest = rest.dropFirst()
            while rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
            types.append(try type())
        }
        return types
    }

    private mutating func close() throws {
        guard rest.first == UInt8(ascii: ")") else { throw RulesConformanceValue.Unreadable() }
        rest = rest.dropFirst()
    }

    private mutating func word() -> String {
        let word = rest.prefix { ![UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: " ")].contains($0) }
        rest = rest.dropFirst(word.count)
        return String(Substring(word))
    }

    private static func simple(_ name: String) throws -> StaticType {
        switch name {
        case "dyn", "any", "google.protobuf.Any", "google.protobuf.Value": .dyn
        case "error": .error
        case "null_type", "google.protobuf.NullValue": .null
        case "bool": .bool
        case "int": .int
        case "uint": .uint
        case "double": .double
        case "string": .string
        case "bytes": .bytes
        case "timestamp", "google.protobuf.Timestamp": .timestamp
        case "duration", "google.protobuf.Duration": .duration
        case "type": .typeValue(nil)
        case "list", "google.protobuf.ListValue": .list(.dyn)
        case "google.protobuf.Struct": .map(.string, .dyn)
        case "google.protobuf.BoolValue": .wrapper(.bool)
        case "google.protobuf.BytesValue": .wrapper(.bytes)
        case "google.protobuf.DoubleValue", "google.protobuf.FloatValue": .wrapper(.double)
        case "google.protobuf.Int32Value", "google.protobuf.Int64Value": .wrapper(.int)
        case "google.protobuf.UInt32Value", "google.protobuf.UInt64Value": .wrapper(.uint)
        case "google.protobuf.StringValue": .wrapper(.string)
        default: throw RulesConformanceValue.Unreadable()
        }
    }
}
