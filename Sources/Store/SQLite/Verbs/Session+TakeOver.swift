import Model

/// A person's word over a server: their command takes it from the rules, and keeps it for a while.
extension Session {
    /// How long rules leave a server alone after a person's request to it.
    static let personsTime = Duration.seconds(1_800)

    /// Why a rule must not touch a server that a person works on; `nil` for people, and for a step that no guard is asked of.
    func personRefusal(of step: RunTransition) throws -> Refusal? {
        guard let guards = step.guards, !guards.isCommand else { return nil }
        var servers: [ServerID] = []
        if step.run.lane?.isServer == true, let server = step.run.server { servers.append(server) }
        if case .open(let intent, _) = step.intent, let server = intent.server { servers.append(server) }
        for server in servers {
            let found = try first(
                "SELECT actor, at FROM people_at_work WHERE server = ? AND at > ?",
                [.int(server.rawValue), .time(step.now - Self.personsTime)]
            ) { row in (actor: try row.text(), at: try row.time()) }
            guard let found else { continue }
            let until = found.at + Self.personsTime
            return Refusal(
                reason: .personAtWork, until: until,
                detail: "\(found.actor) works on server \(server) since \(found.at.rfc3339): rules wait until \(until.rfc3339)",
                server: server)
        }
        return nil
    }

    /// Gives a person's command its server: what rules had begun or wait to do there ends, in the transaction of the first intent.
    ///
    /// To be called when no guard is in the way. What may be on its way, or owes a start, was a guard in the way.
    func takeOver(for step: RunTransition) throws {
        guard case .open(_, let guards?) = step.intent, guards.isCommand, let lane = step.run.lane, lane.isServer,
            let server = step.run.server
        else { return }
        let actor = step.audit.first?.actor ?? "a person"
        for run in try runsOfRules(on: lane, server) where run.id != step.run.id {
            guard !run.state.holdsLane || run.isFree else { continue }
            try cancelTakenOver(run.id, by: actor, step)
        }
        try execute(
            """
            INSERT INTO people_at_work (server, actor, at) VALUES (?, ?, ?)
            ON CONFLICT (server) DO UPDATE SET actor = excluded.actor, at = excluded.at
            """, [.int(server.rawValue), .text(actor), .time(step.now)])
        if let destination = step.warning,
            let cooldown = try GuardCheck(session: self, step: step, guards: guards).cooldownRefusal()
        {
            try add(MessagePolicy.answer("Careful: \(cooldown.detail).", to: destination, run: step.run.id), now: step.now)
            try append(
                AuditEntry(
                    at: step.now, kind: .command, reason: .cooldown, delivery: step.run.event.delivery, run: step.run.id,
                    rule: step.run.rule, server: server, actor: actor, detail: "warned, not held: \(cooldown.detail)"))
        }
    }

    /// A run of a rule that a command may take a server from, and whether it only watches.
    struct RunOfRule {
        let id: RunID
        let state: RunState
        let isFree: Bool
    }

    /// The unfinished runs of rules on a server's lane, or that wait to work on it. A command's own runs are urgent ones.
    private func runsOfRules(on lane: Lane, _ server: ServerID) throws -> [RunOfRule] {
        try all(
            """
            SELECT r.id, r.state, \(Self.isFree) FROM runs r
            WHERE r.finished_at IS NULL AND r.is_urgent = 0
                AND (r.lane = ? OR (r.server = ? AND r.state IN ('pending', 'held', 'approval', 'ready')
                    AND (r.lane IS NULL OR r.lane GLOB 'server:*')))
            """, [.text(lane.rawValue), .int(server.rawValue)]
        ) { row in RunOfRule(id: try row.id(), state: try row.value(), isFree: try row.flag()) }
    }

    /// Whether the run `r` only watches for an effect: nothing is on its way, and no start is owed.
    static let isFree = """
        (r.state = 'verifying' AND r.is_urgent = 0
            AND NOT EXISTS (SELECT 1 FROM intents o WHERE o.run = r.id AND o.outcome IS NULL) AND NOT \(owesStart))
        """

    /// The worker that has it is fenced: what it writes next comes late.
    private func cancelTakenOver(_ id: RunID, by actor: String, _ step: RunTransition) throws {
        guard let run = try self.run(id) else { return }
        let detail = "\(actor) works on the server now, with run \(step.run.id)"
        try execute(
            """
            UPDATE runs SET state = 'cancelled', reason = ?, detail = ?, epoch = epoch + 1, lease_until = NULL, woken_at = NULL,
                rung_deadline = NULL, healthy_since = NULL, finished_at = ? WHERE id = ?
            """, [.text(Reason.takenOver.rawValue), .text(detail), .time(step.now), .int(id.rawValue)])
        if let approval = try approval(of: id), approval.state == .open, let channel = approval.channel {
            let text = "Approval \(approval.id), rule \(run.rule): nothing is left to approve, \(detail)."
            try tell(.approval, text, [channel], run: id, now: step.now)
        }
        try voidApproval(of: id, now: step.now)
        try append(
            AuditEntry(
                at: step.now, kind: .run, reason: .takenOver, delivery: run.event.delivery, run: id, rule: run.rule,
                server: run.server, actor: actor, detail: "cancelled: \(detail)"))
        if Self.freesPlace(from: run.state, to: .cancelled) { try wakeWaiting(now: step.now) }
    }
}
