import JSON

/// A plan as the reference prints it: memory in MB, storage and bandwidth in GB.
struct Plan: Hashable {
    let id: Int64
    let name: String
    let vcpus: Int64
    let memory: Int64
    let storage: Int64
    let bandwidth: Int64

    /// The plan of that id. The reference prints plans 1 and 2 (the bandwidth of plan 1 alone); any other id gets a generic
    /// plan, since the API's catalogue is not part of the reference.
    static func of(_ id: Int64) -> Plan {
        switch id {
        case 1: Plan(id: 1, name: "Standard VPS", vcpus: 2, memory: 4_096, storage: 80, bandwidth: 2_048)
        case 2: Plan(id: 2, name: "Performance VPS", vcpus: 4, memory: 8_192, storage: 160, bandwidth: 4_096)
        default: Plan(id: id, name: "Plan \(id)", vcpus: 2, memory: 4_096, storage: 80, bandwidth: 2_048)
        }
    }

    /// The plan in an answer; the bandwidth stands in the detailed one only.
    func json(detailed: Bool) -> JSONValue {
        var object: JSONObject = [
            "id": .int(id), "name": .string(name), "vcpus": .int(vcpus), "memory": .int(memory), "storage": .int(storage),
        ]
        if detailed { object.members.append(.init(name: "bandwidth", value: .int(bandwidth))) }
        return .object(object)
    }
}

/// The operating systems that the reference prints (3 and 5), and generic names for other ids.
enum OperatingSystem {
    static func name(_ id: Int64) -> String {
        switch id {
        case 3: "Debian 12"
        case 5: "Ubuntu 22.04 LTS"
        default: "Operating system \(id)"
        }
    }
}

/// The addresses of simulated servers, all from ranges that are set aside for documentation (RFC 5737, RFC 3849) and benchmarks
/// (RFC 2544), so that no real machine is ever meant.
enum Addresses {
    /// The id of the first server that is created, and the number that its address ends in.
    static let firstID: Int64 = 12_347
    private static let firstHost: Int64 = 12

    /// 203.0.113.12 for the first created server, and so on through 198.51.100.0/24, 192.0.2.0/24 and 198.18.0.0/15; `nil`
    /// beyond.
    static func ipv4(_ id: Int64) -> String? {
        var index = id - firstID + firstHost - 1
        guard index >= 0 else { return nil }
        for prefix in ["203.0.113", "198.51.100", "192.0.2"] {
            if index < 254 { return "\(prefix).\(index + 1)" }
            index -= 254
        }
        guard index < 131_072 else { return nil }
        return "198.\(18 + index / 65_536).\(index / 256 % 256).\(index % 256)"
    }

    /// 2001:0db8::1 for server 12345, as the reference writes it, and so on.
    static func ipv6(_ id: Int64) -> String? {
        let index = id - 12_344
        guard index > 0 else { return nil }
        var groups = [String(index & 0xffff, radix: 16)]
        var rest = index >> 16
        while rest > 0 {
            groups.insert(String(rest & 0xffff, radix: 16), at: 0)
            rest >>= 16
        }
        return "2001:0db8::" + groups.joined(separator: ":")
    }
}
