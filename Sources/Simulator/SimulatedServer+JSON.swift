import JSON
import Model

extension SimulatedServer {
    /// The three shapes in which the reference prints a server.
    enum Shape {
        /// In the list: ten fields.
        case listed
        /// In the answer to create: those, `backups_enabled` and a message.
        case created
        /// In the answer to get: also `ipv6_address`, the plan's bandwidth and `resource_usage`.
        case detailed
    }

    /// The server in one of those shapes, its fields in the order of the reference.
    func json(_ shape: Shape) -> JSONValue {
        var members: [JSONObject.Member] = []
        func add(_ name: String, _ value: JSONValue) { members.append(.init(name: name, value: value)) }
        func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

        add("id", .int(id.rawValue))
        add("name", .string(name))
        add("hostname", text(hostname))
        add("status", .string(status.rawValue))
        add("ip_address", text(ipAddress))
        if shape == .detailed { add("ipv6_address", text(status == .provisioning ? nil : Addresses.ipv6(id.rawValue))) }
        add("location", .string(location))
        add("plan", Plan.of(planID).json(detailed: shape == .detailed))
        add("os", ["id": .int(osID), "name": .string(OperatingSystem.name(osID))])
        if shape != .listed { add("backups_enabled", .bool(backupsEnabled)) }
        if shape == .detailed { add("resource_usage", resourceUsage) }
        add("created_at", .string(createdAt.rfc3339))
        add("updated_at", .string((shape == .listed ? listedUpdatedAt ?? updatedAt : updatedAt).rfc3339))
        if shape == .created { add("message", "Server is being provisioned. This may take 2-5 minutes.") }
        return .object(JSONObject(members))
    }

    /// The server in the answer to start, stop and reboot: three fields.
    var commandJSON: JSONValue {
        ["id": .int(id.rawValue), "name": .string(name), "status": .string(status.rawValue)]
    }

    /// The use that the reference prints for a server that runs; without a running machine no processor and no memory is used.
    private var resourceUsage: JSONValue {
        let isRunning = status == .active || status == .rebooting || status == .stopping
        return [
            "cpu_percent": .double(isRunning ? 23.5 : 0),
            "memory_used": .int(isRunning ? 2_048 : 0),
            "disk_used": .int(status == .provisioning ? 0 : 35),
            "bandwidth_used": .int(status == .provisioning ? 0 : 450),
        ]
    }
}
