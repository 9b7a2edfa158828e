import GRDB
import JSON
import Model

/// One step of a run, with its fence, its guards, and all that is written with it.
extension Session {
    func commit(_ step: RunTransition) throws -> TransitionResult {
        let id = SQLValue.int(step.run.id.rawValue)
        let present = try first("SELECT epoch, state, lane, reason FROM runs WHERE id = ?", [id]) { row in
            (
                epoch: try row.int(), state: try row.value(RunState.self), lane: try row.optionalText(),
                reason: try row.optionalValue(Reason.self)
            )
        }
        guard let present else { throw StoreError(.conflict, "run \(step.run.id) does not exist") }
        guard present.epoch == step.run.epoch else {
            try recordLate(step, presentEpoch: present.epoch)
            return .fenced
        }
        guard present.state.mayBecome(step.run.state) else {
            throw StoreError(.conflict, "run \(step.run.id) does not go from \(present.state) to \(step.run.state)")
        }
        if let sight = step.sight, let watch = step.watch { try observe(sight, watch: watch, now: step.now) }
        if let refusal = try outdated(step.evidence, now: step.now) { return .refused(refusal) }
        // What is owed when a run is decided is owed although the problem is over.
        if step.guards != nil, step.run.progress.ending == nil, try isProblemOver(of: step.run, from: present.state) {
            return .refused(Refusal(reason: .resolved, until: step.now, detail: "the problem ended meanwhile"))
        }
        if let key = step.guards?.endedProblem, try isBack(key, since: step.run.createdAt) {
            return .refused(Refusal(reason: .superseded, until: step.now, detail: "the problem that had ended is back"))
        }
        if let refusal = try stopRefusal(of: step) ?? personRefusal(of: step) { return .refused(refusal) }
        if let guards = step.guards {
            try reviewStorm(step)
            if let refusal = try GuardCheck(session: self, step: step, guards: guards).refusal() {
                return .refused(refusal)
            }
        }
        if case .expire(let id) = step.approval, try !close(id, as: .expired, now: step.now) {
            return .refused(Refusal(reason: .approvalClosed, until: step.now, detail: "somebody answered meanwhile"))
        }
        try takeOver(for: step)
        do {
            try update(step)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            // The index over lanes is the only one over columns that a step changes.
            return .refused(Refusal(reason: .laneBusy, until: nil, detail: "another run is at work on its lane"))
        }
        if step.guards == nil, step.run.lane?.rawValue != present.lane { try reviewStorm(step) }
        if let verdict = step.verdict { try record(verdict, of: step) }
        try keep(step.run.progress, of: step.run.id)
        let intent = try apply(step.intent, step)
        if let change = step.ownership { _ = try apply(change, now: step.now) }
        if let change = step.evidence { try apply(change, of: step.run.id, now: step.now) }
        if case .ask(let approval, _) = step.approval { try ask(approval) }
        if step.run.state.isFinal { try voidApproval(of: step.run.id, now: step.now) }
        if let request = step.pause { _ = try pause(request) }
        try append(step.audit)
        for message in step.messages { try add(message, now: step.now) }
        if let letter = step.deadLetter { try add(letter) }
        if present.state == .parked, step.run.state.isFinal { try settleLetters(of: step.run.id, now: step.now) }
        if Self.freesPlace(from: present.state, for: present.reason, to: step.run.state, for: step.run.reason) {
            try wakeWaiting(now: step.now)
        }
        return .committed(intent: intent)
    }

    /// Whether the run's problem ended after the worker looked: nothing is sent for a problem that is over.
    ///
    /// A first rung belongs to its own episode; a later one also to the episode of the same problem that followed it.
    private func isProblemOver(of run: Run, from state: RunState) throws -> Bool {
        guard let episode = run.episode else { return false }
        let isOver =
            state == .verifying
            ? """
            NOT EXISTS (
                SELECT 1 FROM episodes o
                WHERE o.source = e.source AND o.fingerprint = e.fingerprint AND o.closed_at IS NULL)
            """ : "e.closed_at IS NOT NULL"
        return try exists("SELECT 1 FROM episodes e WHERE e.id = ? AND \(isOver)", [.int(episode.rawValue)])
    }

    /// Whether a problem is open, or was after that instant: what its end then set in motion is for another run.
    private func isBack(_ key: EpisodeKey, since: Timestamp) throws -> Bool {
        if try openEpisode(key) != nil { return true }
        return try exists(
            "SELECT 1 FROM episodes WHERE source = ? AND fingerprint = ? AND opened_at > ?",
            [.text(key.source), .key(key.fingerprint), .time(since)])
    }

    /// Whether a run that waits for the lane or for its turn may have a chance now.
    static func freesPlace(
        from old: RunState, for oldReason: Reason? = nil, to new: RunState, for newReason: Reason? = nil
    ) -> Bool {
        (old.holdsLane && !new.holdsLane)
            || (GuardCheck.occupies(old, for: oldReason) && !GuardCheck.occupies(new, for: newReason))
    }

    private func update(_ step: RunTransition) throws {
        let run = step.run
        let finishedAt = run.state.isFinal ? run.finishedAt ?? step.now : nil
        try execute(
            """
            UPDATE runs SET state = ?, reason = ?, detail = ?, lane = ?, server = ?, server_name = ?, rung = ?, due_at = ?,
                rung_deadline = ?, healthy_since = ?, attempts = ?, is_urgent = ?, finished_at = ?, is_renewable = ? WHERE id = ?
            """,
            [
                .text(run.state.rawValue), .text(run.reason?.rawValue), .text(run.detail), .text(run.lane?.rawValue),
                .int(run.server?.rawValue), .text(run.serverName), .int(run.rung), .time(run.dueAt), .time(run.rungDeadline),
                .time(run.healthySince), .int(run.attempts), .flag(run.isUrgent), .time(finishedAt),
                .flag(step.isRenewable && run.state.isFinal), .int(run.id.rawValue),
            ])
        guard step.releasesLease || run.state.isFinal else { return }
        // A run that was woken while its worker had it is due at once when the worker lets go.
        try execute(
            """
            UPDATE runs SET lease_until = NULL, due_at = min(due_at, coalesce(woken_at, due_at)), woken_at = NULL WHERE id = ?
            """, [.int(run.id.rawValue)])
    }

    private func apply(_ change: IntentChange?, _ step: RunTransition) throws -> Intent? {
        switch change {
        case .open(let new, let guards):
            let isGuarded = guards.map { !$0.isFollowing } ?? false
            return try open(new, counts: Self.counts(new, isGuarded: isGuarded, on: step.run.lane), step)
        case .close(let id, let outcome):
            let closed = try execute(
                "UPDATE intents SET outcome = ?, finished_at = ? WHERE id = ? AND run = ? AND outcome IS NULL",
                [.text(outcome.rawValue), .time(step.now), .int(id.rawValue), .int(step.run.id.rawValue)])
            guard closed == 1 else { throw StoreError(.conflict, "intent \(id) is not the open one of run \(step.run.id)") }
            if outcome == .refused || outcome == .notExecuted { try giveBack(id) }
            return nil
        case nil:
            return nil
        }
    }

    private func open(_ new: NewIntent, counts: Bool, _ step: RunTransition) throws -> Intent {
        let id = try insert(
            """
            INSERT INTO intents (run, lane, rung, step, operation, server, pre_status, pre_updated_at, method, url, request_hash,
                name, body, created_at, counts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .int(step.run.id.rawValue), .text(step.run.lane?.rawValue), .int(new.rung), .int(new.step),
                .text(new.kind.rawValue), .int(new.server?.rawValue), .text(new.preStatus?.rawValue), .time(new.preUpdatedAt),
                .text(new.request?.method), .text(new.request?.url), .text(new.request?.hash), .text(new.request?.name),
                .text(new.request?.body?.description), .time(step.now), .flag(counts),
            ])
        if new.isPowerCycle {
            try execute(
                "INSERT INTO power_cycles (run, rung) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [.int(step.run.id.rawValue), .int(new.rung)])
        }
        let intent = Intent(
            id: IntentID(rawValue: id), run: step.run.id, rung: new.rung, step: new.step, kind: new.kind, server: new.server,
            preStatus: new.preStatus, preUpdatedAt: new.preUpdatedAt, request: new.request, createdAt: step.now)
        if new.kind.operation == .create { try spend(intent, of: step.run, price: step.guards?.purchase?.prices) }
        return intent
    }

    /// Whether budgets or the cooldown count an intent: a rung's first request to a server, each create and delete, and a request
    /// to another API only on a lane that is no server's.
    private static func counts(_ new: NewIntent, isGuarded: Bool, on lane: Lane?) -> Bool {
        switch new.kind {
        case .operation: new.step == 0 || isGuarded
        case .httpRequest: isGuarded && lane?.isServer == false
        }
    }

    /// Keeps what a worker reported that no longer has the run: the outcome of a request is worth knowing even then.
    private func recordLate(_ step: RunTransition, presentEpoch: Int64) throws {
        var detail = "late: step to \(step.run.state) under epoch \(step.run.epoch), the run is at epoch \(presentEpoch)"
        if case .close(let intent, let outcome) = step.intent { detail += "; intent \(intent): \(outcome.rawValue)" }
        try append(
            AuditEntry(
                at: step.now, kind: .run, reason: nil, delivery: step.run.event.delivery, run: step.run.id, rule: step.run.rule,
                server: step.run.server, actor: "rule", detail: detail))
    }
}
