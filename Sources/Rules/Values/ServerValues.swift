import JSON
import Model

/// A server as expressions see it.
enum ServerValues {
    /// The object as the API sent it, with `created_at` and `updated_at` as instants; without such an object, the typed members.
    static func value(of server: Server) -> CELValue {
        guard case .object(let object) = server.raw else { return typed(server) }
        var fields: [(String, CELValue)] = []
        for member in object.members {
            switch member.name {
            case "created_at": append(member.name, instant(member.value) ?? server.createdAt, to: &fields)
            case "updated_at": append(member.name, instant(member.value) ?? server.updatedAt, to: &fields)
            default: fields.append((member.name, CELValue(member.value)))
            }
        }
        return .map(CELMap(texts: fields))
    }

    private static func typed(_ server: Server) -> CELValue {
        var fields: [(String, CELValue)] = [
            ("id", .int(server.id.rawValue)), ("name", .string(server.name)), ("status", .string(server.status.rawValue)),
        ]
        for (name, text) in [
            ("hostname", server.hostname), ("ip_address", server.ipAddress), ("ipv6_address", server.ipv6Address),
            ("location", server.location),
        ] {
            if let text { fields.append((name, .string(text))) }
        }
        append("created_at", server.createdAt, to: &fields)
        append("updated_at", server.updatedAt, to: &fields)
        return .map(CELMap(texts: fields))
    }

    private static func instant(_ json: JSONValue) -> Timestamp? {
        json.stringValue.flatMap { Timestamp(rfc3339: $0) }
    }

    /// A date that can not be read is left out: it is missing, not a text that only looks like a date.
    private static func append(_ name: String, _ instant: Timestamp?, to fields: inout [(String, CELValue)]) {
        if let value = instant.flatMap({ CELTimestamp($0) }) { fields.append((name, .timestamp(value))) }
    }
}
