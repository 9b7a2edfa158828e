import JSON
import Model

/// What is wrong with a control request or a state file, in words for the one who wrote it.
struct FormatError: Error, Hashable {
    let text: String

    init(_ text: String) { self.text = text }
}

/// The members of a JSON object that a person or the simulator itself wrote; unknown names are refused, so that a misspelt
/// fault does not stay silent.
struct Fields {
    private let object: JSONObject

    init(_ value: JSONValue, known: [String]) throws(FormatError) {
        guard let object = value.objectValue else { throw FormatError("expected a JSON object") }
        for member in object.members where !known.contains(where: { $0.hasSameBytes(as: member.name) }) {
            throw FormatError("unknown field; known are \(known.joined(separator: ", "))")
        }
        self.object = object
    }

    /// The member of that name; `nil` when it is missing or null.
    subscript(name: String) -> JSONValue? {
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    func text(_ name: String) throws(FormatError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.stringValue else { throw FormatError("\(name) must be a string") }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(FormatError) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            throw FormatError("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ name: String) throws(FormatError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let flag) = value else { throw FormatError("\(name) must be true or false") }
        return flag
    }

    func instant(_ name: String) throws(FormatError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let instant = Timestamp(rfc3339: text) else { throw FormatError("\(name) must be an RFC 3339 date-time") }
        return instant
    }

    func list(_ name: String) throws(FormatError) -> [JSONValue] {
        guard let value = self[name] else { return [] }
        guard let items = value.arrayValue else { throw FormatError("\(name) must be an array") }
        return items
    }

    /// The value, or the complaint that the field is missing.
    static func require<T>(_ value: T?, _ name: String) throws(FormatError) -> T {
        guard let value else { throw FormatError("\(name) is missing") }
        return value
    }
}
