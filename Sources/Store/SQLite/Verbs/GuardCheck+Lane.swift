import Model

/// One run works on a server, and so many servers are worked on at once.
extension GuardCheck {
    /// The condition of the index over lanes, word for word, so that SQLite uses it.
    static let holdsLane = "state IN ('running', 'unknown', 'verifying', 'parked')"

    /// What binds a request that follows others of its run: what stops all rules, the server that it is about, and its run's place.
    ///
    /// What a run sends when it is decided tells of it and works on no server: it needs no place.
    func followingRefusal() throws -> Refusal? {
        if let refusal = try fleetRefusal() ?? targetRefusal() { return refusal }
        return run.progress.ending == nil ? try concurrencyRefusal() : nil
    }

    func laneRefusal() throws -> Refusal? {
        // A person's command takes a lane from a rule that only watches.
        let standing = guards.isCommand && lane.isServer ? "AND NOT \(Session.isFree)" : ""
        let holder = try session.first(
            "SELECT r.id FROM runs r WHERE r.lane = ? AND r.\(Self.holdsLane) AND r.id <> ? \(standing)",
            [.text(lane.rawValue), .int(run.id.rawValue)]
        ) { try $0.id(RunID.self) }
        if let holder { return Refusal(reason: .laneBusy, until: nil, detail: "run \(holder) is at work on \(lane)") }
        return try targetRefusal()
    }

    /// A group's run is about one of its servers, whose own lane it does not take: neither works on it while the other does.
    private func targetRefusal() throws -> Refusal? {
        guard let server = target ?? (lane.isServer ? run.server : nil) else { return nil }
        return lane.isServer ? try groupRefusal(server) : try memberRefusal(server)
    }

    /// A server that a run works on is neither drained nor deleted with its group.
    private func memberRefusal(_ server: ServerID) throws -> Refusal? {
        let lane = Lane.server(server)
        let holder = try session.first(
            "SELECT r.id FROM runs r WHERE r.lane = ? AND r.\(Self.holdsLane) AND r.id <> ?",
            [.text(lane.rawValue), .int(run.id.rawValue)]
        ) { try $0.id(RunID.self) }
        return holder.map { holder in
            Refusal(reason: .laneBusy, until: nil, detail: "run \(holder) is at work on \(lane)", server: server)
        }
    }

    /// A server that its group is draining or deleting is left alone.
    private func groupRefusal(_ server: ServerID) throws -> Refusal? {
        let holder = try session.first(
            """
            SELECT r.id, r.lane FROM runs r
            WHERE r.\(Self.holdsLane) AND r.lane GLOB 'group:*' AND r.id <> ? AND EXISTS (
                SELECT 1 FROM intents WHERE run = r.id AND server = ?
                    AND (outcome IS NULL OR outcome IN ('applied', 'assumed_sent')))
            """, [.int(run.id.rawValue), .int(server.rawValue)]
        ) { row in (id: try row.id(RunID.self), lane: try row.text()) }
        return holder.map { holder in
            Refusal(reason: .laneBusy, until: nil, detail: "run \(holder.id) takes server \(server) out of \(holder.lane)")
        }
    }

    // MARK: Places

    /// Why a run that watches for its effect takes no further rung now. It keeps its lane, but gives its place to others, or a
    /// server on hold would stop the whole fleet; when it goes on, it needs a place again.
    private static let standsAsideFor: [Reason] = [
        .paused, .personAtWork, .storm, .blind, .maxUnhealthy, .flapping, .bootGrace, .maintenance, .silenced, .staleEvidence,
        .fleetBudgetSpent, .maxConcurrent,
    ]

    /// Whether the run `r` stands aside: nothing of it is on its way, and it owes no start.
    private static let standsAside = """
        (r.state = 'verifying' AND coalesce(r.reason, '') IN (\(standsAsideFor.map { "'\($0.rawValue)'" }.joined(separator: ", ")))
            AND NOT EXISTS (SELECT 1 FROM intents o WHERE o.run = r.id AND o.outcome IS NULL) AND NOT \(Session.owesStart))
        """

    /// Whether a run in this state counts for `max_concurrent`, as far as its row tells: parked ones do not, or one of them would stop
    /// the whole fleet, nor do those that stand aside.
    static func occupies(_ state: RunState, for reason: Reason? = nil) -> Bool {
        switch state {
        case .running, .unknown: true
        case .verifying: reason.map { !standsAsideFor.contains($0) } ?? true
        default: false
        }
    }

    func concurrencyRefusal() throws -> Refusal? {
        guard lane.isServer else { return nil }
        let limit = guards.limits.concurrency(fleetSize: guards.fleetSize)
        let occupied = try session.count(
            """
            SELECT count(*) FROM runs r
            WHERE \(Self.holdsLane) AND state <> 'parked' AND id <> ? AND lane GLOB 'server:*' AND lane <> ?
                AND NOT \(Self.standsAside)
            """, [.int(run.id.rawValue), .text(lane.rawValue)])
        guard occupied >= limit else { return nil }
        return Refusal(reason: .maxConcurrent, until: nil, detail: "\(occupied) of \(limit) servers are being worked on")
    }
}
