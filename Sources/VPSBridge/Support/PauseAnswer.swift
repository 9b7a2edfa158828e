import Engine
import Inbound
import JSON
import Model
import Rules
import Store
import VPSAPI

/// What people ask of the stop switch by the command line, as it goes over the control socket.
struct PauseRequest: Sendable {
    let kind: PauseScope.Kind
    /// Which one of its kind; for a server its id or, where a bridge runs, its name.
    let key: String
    var reason = ""
    var span: Duration?

    var json: JSONValue {
        [
            "scope": .string(kind.rawValue), "key": .string(key), "reason": .string(reason),
            "for": .optional(span.map { YAMLDuration.text($0) }),
        ]
    }

    init(kind: PauseScope.Kind, key: String) {
        self.kind = kind
        self.key = key
    }

    /// `nil` when it is no such request.
    init?(json: JSONValue) {
        guard let kind = json["scope"]?.stringValue.flatMap(PauseScope.Kind.init(rawValue:)), let key = json["key"]?.stringValue
        else { return nil }
        self.init(kind: kind, key: key)
        reason = json["reason"]?.stringValue ?? ""
        if let text = json["for"]?.stringValue {
            guard let span = YAMLDuration.parse(text), span > .zero else { return nil }
            self.span = span
        }
    }
}

extension PauseDesk {
    /// Pauses as the command line asks; `names` finds a server by its name.
    ///
    /// `isKnown` says whether there is a rule or a source of that name; without it they are taken as they are written.
    func controlPause(
        _ request: PauseRequest, names: ServerNames?, isKnown: (PauseScope) -> Bool = { _ in true }, now: Timestamp
    ) async -> ControlAnswer {
        do {
            let scope = try await scope(of: request, names)
            if case .action(let name) = scope, !PauseScope.actions.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
                throw PauseRefusal(
                    "no action is called \(name.printable); there are: \(PauseScope.actions.joined(separator: ", "))")
            }
            guard isKnown(scope) else { throw PauseRefusal("there is no \(scope.words.printable): nothing would be stopped") }
            let pause = try await pause(scope, reason: request.reason, by: "operator", for: request.span, now: now)
            return ControlAnswer(isDone: true, body: ["pause": pause.json, "text": .string("Paused: \(pause.words)")])
        } catch {
            return .refused(error)
        }
    }

    /// Resumes as the command line asks.
    func controlResume(_ request: PauseRequest, names: ServerNames?, now: Timestamp) async -> ControlAnswer {
        do {
            let scope = try await scope(of: request, names)
            let resumption = try await resume(scope, by: "operator", now: now)
            return ControlAnswer(isDone: resumption.stopFile != .stuck, body: resumption.json(scope))
        } catch {
            return .refused(error)
        }
    }

    private func scope(of request: PauseRequest, _ names: ServerNames?) async throws -> PauseScope {
        if let scope = PauseScope(kind: request.kind, key: request.key) { return scope }
        guard request.kind == .server else { throw PauseRefusal("nothing is named by that") }
        guard let names else {
            throw PauseRefusal("a server is found by its name only while the bridge runs: give its id")
        }
        return .server(try await names.server(named: request.key))
    }
}

/// Why a pause was not taken, for people.
struct PauseRefusal: Error {
    let message: String
    init(_ message: String) { self.message = message }
}

/// Finds a server by its name or address, as rules do.
struct ServerNames: Sendable {
    let inventory: Inventory
    let resolver: ServerResolver
    let clock: any TimeSource

    /// - Throws: `PauseRefusal` when no server or more than one is named, or nobody can say.
    func server(named name: String) async throws(PauseRefusal) -> ServerID {
        let servers: [Server]
        do throws(APIError) {
            servers = try await inventory.servers(maxAge: .seconds(60), now: clock.now()).servers
        } catch {
            throw PauseRefusal("the servers can not be read (\(error.detail)): give the server's id")
        }
        switch resolver.resolve(name, among: servers) {
        case .one(let server): return server.id
        case .none: throw PauseRefusal("no server is named by \(name.printable)")
        case .several(let found):
            throw PauseRefusal(
                "\(name.printable) names \(found.count) servers: \(found.prefix(5).map(\.id.description).joined(separator: ", "))"
            )
        }
    }
}

extension ControlAnswer {
    /// The answer to what is no request of that command.
    static let notUnderstood = ControlAnswer(
        isDone: false, body: ["text": "that is not a request of this version; use the vpsbridge command of the bridge's version"])

    fileprivate static func refused(_ error: any Error) -> ControlAnswer {
        let text = (error as? PauseRefusal)?.message ?? (error as? StoreError)?.message ?? "\(error)"
        return ControlAnswer(isDone: false, body: ["text": .string(text)])
    }
}

extension Pause {
    var json: JSONValue {
        [
            "scope": .string(scope.kind.rawValue), "key": .string(scope.key), "reason": .string(reason), "actor": .string(actor),
            "since": .string(since.rfc3339), "until": .optional(until?.rfc3339),
        ]
    }
}

extension PausedRun {
    var json: JSONValue {
        [
            "run": .int(run.id.rawValue), "rule": .string(run.rule), "state": .string(run.state.rawValue),
            "server_id": run.server.map { .int($0.rawValue) } ?? .null, "server": .optional(run.serverName),
            "owes_start": .bool(owesStart), "detail": .string(run.detail),
        ]
    }

    /// The run as a line for people.
    var line: String {
        let owed = owesStart ? "is stopped and owes its start" : run.state.rawValue
        return "run \(run.id) of rule \(run.rule), \(run.serverName ?? "no server") (\(run.server?.description ?? "-")): \(owed)"
    }
}

extension PauseDesk.Resumption {
    func json(_ scope: PauseScope) -> JSONValue {
        [
            "lifted": outcome.lifted?.json ?? .null, "stop_file": .string(stopFile.rawValue),
            "remaining": .array(outcome.remaining.map(\.json)), "waiting": .array(outcome.waiting.prefix(100).map(\.json)),
            "waiting_count": .int(Int64(outcome.waiting.count)),
            "owed_count": .int(Int64(outcome.waiting.count { $0.owesStart })), "text": .string(text(scope)),
        ]
    }

    /// What was lifted, what waits, and what is still stopped.
    private func text(_ scope: PauseScope) -> String {
        var lines: [String] = []
        switch stopFile {
        case .removed: lines.append("The file STOP is removed.")
        case .stuck: lines.append("The file STOP can not be removed: everything is still stopped.")
        case .absent: break
        }
        if let lifted = outcome.lifted {
            lines.append("Resumed: \(lifted.words).")
        } else if stopFile == .absent {
            lines.append("\(scope.words) was not paused.")
        }
        let owed = outcome.waiting.count { $0.owesStart }
        if outcome.waiting.isEmpty {
            lines.append("Nothing waits.")
        } else {
            let first = owed > 0 ? ", \(owed) of them a start that is owed, which goes first" : ""
            lines.append(
                "\(outcome.waiting.count) runs are judged again\(first); what is older than its `max_event_age` waits for a fresh word:"
            )
            lines += outcome.waiting.prefix(20).map { "  \($0.line)" }
            if outcome.waiting.count > 20 { lines.append("  and \(outcome.waiting.count - 20) more") }
        }
        lines += outcome.remaining.map { "Still paused: \($0.words)" }
        return lines.joined(separator: "\n")
    }
}
