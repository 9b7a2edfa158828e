import Model

/// Storms: when one begins, how long it lasts, and what is told of it.
extension Session {
    /// How many servers have an open problem that a rule which changes servers matched, with one more that is not written yet.
    func serversWithProblems(and server: ServerID?) throws -> Int {
        try count("SELECT count(DISTINCT server) FROM open_problems")
            + (server.map { try exists("SELECT 1 FROM open_problems WHERE server = ?", [.int($0.rawValue)]) ? 0 : 1 } ?? 0)
    }

    /// Looks whether so many servers have a problem that it storms, as of this step of a run.
    func reviewStorm(_ step: RunTransition) throws {
        guard let watch = step.watch, step.run.episode != nil, step.run.lane?.isServer == true else { return }
        let size: Int
        if case .seen(let listed, _) = step.sight { size = listed } else { size = step.guards?.fleetSize ?? 0 }
        guard let bound = watch.storm.bound(of: size) else { return }
        let count = try serversWithProblems(and: step.run.problemServer)
        guard count >= bound else { return }
        let now = step.now
        let detail = "\(count) of \(size) servers have an open problem"
        let isKnown =
            try execute(
                "UPDATE fleet_states SET last_at = ?, due_at = ?, detail = ?, bound = ?, quiet = ? WHERE kind = 'storm'",
                [
                    .time(now), .time(now + watch.storm.quiet), .text(detail), .int(bound),
                    .int(watch.storm.quiet.wholeMicroseconds),
                ]) > 0
        guard !isKnown else { return }
        try execute(
            """
            INSERT INTO fleet_states (kind, first_at, since, last_at, due_at, detail, bound, quiet)
            VALUES ('storm', ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .time(now), .time(now), .time(now), .time(now + watch.storm.quiet), .text(detail), .int(bound),
                .int(watch.storm.quiet.wholeMicroseconds),
            ])
        try announce(
            .storm,
            "Storm: \(detail). Rules change nothing from now on, people still may. It ends by itself after "
                + "\(GuardCheck.words(watch.storm.quiet)) below \(bound) servers; what is still down then is told and taken up.",
            watch.channels, now: now)
    }

    /// Called before problems end: until now it was not quiet.
    func noteStorm(now: Timestamp) throws {
        try execute(
            """
            UPDATE fleet_states SET last_at = ?, due_at = ? + quiet WHERE kind = 'storm'
                AND bound <= (SELECT count(DISTINCT server) FROM open_problems)
            """, [.time(now), .time(now)])
    }

    /// Ends a storm that has been quiet for long enough, and takes up what it held.
    func turnStorm(now: Timestamp, channels: [String]) throws {
        guard let storm = try fleetState(.storm) else { return }
        if storm.lastAt > now {
            // A clock that was set back must not make it longer.
            try execute(
                "UPDATE fleet_states SET last_at = ?, due_at = ? + quiet WHERE kind = 'storm'", [.time(now), .time(now)])
        }
        guard storm.dueAt <= now else { return }
        try noteStorm(now: now)
        guard let quiet = try fleetState(.storm), quiet.dueAt <= now else { return }
        try execute("DELETE FROM fleet_states WHERE kind = 'storm'")
        let lasted = Self.rounded(now.since(storm.since ?? storm.lastAt))
        try announce(.storm, "The storm is over after \(lasted). \(try stillDown())", channels, now: now)
        try wakeHeld(for: .storm, now: now)
        try wakeJudged(now: now)
    }

    /// The servers with an open problem, for people.
    private func stillDown() throws -> String {
        let names = try all(
            """
            SELECT DISTINCT p.server, coalesce(r.server_name, 'server') FROM open_problems p LEFT JOIN runs r ON r.id = p.run
            """
        ) { row in
            let id = try row.id(ServerID.self)
            return (id: id, text: "\(try row.text()) (\(id))")
        }
        var seen: Set<ServerID> = []
        let servers = names.sorted { $0.id < $1.id }.filter { seen.insert($0.id).inserted }
        guard !servers.isEmpty else { return "No server has an open problem." }
        let shown = 100
        let more = servers.count > shown ? " and \(servers.count - shown) more" : ""
        return
            "Still down (\(servers.count)): \(servers.prefix(shown).map(\.text).joined(separator: ", "))\(more). They are judged again "
            + "now, under all limits."
    }

    /// A server that is gone has no problem any more.
    func forgetProblems(of server: ServerID, now: Timestamp) throws {
        try noteStorm(now: now)
        try execute("DELETE FROM open_problems WHERE server = ?", [.int(server.rawValue)])
    }

    /// A span for people: whole minutes from two minutes on.
    static func rounded(_ span: Duration) -> String {
        let seconds = max(0, span.wholeMicroseconds / 1_000_000)
        return seconds < 120
            ? "\(seconds) s" : seconds < 7_200 ? "\(seconds / 60) min" : "\(seconds / 3_600) h \(seconds / 60 % 60) min"
    }
}

extension Run {
    /// The server whose problem the run is about, where that counts for the fleet.
    var problemServer: ServerID? { episode != nil && lane?.isServer == true ? server : nil }
}
