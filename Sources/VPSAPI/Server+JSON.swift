package import JSON
package import Model

extension Server {
    /// Reads a server of the API; `nil` when it has no usable `id` (an integer above 0) or `name`.
    ///
    /// Everything else may be missing, null or of another type, and is then `nil`; a missing status becomes `unknown`, which no
    /// decision takes for healthy. Unknown statuses and unknown fields are kept.
    package init?(json: JSONValue) {
        guard let id = json["id"]?.intValue, id > 0, let name = json["name"]?.stringValue, !name.utf8.isEmpty else { return nil }
        self.init(
            id: ServerID(rawValue: id), name: name, hostname: json["hostname"]?.stringValue,
            status: ServerStatus(rawValue: json["status"]?.stringValue ?? "unknown"),
            ipAddress: json["ip_address"]?.stringValue, ipv6Address: json["ipv6_address"]?.stringValue,
            location: json["location"]?.stringValue,
            createdAt: json["created_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) },
            updatedAt: json["updated_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }, raw: json)
    }
}
