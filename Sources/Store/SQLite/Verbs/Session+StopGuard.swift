import Model

/// The stop switch over an intent, looked at in the transaction that would write it, whether other guards are asked or not.
extension Session {
    /// Why nothing that changes may leave now; `nil` for a step without an intent.
    ///
    /// Asking people goes on during a pause; only a run that they approved already does not ask them again.
    func stopRefusal(of step: RunTransition) throws -> Refusal? {
        switch step.intent {
        case .open(let intent, let guards):
            let pauses = try pauses(at: step.now)
            if let pause = try pauses.stopping(subject(of: step.run, intent: intent, guards: guards), at: step.now) {
                return Refusal(reason: .paused, until: pause.until, detail: pause.words, server: pause.scope.heldServer)
            }
            // One that is owed waits for no other.
            return intent.isPowerCycle && intent.step > 0 ? nil : try owedFirst(before: step, pauses: pauses)
        case .close, nil: break
        }
        guard case .ask(_, let guards) = step.approval, try isApproved(step.run.id) else { return nil }
        let subject = try subject(of: step.run, intent: nil, guards: guards)
        return try pauses(at: step.now).stopping(subject, at: step.now).map { pause in
            Refusal(reason: .paused, until: pause.until, detail: pause.words)
        }
    }

    private func isApproved(_ run: RunID) throws -> Bool {
        try exists("SELECT 1 FROM approvals WHERE run = ? AND state = 'approved'", [.int(run.rawValue)])
    }

    private func subject(of run: Run, intent: NewIntent?, guards: Guards?) throws -> PauseSubject {
        let source = try first("SELECT source FROM deliveries WHERE id = ?", [.int(run.event.delivery.rawValue)]) {
            try $0.text()
        }
        return PauseSubject(
            rule: run.rule, source: source ?? "", servers: Set([run.server, intent?.server].compactMap(\.self)),
            actions: (intent.map { $0.kind.pausedAs(isPowerCycle: $0.isPowerCycle) } ?? []).union(
                guards.map { [$0.action] } ?? []))
    }

    /// A start that a pause held back goes before everything else: a server is down until it does.
    ///
    /// Only while it is due, which it is when its pause has ended and until it was tried.
    private func owedFirst(before step: RunTransition, pauses: [Pause]) throws -> Refusal? {
        let owed = try all(
            """
            SELECT r.id, r.rule, r.server, d.source FROM runs r JOIN deliveries d ON d.id = r.delivery
            WHERE r.reason = 'paused' AND r.finished_at IS NULL AND r.due_at <= ? AND r.state = 'verifying' AND r.id <> ?
                AND \(Self.owesStart)
            """, [.time(step.now), .int(step.run.id.rawValue)]
        ) { row in
            (id: try row.id(RunID.self), rule: try row.text(), server: try row.optionalID(ServerID.self), source: try row.text())
        }
        let first = owed.first { owed in
            let subject = PauseSubject(
                rule: owed.rule, source: owed.source, servers: Set([owed.server].compactMap(\.self)),
                actions: [Intent.Kind.powerCycleAction])
            return pauses.stopping(subject, at: step.now) == nil
        }
        return first.map { owed in
            Refusal(
                reason: .resumed, until: step.now + .seconds(1), detail: "the start that run \(owed.id) owes goes first")
        }
    }
}
