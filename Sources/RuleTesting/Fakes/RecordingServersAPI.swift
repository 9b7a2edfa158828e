package import CurlTransport
package import JSON
package import Model
import Synchronization
package import VPSAPI

/// Passes every call on and writes down those that ask for a change. Safe to use from any task.
package final class RecordingServersAPI: ServersAPI {
    /// One request for a change, whatever came of it.
    package struct Call: Sendable, Hashable {
        package let at: Timestamp
        package let operation: Operation
        /// `nil` for a create.
        package let server: ServerID?
        /// The server's name when the call was made, or the name that a create asks for.
        package let name: String?
        /// What was sent, for create, replace and update.
        package let body: JSONValue?
        /// Why it failed; `nil` when it was answered well.
        package internal(set) var failure: String?
    }

    private let calls = Mutex<[Call]>([])
    private let base: any ServersAPI
    private let clock: any TimeSource
    private let nameOf: @Sendable (ServerID) -> String?

    package var upstream: Upstream? { base.upstream }

    /// Records the calls to `base`; `nameOf` gives the present name of a server.
    package init(_ base: any ServersAPI, clock: any TimeSource, nameOf: @escaping @Sendable (ServerID) -> String?) {
        self.base = base
        self.clock = clock
        self.nameOf = nameOf
    }

    /// The calls since this was last asked.
    package func takeCalls() -> [Call] {
        calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
    }

    package func list(status: ServerStatus?, location: String?) async throws(APIError) -> ServerList {
        try await base.list(status: status, location: location)
    }

    package func get(_ id: ServerID) async throws(APIError) -> Server {
        try await base.get(id)
    }

    package func create(_ request: CreateServer) async throws(APIError) -> Server {
        var body: JSONObject = [
            "name": .string(request.name), "plan_id": .int(request.planID), "os_id": .int(request.osID),
            "location": .string(request.location), "backups_enabled": .bool(request.backupsEnabled),
        ]
        if let hostname = request.hostname { body.members.append(.init(name: "hostname", value: .string(hostname))) }
        if let key = request.sshKeyID { body.members.append(.init(name: "ssh_key_id", value: .int(key))) }
        return try await record(.create, nil, name: request.name, body: body) { () async throws(APIError) in
            try await base.create(request)
        }
    }

    package func replace(_ id: ServerID, _ request: ReplaceServer) async throws(APIError) -> Server {
        let body: JSONObject = [
            "name": .string(request.name), "hostname": .string(request.hostname),
            "backups_enabled": .bool(request.backupsEnabled),
        ]
        return try await record(.replace, id, body: body) { () async throws(APIError) in try await base.replace(id, request) }
    }

    package func update(_ id: ServerID, _ request: UpdateServer) async throws(APIError) -> Server {
        var body = JSONObject()
        if let name = request.name { body.members.append(.init(name: "name", value: .string(name))) }
        if let hostname = request.hostname { body.members.append(.init(name: "hostname", value: .string(hostname))) }
        if let backups = request.backupsEnabled { body.members.append(.init(name: "backups_enabled", value: .bool(backups))) }
        return try await record(.update, id, body: body) { () async throws(APIError) in try await base.update(id, request) }
    }

    package func delete(_ id: ServerID) async throws(APIError) {
        try await record(.delete, id) { () async throws(APIError) in try await base.delete(id) }
    }

    package func start(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try await record(.start, id) { () async throws(APIError) in try await base.start(id) }
    }

    package func stop(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try await record(.stop, id) { () async throws(APIError) in try await base.stop(id) }
    }

    package func reboot(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try await record(.reboot, id) { () async throws(APIError) in try await base.reboot(id) }
    }

    private func record<Value>(
        _ operation: Operation, _ id: ServerID?, name: String? = nil, body: JSONObject? = nil,
        _ perform: () async throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        var call = Call(
            at: clock.now(), operation: operation, server: id, name: name ?? id.flatMap(nameOf), body: body.map { .object($0) },
            failure: nil)
        do throws(APIError) {
            let value = try await perform()
            calls.withLock { $0.append(call) }
            return value
        } catch {
            call.failure = error.description
            calls.withLock { $0.append(call) }
            throw error
        }
    }
}
