import Model

/// What a path of the simulator names.
enum Route: Hashable {
    /// `/api/v1/servers/`
    case servers
    /// `/api/v1/servers/{server_id}/`
    case server(ServerID)
    /// `/api/v1/servers/{server_id}/start/`, `stop/` or `reboot/`
    case power(Operation, ServerID)
    /// Below `/_sim/`; the components after it, without a slash at the end.
    case control([String])
    /// `/metrics`
    case metrics
    /// One of the API's paths without the slash at its end.
    case missingSlash
    case unknown

    init(_ target: RequestTarget) {
        if target.path.hasSameBytes(as: "/metrics") {
            self = .metrics
        } else if target.path.utf8.starts(with: "/_sim/".utf8) {
            let rest = target.path.utf8.dropFirst("/_sim/".utf8.count)
            self = .control(rest.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) })
        } else if let components = target.components {
            self = Self.api(components)
        } else if let components = RequestTarget(target.path + "/").components, Self.api(components) != .unknown {
            self = .missingSlash
        } else {
            self = .unknown
        }
    }

    private static func api(_ components: [String]) -> Route {
        guard components.starts(with: ["api", "v1", "servers"], by: { $0.hasSameBytes(as: $1) }) else { return .unknown }
        if components.count == 3 { return .servers }
        guard let id = ServerID(decimal: components[3]) else { return .unknown }
        if components.count == 4 { return .server(id) }
        let commands: [Operation] = [.start, .stop, .reboot]
        guard components.count == 5, let command = commands.first(where: { components[4].hasSameBytes(as: $0.rawValue) })
        else { return .unknown }
        return .power(command, id)
    }

    /// The methods that this part of the API takes, in the order of its reference.
    var operations: [(method: String, operation: Operation)] {
        switch self {
        case .servers: [("GET", .list), ("POST", .create)]
        case .server: [("GET", .get), ("PUT", .replace), ("PATCH", .update), ("DELETE", .delete)]
        case .power(let operation, _): [("POST", operation)]
        case .control, .metrics, .missingSlash, .unknown: []
        }
    }

    /// The server in the path.
    var server: ServerID? {
        switch self {
        case .server(let id), .power(_, let id): id
        default: nil
        }
    }
}

extension ServerID {
    /// Reads ASCII digits that make an `Int64`; `nil` for anything else, a sign included.
    init?(decimal text: String) {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int64(text)
        else { return nil }
        self.init(rawValue: number)
    }
}
