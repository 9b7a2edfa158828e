import JSON
import Model

/// Reads the members of a JSON object with the types that a sender documents; absent and `null` are the same.
///
/// Every refusal names the place as a JSON pointer.
struct FieldReader {
    let value: JSONValue
    /// The JSON pointer of the object.
    let path: String

    init(_ value: JSONValue, path: String) {
        self.value = value
        self.path = path
    }

    func string(_ name: String) throws(WebhookRejection) -> String? {
        switch value[name] {
        case nil, .null: nil
        case .string(let text): text
        default: throw mismatch(name, "not a string")
        }
    }

    /// A number of things: an integer that is not negative.
    func count(_ name: String) throws(WebhookRejection) -> Int64? {
        switch value[name] {
        case nil, .null: nil
        case .int(let number) where number >= 0: number
        default: throw mismatch(name, "not a whole number of 0 or more")
        }
    }

    /// The elements of an array of objects; an absent array is refused.
    func objects(_ name: String) throws(WebhookRejection) -> [JSONValue] {
        guard let items = value[name]?.arrayValue else { throw mismatch(name, "not an array") }
        if let index = items.firstIndex(where: { $0.objectValue == nil }) { throw mismatch("\(name)/\(index)", "not an object") }
        return items
    }

    /// A map of strings, empty where there is none.
    func strings(_ name: String) throws(WebhookRejection) -> [String: String] {
        switch value[name] {
        case nil, .null: return [:]
        case .object(let object): return try TextMap.read(object, path: "\(path)/\(name)", others: .refused)
        default: throw mismatch(name, "not an object of strings")
        }
    }

    /// An RFC 3339 time; Go's zero time (`0001-01-01T00:00:00Z`), which Alertmanager sends for "not yet", is `nil`.
    func time(_ name: String) throws(WebhookRejection) -> Timestamp? {
        guard let text = try string(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw mismatch(name, "not an RFC 3339 time such as 2025-01-16T15:30:00Z")
        }
        return time == Self.goZeroTime ? nil : time
    }

    /// 0001-01-01T00:00:00Z.
    private static let goZeroTime = Timestamp(seconds: -62_135_596_800)

    private func mismatch(_ name: String, _ what: String) -> WebhookRejection {
        WebhookRejection(.malformed, "\(path)/\(name): \(what)")
    }
}
