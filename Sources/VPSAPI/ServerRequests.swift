import JSON

/// What `create` sends. Plans, systems and keys are ids from the configuration: the API has no catalogue of them.
package struct CreateServer: Sendable, Hashable {
    /// ASCII letters, digits and hyphens; final before the first attempt, since an unclear outcome is settled by looking for it.
    package var name: String
    package var planID: Int64
    package var osID: Int64
    package var location: String
    /// A fully qualified domain name; `nil` leaves it to the API.
    package var hostname: String?
    package var sshKeyID: Int64?
    /// Default false, as the API's own.
    package var backupsEnabled: Bool

    package init(
        name: String, planID: Int64, osID: Int64, location: String, hostname: String? = nil, sshKeyID: Int64? = nil,
        backupsEnabled: Bool = false
    ) {
        self.name = name
        self.planID = planID
        self.osID = osID
        self.location = location
        self.hostname = hostname
        self.sshKeyID = sshKeyID
        self.backupsEnabled = backupsEnabled
    }

    /// Whether the name is one that the API documents as valid.
    var hasValidName: Bool {
        !name.utf8.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    var json: JSONValue {
        var body: JSONObject = [
            "name": .string(name), "plan_id": .int(planID), "os_id": .int(osID), "location": .string(location),
        ]
        if let hostname { body.members.append(.init(name: "hostname", value: .string(hostname))) }
        if let sshKeyID { body.members.append(.init(name: "ssh_key_id", value: .int(sshKeyID))) }
        body.members.append(.init(name: "backups_enabled", value: .bool(backupsEnabled)))
        return .object(body)
    }
}

/// What `replace` sends: all three fields, as PUT demands.
package struct ReplaceServer: Sendable, Hashable {
    package var name: String
    package var hostname: String
    package var backupsEnabled: Bool

    package init(name: String, hostname: String, backupsEnabled: Bool) {
        self.name = name
        self.hostname = hostname
        self.backupsEnabled = backupsEnabled
    }

    var json: JSONValue {
        ["name": .string(name), "hostname": .string(hostname), "backups_enabled": .bool(backupsEnabled)]
    }
}

/// What `update` sends: `nil` leaves a field as it is.
package struct UpdateServer: Sendable, Hashable {
    package var name: String?
    package var hostname: String?
    package var backupsEnabled: Bool?

    package init(name: String? = nil, hostname: String? = nil, backupsEnabled: Bool? = nil) {
        self.name = name
        self.hostname = hostname
        self.backupsEnabled = backupsEnabled
    }

    var json: JSONValue {
        var body = JSONObject()
        if let name { body.members.append(.init(name: "name", value: .string(name))) }
        if let hostname { body.members.append(.init(name: "hostname", value: .string(hostname))) }
        if let backupsEnabled { body.members.append(.init(name: "backups_enabled", value: .bool(backupsEnabled))) }
        return .object(body)
    }
}
