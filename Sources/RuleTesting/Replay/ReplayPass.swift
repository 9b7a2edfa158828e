import JSON
import Model
import Store

/// One pass over a record: the engine, and how far what it did was gathered.
struct ReplayPass {
    private var engine: RuleTestEngine
    private let window: Duration
    private var due: Timestamp?
    private var lastRequest = IntentID(rawValue: 0)
    private var lastEntry: Int64 = 0

    /// What is older than `window` is cleared away.
    init(engine: RuleTestEngine, window: Duration) {
        self.engine = engine
        self.window = window
    }

    /// Turns the clock to a delivery's instant and has it decided on.
    mutating func play(_ delivery: Delivery, outcome: inout ReplayOutcome) async throws(RuleTestFault) {
        try await advance(to: delivery.receivedAt)
        if try await engine.accept(delivery) { outcome.deliveries += 1 }
        due = try await engine.settle()
    }

    mutating func advance(by span: Duration) async throws(RuleTestFault) {
        try await advance(to: engine.clock.now() + span)
    }

    /// Turns the clock, stopping at every instant at which something is due.
    private mutating func advance(to end: Timestamp) async throws(RuleTestFault) {
        while let next = due, next <= end {
            engine.clock.set(next)
            due = try await engine.settle()
            guard !Task.isCancelled else { throw RuleTestFault("the replay was cancelled") }
        }
        engine.clock.set(end)
    }

    /// Takes what was done since, and clears away what the engine is done with.
    mutating func gather(_ outcome: inout ReplayOutcome) async throws(RuleTestFault) {
        outcome.messages += try await engine.takeMessages().count
        _ = engine.api.takeCalls()
        _ = engine.takeJudgements()
        _ = engine.takeInstants()
        do throws(StoreError) {
            try await gatherRequests(&outcome)
            try await gatherEntries(&outcome)
            try await clear()
        } catch {
            throw RuleTestFault(error)
        }
    }

    private mutating func gatherRequests(_ outcome: inout ReplayOutcome) async throws(StoreError) {
        while true {
            let requests = try await engine.store.requests(after: lastRequest, limit: 1_000)
            guard let last = requests.last else { return }
            lastRequest = last.intent.id
            outcome.actions += requests.map { request in
                ReplayAction(
                    rule: request.rule, action: request.intent.kind.rawValue, target: request.target,
                    at: request.intent.createdAt, plan: request.intent.request?.body?["plan_id"]?.intValue)
            }
        }
    }

    private mutating func gatherEntries(_ outcome: inout ReplayOutcome) async throws(StoreError) {
        while true {
            let records = try await engine.store.auditRecords(after: lastEntry, limit: 1_000)
            guard let last = records.last else { return }
            lastEntry = last.id
            for record in records {
                guard let reason = record.reason.flatMap(Reason.init(rawValue:)), reason != .pruned else { continue }
                outcome.reasons[reason, default: 0] += 1
                if reason == .needsApproval, record.kind.utf8.elementsEqual(AuditEntry.Kind.approval.rawValue.utf8) {
                    outcome.actions.append(
                        ReplayAction(
                            rule: record.rule ?? "", action: "ask", target: record.server.map { "server \($0)" } ?? record.detail,
                            at: record.at))
                }
            }
        }
    }

    private func clear() async throws(StoreError) {
        // What is done now is old at the next instant.
        let now = engine.clock.now() + .microseconds(1)
        while try await engine.store.anchorAudit(before: now, now: now) > 0 {}
        let old = now - window
        for (kind, before) in [
            (.audit, now), (.messages, now), (.deliveries, now), (.runs, old), (.episodes, old), (.createdServers, old),
        ] as [(PruneKind, Timestamp)] {
            var after = Int64?(0)
            while let from = after {
                after = try await engine.store.prune(
                    PruneStep(kind: kind, before: before, now: now, after: from, limit: 512)
                ).next
            }
        }
    }
}

extension RuleRequest {
    /// What it was sent to, for people.
    fileprivate var target: String {
        if intent.operation != nil, let server = intent.server { return "\(serverName ?? "server") (\(server))" }
        if let name = intent.request?.name { return name }
        return intent.request.map { "\($0.method) \($0.url)" } ?? ""
    }
}
