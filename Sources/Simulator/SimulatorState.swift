package import Model

/// The whole simulator as a value: servers, credit, faults and ledger. Pure: every step is handed the time, chance comes from a
/// seed.
package struct SimulatorState: Sendable {
    package let configuration: SimulatorConfiguration
    /// Starts as the configuration's; `POST /_sim/options` changes it, `reset` puts it back.
    package internal(set) var options: SimulatorOptions
    package internal(set) var timings: SimulatorTimings
    /// In the order of their ids.
    package internal(set) var servers: [SimulatedServer]
    /// What the account can spend, in hundredths of its currency.
    package internal(set) var credit: Int64
    /// The faults to come; of those that match a request the first strikes.
    package var faults: [Fault]
    package internal(set) var ledger: Ledger
    /// The id that the next created server gets; ids are never used twice.
    var nextID: Int64
    var chance: SplitMix64
    /// What stale lists show, oldest first; empty while no list is stale. Not kept in the state file.
    var history: [Snapshot] = []
    /// When the requests of the rate limit's window came. Not kept in the state file.
    var recent: [Timestamp] = []
    /// Moves whenever something changed that a state file would have to know.
    var revision: UInt64

    /// The two servers of the reference's examples, no faults, an empty ledger.
    package init(configuration: SimulatorConfiguration) {
        self.configuration = configuration
        options = configuration.options
        timings = configuration.timings
        servers = SimulatedServer.documented
        credit = configuration.options.credit
        faults = []
        ledger = Ledger()
        nextID = Addresses.firstID
        chance = SplitMix64(seed: configuration.options.seed)
        revision = 0
    }

    /// Puts everything back to how it was at the first start, the ledger included.
    package mutating func reset() {
        let revision = revision
        self = SimulatorState(configuration: configuration)
        self.revision = revision &+ 1
    }

    /// Lets time pass: transitional states that are over by then end. A time before the last one changes nothing.
    package mutating func advance(to now: Timestamp) {
        for index in servers.indices where servers[index].advance(to: now, keepsUpdatedAt: options.updatedAtFixed) {
            revision &+= 1
        }
    }

    /// The server of that id.
    package func server(_ id: ServerID) -> SimulatedServer? {
        index(of: id).map { servers[$0] }
    }

    func index(of id: ServerID) -> Int? {
        servers.firstIndex { $0.id == id }
    }

    /// Answers one request at that time, after letting the time up to it pass.
    package mutating func handle(_ request: SimulatedRequest, now: Timestamp) -> SimulatedResponse {
        advance(to: now)
        remember(now: now)
        defer { remember(now: now) }
        let target = RequestTarget(request.target)
        let route = Route(target)
        switch route {
        case .metrics:
            guard request.method.hasSameBytes(as: "GET") else { return .methodNotAllowed("GET") }
            return metrics()
        case .control(let components):
            guard request.isLocal || isAuthorized(request) else { return unauthorized(request) }
            return control(components, request, target, now: now)
        case .missingSlash: return .detail(404, "Not found: every path of this API ends in a slash.")
        case .unknown: return .detail(404, "Not found.")
        case .servers, .server, .power:
            guard isAuthorized(request) else { return unauthorized(request) }
            let operations = route.operations
            guard let operation = operations.first(where: { $0.method.hasSameBytes(as: request.method) })?.operation else {
                return .methodNotAllowed(operations.map(\.method).joined(separator: ", "))
            }
            return serve(operation, Call(request: request, target: target, server: route.server, now: now))
        }
    }

    private func isAuthorized(_ request: SimulatedRequest) -> Bool {
        // RFC 9110, section 11.1: the scheme is compared without regard to case.
        guard let field = request.authorization?.utf8,
            field.prefix(7).elementsEqual("bearer ".utf8, by: { $0.asciiLowercased == $1 })
        else { return false }
        return configuration.token.matches(field.dropFirst(7))
    }

    private func unauthorized(_ request: SimulatedRequest) -> SimulatedResponse {
        .detail(
            401, request.authorization == nil ? "Authentication credentials were not provided." : "Invalid token.",
            headers: [.init(name: "WWW-Authenticate", value: "Bearer")])
    }
}

/// One request to the Servers API with all that serving it needs.
struct Call {
    let request: SimulatedRequest
    let target: RequestTarget
    /// The server in the path.
    let server: ServerID?
    let now: Timestamp
}

extension SimulatedResponse {
    static func methodNotAllowed(_ allowed: String) -> SimulatedResponse {
        .detail(405, "Method not allowed.", headers: [.init(name: "Allow", value: allowed)])
    }
}

/// The SplitMix64 generator (Steele, Lea and Flood, 2014): small, and the same history for the same seed.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
