import Model

/// The guards over a changing request, looked at in the transaction that writes its intent.
///
/// In the order of the checks: storm and blindness, flapping, `max_unhealthy`, the lane, the number of servers worked on at once, the
/// cooldown, the server's budgets, the fleet's, boot grace.
struct GuardCheck {
    let session: Session
    let run: Run
    let lane: Lane
    let guards: Guards
    /// The server that the request is about: the run's own, or one of its group's.
    let target: ServerID?
    let now: Timestamp
    /// Who is told of what a guard finds.
    let channels: [String]

    /// - Throws: `StoreError.conflict` when the run has no lane, without which nothing is bounded.
    init(session: Session, step: RunTransition, guards: Guards) throws(StoreError) {
        run = step.run
        guard let lane = run.lane else { throw StoreError(.conflict, "run \(run.id) opens a guarded intent without a lane") }
        self.session = session
        self.lane = lane
        self.guards = guards
        if case .open(let intent, _) = step.intent { target = intent.server } else { target = nil }
        now = step.now
        channels = step.watch?.channels ?? []
    }

    /// The first guard in the way.
    func refusal() throws -> Refusal? {
        if guards.isFollowing { return try followingRefusal() }
        if let refusal = try fleetRefusal() ?? flappingRefusal() ?? unhealthyRefusal() { return refusal }
        if let refusal = try laneRefusal() ?? concurrencyRefusal() { return refusal }
        if guards.checksCooldown, let refusal = try cooldownRefusal() ?? afterRefusal() { return refusal }
        let laneSpent = try budgetRefusal(
            guards.limits.budgets, reason: .budgetSpent, scope: lane.rawValue, where: "lane = ?", [.text(lane.rawValue)])
        return try laneSpent
            ?? budgetRefusal(guards.limits.fleetBudgets, reason: .fleetBudgetSpent, scope: "the fleet", where: "true", [])
            ?? purchaseRefusal() ?? bootGraceRefusal()
    }

    /// An intent that the cooldown counts; the first term is the condition of the indexes.
    private static let counted = "counts = 1 AND outcome IS NOT 'not_executed'"

    /// One that budgets count: requests to other APIs spend none.
    private static let spent = "\(counted) AND operation <> 'http.request'"

    func cooldownRefusal() throws -> Refusal? {
        let cooldown = guards.limits.cooldown
        let own = [SQLValue.text(lane.rawValue), .int(run.id.rawValue), .time(now - cooldown)]
        let sent = try session.first(
            "SELECT max(created_at) FROM intents WHERE lane = ? AND run <> ? AND created_at > ? AND \(Self.counted)", own
        ) { try $0.optionalTime() }
        let ended = try session.first(
            """
            SELECT max(r.finished_at) FROM runs r WHERE r.lane = ? AND r.id <> ? AND r.finished_at > ?
                AND EXISTS (SELECT 1 FROM intents WHERE run = r.id AND \(Self.counted))
            """, own
        ) { try $0.optionalTime() }
        guard let last = [sent, ended].compactMap({ $0 ?? nil }).max() else { return nil }
        let until = last + cooldown
        return Refusal(
            reason: .cooldown, until: until,
            detail:
                "\(lane) was last worked on at \(last.rfc3339); the cooldown of \(Self.words(cooldown)) ends at \(until.rfc3339)")
    }

    /// The refusal of the budget that lifts last, where several are spent.
    private func budgetRefusal(
        _ budgets: [Budget], reason: Reason, scope: String, where condition: String, _ values: [SQLValue]
    ) throws -> Refusal? {
        var spent: Refusal?
        for budget in budgets {
            let window = values + [.time(now - budget.per)]
            let from = "FROM intents WHERE \(condition) AND created_at > ? AND \(Self.spent)"
            var until: Timestamp?
            if budget.max > 0 {
                // With this one gone from the window there is room for one more.
                let decisive = try session.first(
                    "SELECT created_at \(from) ORDER BY created_at DESC LIMIT 1 OFFSET ?", window + [.int(budget.max - 1)]
                ) { try $0.time() }
                guard let decisive else { continue }
                until = decisive + budget.per
            }
            let used = try session.count("SELECT count(*) \(from)", window)
            let refusal = Refusal(
                reason: reason, until: until,
                detail: "\(scope): \(used) of \(max(0, budget.max)) in \(Self.words(budget.per)) are spent")
            if let earlier = spent, !Self.lifts(earlier, before: refusal) { continue }
            spent = refusal
        }
        return spent
    }

    private static func lifts(_ one: Refusal, before other: Refusal) -> Bool {
        guard let first = one.until else { return false }
        guard let second = other.until else { return true }
        return first < second
    }

    /// A span for people, in the largest unit that leaves no rest.
    static func words(_ span: Duration) -> String {
        let seconds = span.wholeMicroseconds / 1_000_000
        for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] as [(String, Int64)]
        where seconds >= length && seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
