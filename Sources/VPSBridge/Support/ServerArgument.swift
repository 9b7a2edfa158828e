import ArgumentParser
import Model

/// A server as `--server name=web-03,id=12345,status=active` describes it.
struct ServerArgument: ExpressibleByArgument {
    let server: Server

    /// `nil` without a name and an id above 0, and for keys that there are not.
    init?(argument: String) {
        var fields: [String: String] = [:]
        for part in argument.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true) {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { return nil }
            let key = String(decoding: pair[0], as: UTF8.self)
            guard Self.keys.contains(key), fields[key] == nil else { return nil }
            fields[key] = String(decoding: pair[1], as: UTF8.self)
        }
        guard let name = fields["name"], !name.isEmpty, let digits = fields["id"], let id = Int64(digits), id > 0 else {
            return nil
        }
        server = Server(
            id: ServerID(rawValue: id), name: name, hostname: fields["hostname"],
            status: ServerStatus(rawValue: fields["status"] ?? "active"), ipAddress: fields["ip_address"],
            ipv6Address: fields["ipv6_address"], location: fields["location"],
            createdAt: fields["created_at"].flatMap { Timestamp(rfc3339: $0) })
    }

    private static let keys: Set<String> = [
        "id", "name", "status", "hostname", "ip_address", "ipv6_address", "location", "created_at",
    ]
}
