import JSON
import Model

/// Any sender of one JSON object a request, read by the source's ``GenericMapping``.
enum Generic {
    static func event(_ body: [UInt8], source: WebhookSource, receivedAt: Timestamp) throws(WebhookRejection) -> Event {
        let value = try Webhooks.object(body)
        let mapping = source.generic
        let status = status(value.at(pointer: mapping.status), mapping: mapping)
        let labels = try texts(value, at: mapping.labels)
        return Event(
            source: source.name,
            status: status,
            fingerprint: try fingerprint(value, mapping: mapping, status: status, labels: labels, body: body),
            labels: labels,
            annotations: try texts(value, at: mapping.annotations),
            startsAt: try time(value, at: mapping.startsAt),
            endsAt: try time(value, at: mapping.endsAt),
            receivedAt: receivedAt,
            payload: value)
    }

    /// Only the configured words open and close; whatever else a sender says (acknowledged, flapping, maintenance) is a notice.
    private static func status(_ value: JSONValue?, mapping: GenericMapping) -> Event.Status {
        guard let word = value.flatMap(TextMap.scalarText) else { return .notice }
        if ASCII.contains(mapping.problemWords, ignoringCase: word) { return .problem }
        if ASCII.contains(mapping.resolvedWords, ignoringCase: word) { return .resolved }
        return .notice
    }

    private static func fingerprint(
        _ value: JSONValue, mapping: GenericMapping, status: Event.Status, labels: [String: String], body: [UInt8]
    ) throws(WebhookRejection) -> String {
        switch value.at(pointer: mapping.fingerprint) {
        case .string(let text) where !text.utf8.isEmpty: return Fingerprint.bounded(text)
        case .int(let number): return String(number)
        case nil, .null, .string: break
        default: throw WebhookRejection(.malformed, "\(mapping.fingerprint): the fingerprint is neither a string nor an integer")
        }
        if !labels.isEmpty { return Fingerprint.of(labels: labels) }
        // What neither opens nor closes a problem needs no name that a later request could repeat.
        if status == .notice { return Fingerprint.digest(body) }
        throw WebhookRejection(
            .malformed, "no fingerprint at \(mapping.fingerprint) and no labels at \(mapping.labels): the problem has no name")
    }

    private static func texts(_ value: JSONValue, at pointer: String) throws(WebhookRejection) -> [String: String] {
        switch value.at(pointer: pointer) {
        case nil, .null: return [:]
        case .object(let object): return try TextMap.read(object, path: pointer, others: .written)
        default: throw WebhookRejection(.malformed, "\(pointer): not an object")
        }
    }

    private static func time(_ value: JSONValue, at pointer: String) throws(WebhookRejection) -> Timestamp? {
        switch value.at(pointer: pointer) {
        case nil, .null: return nil
        case .int(let seconds): return Timestamp(seconds: seconds)
        case .string(let text):
            if let time = Timestamp(rfc3339: text) { return time }
        default: break
        }
        throw WebhookRejection(.malformed, "\(pointer): neither an RFC 3339 time nor whole seconds since 1970")
    }
}
