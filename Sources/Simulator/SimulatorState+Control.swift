import JSON
package import Model

/// What `/_sim/` offers: everything that makes a test or a demonstration happen, and the simulator's view of it.
extension SimulatorState {
    /// Makes a guest hang, or lets it answer again; the API shows nothing of it. Whether there is such a server.
    @discardableResult
    package mutating func setGuest(_ id: ServerID, up: Bool) -> Bool {
        guard let index = index(of: id) else { return false }
        servers[index].isUp = up
        revision &+= 1
        return true
    }

    /// Puts a server into a state at once, without a command and without the ledger. Whether there is such a server.
    @discardableResult
    package mutating func setStatus(_ id: ServerID, to status: ServerStatus, now: Timestamp) -> Bool {
        guard let index = index(of: id) else { return false }
        servers[index].status = status
        servers[index].transition = nil
        servers[index].isUp = status == .active
        if !options.updatedAtFixed { servers[index].touch(at: now) }
        revision &+= 1
        return true
    }

    /// Adds servers that run, named `prefix-1` and so on, outside the ledger and free of charge.
    package mutating func addServers(_ count: Int, prefix: String, location: String, now: Timestamp) {
        for number in 1...max(1, count) {
            let name = "\(prefix)-\(number)"
            servers.append(
                SimulatedServer(
                    id: ServerID(rawValue: nextID), name: name, hostname: "\(name).example.com", status: .active,
                    location: location, backupsEnabled: false, createdAt: now.wholeSeconds, updatedAt: now.wholeSeconds,
                    isUp: true, planID: 1, osID: 5))
            nextID += 1
        }
        revision &+= 1
    }

    mutating func control(
        _ components: [String], _ request: SimulatedRequest, _ target: RequestTarget, now: Timestamp
    ) -> SimulatedResponse {
        guard let resource = components.first.flatMap(ControlResource.init(rawValue:)) else { return .detail(404, Self.help) }
        guard let method = ControlMethod(rawValue: request.method) else { return .methodNotAllowed("GET, POST, DELETE") }
        do throws(FormatError) {
            let rest = Array(components.dropFirst())
            if resource == .servers, !rest.isEmpty { return try controlServer(method, rest, request, now: now) }
            guard rest.isEmpty else { return .detail(404, Self.help) }
            return try controlResource(resource, method, request, target, now: now)
        } catch {
            return .detail(400, error.text)
        }
    }

    private mutating func controlResource(
        _ resource: ControlResource, _ method: ControlMethod, _ request: SimulatedRequest, _ target: RequestTarget, now: Timestamp
    ) throws(FormatError) -> SimulatedResponse {
        switch (resource, method) {
        case (.state, .get): return .json(200, json(at: now))
        case (.ledger, .get): return .json(200, ledger.json(appliedOnly: target["applied"] != nil))
        case (.faults, .get): return .json(200, ["faults": .array(faults.map(\.json))])
        case (.faults, .post):
            guard faults.count < 1_000 else {
                throw FormatError("there are 1,000 faults already; DELETE /_sim/faults clears them")
            }
            let fault = try Fault(try SimulatorJSON.value(of: request.body))
            faults.append(fault)
            revision &+= 1
            return .json(201, fault.json)
        case (.faults, .delete):
            faults = []
            revision &+= 1
            return SimulatedResponse(status: 204)
        case (.reset, .post):
            reset()
            return .json(200, json(at: now))
        case (.options, .get): return .json(200, optionsJSON)
        case (.options, .post):
            try setOptions(try SimulatorJSON.value(of: request.body))
            return .json(200, optionsJSON)
        case (.servers, .post):
            try addServers(try SimulatorJSON.value(of: request.body), now: now)
            return .json(201, json(at: now))
        default: return .methodNotAllowed(resource.methods)
        }
    }

    /// `POST /_sim/servers/{id}/hang`, `recover` and `status`.
    private mutating func controlServer(
        _ method: ControlMethod, _ rest: [String], _ request: SimulatedRequest, now: Timestamp
    ) throws(FormatError) -> SimulatedResponse {
        guard rest.count == 2, let command = ControlCommand(rawValue: rest[1]) else { return .detail(404, Self.help) }
        guard method == .post else { return .methodNotAllowed("POST") }
        guard let id = ServerID(decimal: rest[0]), index(of: id) != nil else { return Refusal.noSuchServer.response }
        switch command {
        case .hang: setGuest(id, up: false)
        case .recover: setGuest(id, up: true)
        case .status:
            let fields = try Fields(try SimulatorJSON.value(of: request.body), known: ["status"])
            let status = try Fields.require(try fields.text("status"), "status")
            let isWord = status.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") }
            guard isWord, (1...32).contains(status.utf8.count) else {
                throw FormatError("status must be 1 to 32 letters, digits and underscores")
            }
            setStatus(id, to: ServerStatus(rawValue: status), now: now)
        }
        return .json(200, server(id)?.stateJSON ?? .null)
    }

    private mutating func addServers(_ value: JSONValue, now: Timestamp) throws(FormatError) {
        let fields = try Fields(value, known: ["count", "prefix", "location"])
        let count = try fields.integer("count", in: 1...1_000) ?? 1
        guard servers.count + Int(count) <= 10_000 else { throw FormatError("a simulator has at most 10,000 servers") }
        let prefix = try fields.text("prefix") ?? "node"
        let location = try fields.text("location") ?? "us-west"
        guard [prefix, location].allSatisfy(\.isCode) else {
            throw FormatError("prefix and location take 1 to 50 letters, digits and hyphens")
        }
        addServers(Int(count), prefix: prefix, location: location, now: now)
    }

    private static let help = """
        Not found. The control API is: POST /_sim/reset; GET, POST and DELETE /_sim/faults; GET /_sim/ledger; GET /_sim/state; \
        GET and POST /_sim/options; POST /_sim/servers; POST /_sim/servers/{id}/hang, recover or status.
        """
}

private enum ControlMethod: String {
    case get = "GET"
    case post = "POST"
    case delete = "DELETE"
}

private enum ControlCommand: String {
    case hang
    case recover
    case status
}

private enum ControlResource: String {
    case state
    case ledger
    case faults
    case reset
    case options
    case servers

    var methods: String {
        switch self {
        case .state, .ledger: "GET"
        case .faults: "GET, POST, DELETE"
        case .reset, .servers: "POST"
        case .options: "GET, POST"
        }
    }
}

extension String {
    /// Whether it is 1 to 50 ASCII letters, digits and hyphens.
    fileprivate var isCode: Bool {
        (1...50).contains(utf8.count) && utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}
