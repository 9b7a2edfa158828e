import JSON
package import Model
import Synchronization
package import VPSAPI

/// A fleet in memory that answers like VPS.org, does what a script tells it to do wrong, and keeps a ledger of what was applied.
package final class FakeServersAPI: ServersAPI {
    /// What goes wrong with one request.
    package enum Fault: Sendable {
        /// Fails before anything is applied.
        case fail(APIError)
        /// Is applied, and then fails.
        case failAfterApply(APIError)
        /// Succeeds without doing anything.
        case doNothing
    }

    private struct State {
        var servers: [ServerID: Server] = [:]
        var faults: [Operation: [Fault]] = [:]
        var ledger: [String] = []
        var calls: [Operation: Int] = [:]
        var nextID: Int64 = 20_001
        /// Whether lists say that they are incomplete.
        var isIncomplete = false
        /// Servers that lists do not show yet.
        var hidden: Set<ServerID> = []
        /// Status that a server takes at an instant.
        var transitions: [(at: Timestamp, id: ServerID, status: ServerStatus)] = []
    }

    /// Called before a server is read, for what happens meanwhile.
    private let onGet = Mutex<(@Sendable () async -> Void)?>(nil)
    /// Called when the next create was answered, before its caller learns of it.
    private let onCreate = Mutex<(@Sendable () -> Void)?>(nil)
    private let state: Mutex<State>
    private let clock: ManualClock
    /// How long a start, stop or reboot takes.
    private let duration: Duration

    package init(_ servers: [Server], clock: ManualClock, duration: Duration = .seconds(8)) {
        state = Mutex(State(servers: Dictionary(uniqueKeysWithValues: servers.map { ($0.id, $0) })))
        self.clock = clock
        self.duration = duration
    }

    /// Every changing request that was applied, such as `reboot 12345`.
    package var ledger: [String] { state.withLock { $0.ledger } }

    /// How often an operation was asked for.
    package func calls(_ operation: Operation) -> Int { state.withLock { $0.calls[operation] ?? 0 } }

    /// Makes the next requests of an operation go wrong, in order.
    package func script(_ operation: Operation, _ faults: Fault...) {
        state.withLock { $0.faults[operation, default: []] += faults }
    }

    /// Does something while the next server is being read.
    package func duringNextGet(_ body: @escaping @Sendable () async -> Void) {
        onGet.withLock { $0 = body }
    }

    /// Does something when the next create was answered, before its caller learns of it.
    package func afterNextCreate(_ body: @escaping @Sendable () -> Void) {
        onCreate.withLock { $0 = body }
    }

    package func setStatus(_ id: ServerID, _ status: ServerStatus) {
        state.withLock { $0.servers[id]?.status = status }
    }

    /// Changes a server as somebody else might.
    package func edit(_ id: ServerID, _ body: @Sendable (inout Server) -> Void) {
        state.withLock { state in
            if var server = state.servers[id] {
                body(&server)
                state.servers[id] = server
            }
        }
    }

    /// Keeps a server in its present state, whatever it was on its way to.
    package func freeze(_ id: ServerID) {
        state.withLock { state in state.transitions.removeAll { $0.id == id } }
    }

    /// When a server last changed; `nil` when there is no such server.
    package func updatedAt(_ id: ServerID) -> Timestamp? {
        state.withLock { $0.servers[id]?.updatedAt }
    }

    /// The server's present name; `nil` when there is no such server.
    package func name(of id: ServerID) -> String? {
        state.withLock { $0.servers[id]?.name }
    }

    package func remove(_ id: ServerID) {
        state.withLock { $0.servers[id] = nil }
    }

    /// Puts a server into the account, by somebody else's doing.
    package func add(_ server: Server) {
        state.withLock { $0.servers[server.id] = server }
    }

    /// Makes lists say that they are not all.
    package func makeListsIncomplete(_ isIncomplete: Bool) {
        state.withLock { $0.isIncomplete = isIncomplete }
    }

    /// Keeps servers out of lists, as a provider whose lists lag.
    package func hide(_ ids: Set<ServerID>) {
        state.withLock { $0.hidden = ids }
    }

    /// The names of the servers that there are, in the order of their ids.
    package var names: [String] {
        state.withLock { state in state.servers.values.sorted { $0.id < $1.id }.map(\.name) }
    }

    package func list(status: ServerStatus?, location: String?) async throws(APIError) -> ServerList {
        let fault = begin(.list)
        if case .fail(let error) = fault { throw error }
        return state.withLock { state in
            let shown = state.servers.values.filter { server in
                (status == nil || server.status == status) && (location == nil || server.location == location)
                    && !state.hidden.contains(server.id)
            }
            return ServerList(
                servers: shown.sorted { $0.id < $1.id }.map(\.withPresentRaw), isComplete: !state.isIncomplete)
        }
    }

    package func get(_ id: ServerID) async throws(APIError) -> Server {
        let meanwhile = onGet.withLock { body in
            defer { body = nil }
            return body
        }
        await meanwhile?()
        let fault = begin(.get)
        if case .fail(let error) = fault { throw error }
        guard let server = state.withLock({ $0.servers[id] }) else { throw Self.notFound }
        return server.withPresentRaw
    }

    package func start(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try change(.start, id, requires: .stopped, through: .starting, to: .active)
    }

    package func stop(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try change(.stop, id, requires: .active, through: .stopping, to: .stopped)
    }

    package func reboot(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try change(.reboot, id, requires: .active, through: .rebooting, to: .active)
    }

    /// The new server is `provisioning` for as long as a start takes.
    package func create(_ request: CreateServer) async throws(APIError) -> Server {
        let afterwards = onCreate.withLock { body in
            defer { body = nil }
            return body
        }
        defer { afterwards?() }
        let fault = begin(.create)
        if case .fail(let error) = fault { throw error }
        let now = clock.now()
        let created = state.withLock { state -> Server in
            let id = ServerID(rawValue: state.nextID)
            // The API's times are whole seconds.
            let second = Timestamp(seconds: now.microseconds / 1_000_000)
            let server = Server(
                id: id, name: request.name, hostname: request.hostname, status: .provisioning, location: request.location,
                createdAt: second, updatedAt: second)
            state.nextID += 1
            state.ledger.append("create \(request.name)")
            if case .doNothing = fault { return server }
            state.servers[id] = server
            state.transitions.append((now + duration, id, .active))
            return server
        }
        if case .failAfterApply(let error) = fault { throw error }
        return created
    }

    package func replace(_ id: ServerID, _ request: ReplaceServer) async throws(APIError) -> Server {
        try change(
            .replace, id, UpdateServer(name: request.name, hostname: request.hostname, backupsEnabled: request.backupsEnabled))
    }

    package func update(_ id: ServerID, _ request: UpdateServer) async throws(APIError) -> Server {
        try change(.update, id, request)
    }

    package func delete(_ id: ServerID) async throws(APIError) {
        let fault = begin(.delete)
        if case .fail(let error) = fault { throw error }
        let wasThere = state.withLock { state in
            guard state.servers[id] != nil else { return false }
            state.ledger.append("delete \(id)")
            if case .doNothing = fault { return true }
            state.servers[id] = nil
            return true
        }
        guard wasThere else { throw Self.notFound }
        if case .failAfterApply(let error) = fault { throw error }
    }

    private func begin(_ operation: Operation) -> Fault? {
        let now = clock.now()
        return state.withLock { state in
            state.calls[operation, default: 0] += 1
            for transition in state.transitions where transition.at <= now {
                state.servers[transition.id]?.status = transition.status
                state.servers[transition.id]?.updatedAt = transition.at
            }
            state.transitions.removeAll { $0.at <= now }
            guard state.faults[operation]?.isEmpty == false else { return nil }
            return state.faults[operation]?.removeFirst()
        }
    }

    private func change(
        _ operation: Operation, _ id: ServerID, requires: ServerStatus, through: ServerStatus, to: ServerStatus
    ) throws(APIError) -> PowerAnswer {
        let fault = begin(operation)
        if case .fail(let error) = fault { throw error }
        let now = clock.now()
        let error = state.withLock { state -> APIError? in
            guard let server = state.servers[id] else { return Self.notFound }
            guard server.status == requires else {
                return APIError(code: .badRequest, certainty: .notExecuted, status: 400, detail: "Server is \(server.status)")
            }
            state.ledger.append("\(operation.rawValue) \(id)")
            if case .doNothing = fault { return nil }
            state.servers[id]?.status = through
            state.servers[id]?.updatedAt = now
            state.transitions.append((now + duration, id, to))
            return nil
        }
        if let error { throw error }
        if case .failAfterApply(let error) = fault { throw error }
        return PowerAnswer(message: "Server is \(through)", status: through)
    }

    private func change(_ operation: Operation, _ id: ServerID, _ fields: UpdateServer) throws(APIError) -> Server {
        let fault = begin(operation)
        if case .fail(let error) = fault { throw error }
        let now = clock.now()
        let changed = state.withLock { state -> Server? in
            guard var server = state.servers[id] else { return nil }
            state.ledger.append("\(operation.rawValue) \(id)")
            if case .doNothing = fault { return server }
            if let name = fields.name { server.name = name }
            if let hostname = fields.hostname { server.hostname = hostname }
            server.updatedAt = now
            if let backups = fields.backupsEnabled { server.setBackups(backups) }
            state.servers[id] = server
            return server
        }
        guard let changed else { throw Self.notFound }
        if case .failAfterApply(let error) = fault { throw error }
        return changed.withPresentRaw
    }

    private static let notFound = APIError(code: .notFound, certainty: .notExecuted, status: 404, detail: "Not found.")
}

extension Server {
    /// The setting is in the API's object alone.
    fileprivate mutating func setBackups(_ isEnabled: Bool) {
        var object =
            if case .object(let known) = raw {
                known
            } else {
                [
                    "id": .int(id.rawValue), "name": .string(name), "hostname": .null, "status": .string(status.rawValue),
                    "updated_at": .null,
                ] as JSONObject
            }
        object.members.removeAll { $0.name.utf8.elementsEqual("backups_enabled".utf8) }
        object.members.append(.init(name: "backups_enabled", value: .bool(isEnabled)))
        raw = .object(object)
    }

    /// The server with the object that the API would send now: what has changed since is worked in.
    fileprivate var withPresentRaw: Server {
        guard case .object(var object) = raw else { return self }
        for index in object.members.indices {
            switch object.members[index].name {
            case "status": object.members[index].value = .string(status.rawValue)
            case "name": object.members[index].value = .string(name)
            case "hostname": object.members[index].value = hostname.map { .string($0) } ?? .null
            case "updated_at": object.members[index].value = updatedAt.map { .string($0.rfc3339) } ?? .null
            default: continue
            }
        }
        var present = self
        present.raw = .object(object)
        return present
    }
}
