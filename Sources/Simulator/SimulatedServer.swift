package import Model

/// A server as the simulator keeps it: what the API shows, what it will become, and whether its guest answers.
package struct SimulatedServer: Sendable, Hashable {
    /// A change of state that time will bring.
    struct Transition: Sendable, Hashable {
        /// The state that follows.
        var status: ServerStatus
        /// When it follows.
        var at: Timestamp
        /// Whether the guest answers from then on; `nil` leaves it as it is.
        var guestUp: Bool?
    }

    package let id: ServerID
    package internal(set) var name: String
    package internal(set) var hostname: String?
    package internal(set) var status: ServerStatus
    package internal(set) var location: String
    package internal(set) var backupsEnabled: Bool
    package internal(set) var createdAt: Timestamp
    package internal(set) var updatedAt: Timestamp
    /// Whether the guest answers: the truth that monitoring sees and the API does not show.
    package internal(set) var isUp: Bool
    var planID: Int64
    var osID: Int64
    /// The time that the list shows while the server is untouched: the reference prints two different ones for server 12345.
    var listedUpdatedAt: Timestamp?
    var transition: Transition?

    /// The address; a server has none while it is provisioned.
    package var ipAddress: String? {
        guard status != .provisioning else { return nil }
        switch id.rawValue {
        case 12_345: return "203.0.113.10"
        case 12_346: return "203.0.113.11"
        default: return Addresses.ipv4(id.rawValue)
        }
    }

    /// Brings about what is due by that time; whether anything was.
    mutating func advance(to now: Timestamp, keepsUpdatedAt: Bool) -> Bool {
        guard let due = transition, due.at <= now else { return false }
        transition = nil
        status = due.status
        isUp = due.guestUp ?? isUp
        if !keepsUpdatedAt { touch(at: due.at) }
        return true
    }

    /// Moves `updated_at`, never back.
    mutating func touch(at now: Timestamp) {
        updatedAt = max(updatedAt, now.wholeSeconds)
        listedUpdatedAt = nil
    }
}

extension SimulatedServer {
    /// The two servers of the reference's example answers.
    static let documented: [SimulatedServer] = [
        SimulatedServer(
            id: ServerID(rawValue: 12_345), name: "web-server-01", hostname: "web01.example.com", status: .active,
            location: "us-west", backupsEnabled: true, createdAt: Timestamp(seconds: 1_736_519_400),
            updatedAt: Timestamp(seconds: 1_737_042_300), isUp: true, planID: 1, osID: 5,
            listedUpdatedAt: Timestamp(seconds: 1_736_936_400)),
        SimulatedServer(
            id: ServerID(rawValue: 12_346), name: "db-server-01", hostname: "db01.example.com", status: .active,
            location: "us-east", backupsEnabled: false, createdAt: Timestamp(seconds: 1_736_673_300),
            updatedAt: Timestamp(seconds: 1_737_017_100), isUp: true, planID: 2, osID: 3),
    ]
}

extension Timestamp {
    /// The instant without its fraction: the API's times are whole seconds.
    var wholeSeconds: Timestamp {
        let rest = microseconds % 1_000_000
        return Timestamp(microseconds: microseconds - (rest < 0 ? rest + 1_000_000 : rest))
    }
}
