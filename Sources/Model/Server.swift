package import JSON

/// A server as the VPS.org API describes it.
///
/// The typed members are those that the bridge decides with; `raw` keeps the whole object, unknown fields included.
package struct Server: Sendable, Hashable {
    package var id: ServerID
    package var name: String
    package var hostname: String?
    package var status: ServerStatus
    package var ipAddress: String?
    package var ipv6Address: String?
    package var location: String?
    package var createdAt: Timestamp?
    package var updatedAt: Timestamp?
    /// The object as received.
    package var raw: JSONValue

    package init(
        id: ServerID, name: String, hostname: String? = nil, status: ServerStatus, ipAddress: String? = nil,
        ipv6Address: String? = nil, location: String? = nil, createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil,
        raw: JSONValue = .null
    ) {
        self.id = id
        self.name = name
        self.hostname = hostname
        self.status = status
        self.ipAddress = ipAddress
        self.ipv6Address = ipv6Address
        self.location = location
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.raw = raw
    }
}

/// The state of a server as the API names it; open, since the API may name states that its reference does not.
package struct ServerStatus: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    package static let active = ServerStatus(rawValue: "active")
    package static let stopped = ServerStatus(rawValue: "stopped")
    package static let suspended = ServerStatus(rawValue: "suspended")
    package static let provisioning = ServerStatus(rawValue: "provisioning")
    package static let starting = ServerStatus(rawValue: "starting")
    package static let stopping = ServerStatus(rawValue: "stopping")
    package static let rebooting = ServerStatus(rawValue: "rebooting")

    /// Whether the server is on its way from one state to another by somebody's doing.
    package var isTransitional: Bool {
        switch self {
        case .provisioning, .starting, .stopping, .rebooting: true
        default: false
        }
    }
}
