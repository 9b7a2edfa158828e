/// Types as texts.
extension StaticType {
    /// The type as the checker's reports write it: `list(int)`, `map(string, dyn)`, `abstract(optional_type, int)`.
    var text: String {
        switch self {
        case .dyn: "dyn"
        case .error: "error"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .list(let element): "list(\(element.text))"
        case .map(let key, let value): "map(\(key.text), \(value.text))"
        case .typeValue(let inner): inner.map { "type(\($0.text))" } ?? "type"
        case .abstract(let name, let parameters): "abstract(\(([name] + parameters.map(\.text)).joined(separator: ", ")))"
        case .wrapper(let inner): "wrapper(\(inner.text))"
        case .parameter(let name): "param(\(name))"
        case .variable(let number): "param(_var\(number))"
        case .record: "map(string, dyn)"
        }
    }

    /// What the value is, for messages to people.
    var title: String {
        switch self {
        case .dyn, .error, .parameter, .variable: "any value"
        case .null: "null"
        case .bool: "true or false"
        case .int, .uint: "a whole number"
        case .double: "a number"
        case .string: "a text"
        case .bytes: "a byte string"
        case .timestamp: "a timestamp"
        case .duration: "a duration"
        case .list: "a list"
        case .map, .record: "a map"
        case .typeValue: "a type"
        case .abstract(Self.optionalName, _): "an optional"
        case .abstract("net.IP", _): "an IP address"
        case .abstract("net.CIDR", _): "a range of IP addresses"
        case .abstract(let name, _): "a value of type `\(name)`"
        case .wrapper(let inner): inner.title
        }
    }
}
