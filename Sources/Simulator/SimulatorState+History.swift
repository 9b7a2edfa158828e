import Model

/// What stale lists show: the servers as they were.
extension SimulatorState {
    /// The servers from one change to the next.
    struct Snapshot: Sendable {
        let at: Timestamp
        let servers: [SimulatedServer]
    }

    /// The most changes that are kept; of more the oldest are forgotten.
    private static let longestHistory = 1_000

    /// How far back a list may have to look; zero when no list is stale.
    private var oldestAge: Duration {
        faults.reduce(options.listAge) { $1.kind == .staleList ? max($0, $1.age) : $0 }
    }

    /// Keeps the servers as they are from `now` on, if a list may show them later.
    mutating func remember(now: Timestamp) {
        let age = oldestAge
        guard age > .zero else {
            history = []
            return
        }
        // An array that was not changed is compared by its address.
        if history.last?.servers != servers { history.append(Snapshot(at: now, servers: servers)) }
        let start = history.lastIndex { $0.at <= now - age } ?? 0
        history.removeFirst(max(start, history.count - Self.longestHistory))
    }

    /// The servers as they were at that time, as far back as is known.
    func servers(asOf instant: Timestamp) -> [SimulatedServer] {
        guard let snapshot = history.last(where: { $0.at <= instant }) ?? history.first else { return servers }
        return snapshot.servers.map { server in
            var server = server
            _ = server.advance(to: max(instant, snapshot.at), keepsUpdatedAt: options.updatedAtFixed)
            return server
        }
    }
}
