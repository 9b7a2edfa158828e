/// The id of one pause.
package struct PauseID: NumericIdentifier {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// What a pause stops.
package enum PauseScope: Sendable, Hashable {
    /// Every changing request of the bridge, whoever asked for it.
    case all
    /// What one rule does.
    case rule(String)
    /// What is done to one server: a hold.
    case server(ServerID)
    /// What one source's events and commands lead to.
    case source(String)
    /// One action by its name in rule files; `server.create` is also what `fleet.scale` creates servers by.
    case action(String)
}

extension PauseScope {
    /// What kind of scope it is, in the store and for metrics: `all`, `rule`, `server`, `source` or `action`.
    package var kind: Kind {
        switch self {
        case .all: .all
        case .rule: .rule
        case .server: .server
        case .source: .source
        case .action: .action
        }
    }

    /// The kinds of scopes.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case all
        case rule
        case server
        case source
        case action
    }

    /// Which one of its kind; empty for `all`.
    package var key: String {
        switch self {
        case .all: ""
        case .rule(let name), .source(let name), .action(let name): name
        case .server(let id): id.description
        }
    }

    /// The scope of that kind and key; `nil` when the key is none of that kind.
    package init?(kind: Kind, key: String) {
        switch kind {
        case .all:
            guard key.utf8.isEmpty else { return nil }
            self = .all
        case .server:
            guard let id = Int64(key), id > 0 else { return nil }
            self = .server(ServerID(rawValue: id))
        case .rule, .source, .action:
            guard !key.utf8.isEmpty else { return nil }
            self = kind == .rule ? .rule(key) : kind == .source ? .source(key) : .action(key)
        }
    }

    /// The server of a hold; `nil` for every other scope.
    package var heldServer: ServerID? {
        guard case .server(let id) = self else { return nil }
        return id
    }

    /// The actions that can be paused, by their names in rules.
    package static let actions = [
        "server.create", "server.replace", "server.update", "server.delete", "server.start", "server.stop", "server.reboot",
        "server.power_cycle", "fleet.scale", "http.request",
    ]

    /// The scope for people: `everything`, `rule web-down`, `server 12345`.
    package var words: String {
        switch self {
        case .all: "everything"
        case .rule, .server, .source, .action: "\(kind.rawValue) \(key)"
        }
    }
}

/// Something that is stopped: nothing changing leaves that it covers, until a person lifts it or its time is over.
package struct Pause: Sendable, Hashable {
    package var id: PauseID
    package var scope: PauseScope
    /// Why, for people.
    package var reason: String
    /// Who paused it: `operator`, `slack:U012`, `bridge`, or `rule NAME`.
    package var actor: String
    package var since: Timestamp
    /// When it ends by itself; `nil` until a person lifts it.
    package var until: Timestamp?

    package init(id: PauseID, scope: PauseScope, reason: String, actor: String, since: Timestamp, until: Timestamp?) {
        self.id = id
        self.scope = scope
        self.reason = reason
        self.actor = actor
        self.since = since
        self.until = until
    }

    /// Whether it stops anything at that instant.
    package func isInForce(at now: Timestamp) -> Bool { until.map { now < $0 } ?? true }

    /// Whether it stops that request at that instant. Names are compared byte by byte.
    package func stops(_ subject: PauseSubject, at now: Timestamp) -> Bool {
        guard isInForce(at: now) else { return false }
        return switch scope {
        case .all: true
        case .rule(let name): name.utf8.elementsEqual(subject.rule.utf8)
        case .server(let id): subject.servers.contains(id)
        case .source(let name): name.utf8.elementsEqual(subject.source.utf8)
        case .action(let name): subject.actions.contains { $0.utf8.elementsEqual(name.utf8) }
        }
    }

    /// Who stopped what, why, and until when, as a sentence for people without its full stop.
    package var words: String {
        let end = until.map { "until \($0.rfc3339)" } ?? "until it is resumed"
        return "\(scope.words) is paused \(end) by \(actor) since \(since.rfc3339): \(reason)"
    }
}

/// What a request is, as far as pauses tell requests apart.
package struct PauseSubject: Sendable, Hashable {
    package var rule: String
    /// The source of the run's event.
    package var source: String
    /// The server of the run and the one of the request, where there are.
    package var servers: Set<ServerID>
    /// Every name under which its action can be paused.
    package var actions: Set<String>

    package init(rule: String, source: String, servers: Set<ServerID>, actions: Set<String>) {
        self.rule = rule
        self.source = source
        self.servers = servers
        self.actions = actions
    }
}

extension [Pause] {
    /// The pause that stops a request; of several the one that lasts longest.
    package func stopping(_ subject: PauseSubject, at now: Timestamp) -> Pause? {
        let found = filter { $0.stops(subject, at: now) }
        return found.first { $0.until == nil } ?? found.max { ($0.until ?? now) < ($1.until ?? now) }
    }
}

extension Intent.Kind {
    /// The action whose two requests are a stop and a start.
    package static let powerCycleAction = "server.power_cycle"

    /// Every name under which a request of this kind can be paused: its operation's, and for the two requests of a power cycle that
    /// action's alone.
    package func pausedAs(isPowerCycle: Bool) -> Set<String> {
        if isPowerCycle { return [Self.powerCycleAction] }
        return switch self {
        case .httpRequest: ["http.request"]
        case .operation(let operation): ["server.\(operation.rawValue)"]
        }
    }
}
