import JSON

/// Labels and annotations: an object of texts as a dictionary.
enum TextMap {
    /// What becomes of members that are not strings.
    enum Others {
        /// The whole object is refused.
        case refused
        /// Numbers and booleans are written as text, the rest is left out.
        case written
    }

    /// The members as a dictionary.
    ///
    /// Names that differ in bytes may be one key to a Swift dictionary, which compares by canonical equivalence (`é` as one
    /// scalar or two). One would silently replace the other, so such an object is refused.
    static func read(_ object: JSONObject, path: String, others: Others) throws(WebhookRejection) -> [String: String] {
        var texts: [String: String] = [:]
        texts.reserveCapacity(object.members.count)
        for (index, member) in object.members.enumerated() {
            guard let text = try text(member.value, path: path, index: index, others: others) else { continue }
            guard texts.updateValue(text, forKey: member.name) == nil else {
                throw WebhookRejection(
                    .malformed, "\(path): the name of member \(index) differs from another's only in how Unicode writes it")
            }
        }
        return texts
    }

    private static func text(_ value: JSONValue, path: String, index: Int, others: Others) throws(WebhookRejection) -> String? {
        if case .string(let text) = value { return text }
        guard case .written = others else { throw WebhookRejection(.malformed, "\(path): member \(index) is not a string") }
        return scalarText(value)
    }

    /// A string as it is; a number or boolean as JSON writes it; else `nil`.
    static func scalarText(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .int, .double, .bool: value.description
        case .null, .array, .object: nil
        }
    }
}
