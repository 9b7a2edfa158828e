import Model
import Store
import Testing

/// One thing that every implementation of `Store` and `Queries` must do, whatever it keeps its rows in.
///
/// A back end runs all of them, each on a fresh and empty store:
/// `@Test(arguments: StoreConformance.all) func conforms(_ requirement: StoreConformance)`.
struct StoreConformance: Sendable, CustomTestStringConvertible {
    let name: String
    let check: @Sendable (StoreScenario) async throws -> Void

    init(_ name: String, _ check: @escaping @Sendable (StoreScenario) async throws -> Void) {
        self.name = name
        self.check = check
    }

    var testDescription: String { name }

    static let all =
        deliveries + episodes + runs + transitions + lanes + guards + rescue + approvals + records + steps + timers + pauses
        + takeOvers + fleet + places + followers + histories
}

/// A store with short words for what the requirements need of it.
struct StoreScenario: Sendable {
    let store: any Store & PauseStore & Queries & FleetStore & FleetQueries

    /// The instant at which the requirements begin.
    static let start = Timestamp(seconds: 1_800_000_000)

    static func at(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }

    @discardableResult
    func deliver(
        source: String = "alertmanager", at: Timestamp = start, body: String = "{}", dedupKey: String? = nil,
        isUrgent: Bool = false
    ) async throws -> DeliveryID {
        let delivery = NewDelivery(
            source: source, receivedAt: at, body: Array(body.utf8), contentType: "application/json", dedupKey: dedupKey,
            isUrgent: isUrgent)
        guard case .stored(let id) = try await store.accept(delivery) else {
            throw StoreScenarioError(what: "the delivery was taken for a replay")
        }
        return id
    }

    func dispatch(
        _ delivery: DeliveryID, _ episodes: [EpisodeChange] = [], runs: [NewRun] = [], audit: [AuditEntry] = [],
        deadLetters: [DeadLetter] = [], messages: [NewMessage] = [], now: Timestamp = start
    ) async throws {
        let dispatched = DispatchedDelivery(
            id: delivery, episodes: episodes, runs: runs, audit: audit, deadLetters: deadLetters, messages: messages)
        try await store.commit(DispatchBatch(now: now, deliveries: [dispatched]))
    }

    func newRun(
        _ rule: String, _ key: EpisodeKey?, _ delivery: DeliveryID, index: Int = 0, dueAt: Timestamp = start,
        isUrgent: Bool = false
    ) -> NewRun {
        NewRun(
            rule: rule, revision: RuleSetRevision(rawValue: "r1"), episode: key,
            event: EventReference(delivery: delivery, index: index), dueAt: dueAt, isUrgent: isUrgent, createdAt: Self.start)
    }

    /// A delivery that opens an episode, and a run on it.
    @discardableResult
    func makeRun(
        _ fingerprint: String, rule: String = "host-down", at: Timestamp = start, dueAt: Timestamp? = nil, isUrgent: Bool = false
    ) async throws -> Run {
        let key = StoreScenario.key(fingerprint)
        let delivery = try await deliver(at: at)
        try await dispatch(
            delivery, [.open(key, at: at, startsAt: nil)],
            runs: [newRun(rule, key, delivery, dueAt: dueAt ?? at, isUrgent: isUrgent)], now: at)
        return try #require(try await store.runs(limit: 1).first)
    }

    static func key(_ fingerprint: String) -> EpisodeKey { EpisodeKey(source: "alertmanager", fingerprint: fingerprint) }

    @discardableResult
    func claim(at: Timestamp = start, limit: Int = 100, lease: Duration = .seconds(30)) async throws -> [ClaimedRun] {
        try await store.claimRuns(ClaimRequest(now: at, leaseUntil: at + lease, limit: limit))
    }

    /// A new run on that lane in the hands of a worker and in the state `ready`.
    @discardableResult
    func readyRun(_ fingerprint: String, lane server: Int64, at: Timestamp = start) async throws -> Run {
        let made = try await makeRun(fingerprint, at: at)
        var run = try #require(try await claim(at: at).first { $0.run.id == made.id }?.run)
        run.state = .ready
        run.server = ServerID(rawValue: server)
        run.lane = .server(ServerID(rawValue: server))
        try await step(run, at: at)
        return run
    }

    /// Writes a step and requires that it is committed.
    @discardableResult
    func step(
        _ run: Run, at: Timestamp = start, intent: IntentChange? = nil, audit: [AuditEntry] = [], releasesLease: Bool = false
    ) async throws -> Intent? {
        let result = try await attempt(run, at: at, intent: intent, audit: audit, releasesLease: releasesLease)
        guard case .committed(let written) = result else {
            throw StoreScenarioError(what: "the step was not committed: \(result)")
        }
        return written
    }

    func attempt(
        _ run: Run, at: Timestamp = start, intent: IntentChange? = nil, audit: [AuditEntry] = [], releasesLease: Bool = false
    ) async throws -> TransitionResult {
        try await store.commit(RunTransition(now: at, run: run, intent: intent, audit: audit, releasesLease: releasesLease))
    }

    /// Tries to send a rung's first request: the run goes to `running` with a guarded intent.
    func act(
        _ run: Run, at: Timestamp = start, limits: Limits = StoreScenario.loose, fleet: Int = 100, checksCooldown: Bool = true,
        rung: Int = 0
    ) async throws -> TransitionResult {
        var next = run
        next.state = .running
        next.rung = rung
        let guards = Guards(limits: limits, fleetSize: fleet, checksCooldown: checksCooldown)
        return try await attempt(next, at: at, intent: .open(StoreScenario.intent(run, rung: rung), guards: guards))
    }

    /// A run that sent its request, was seen to work, and ended; the lane has one counted action at `at`.
    func completeRun(
        _ fingerprint: String, lane: Int64, at: Timestamp, end: Timestamp? = nil, outcome: Intent.Outcome = .applied
    ) async throws {
        var run = try await readyRun(fingerprint, lane: lane, at: at)
        guard case .committed(let intent?) = try await act(run, at: at, checksCooldown: false) else {
            throw StoreScenarioError(what: "the request was refused")
        }
        run.state = .succeeded
        try await step(run, at: end ?? at, intent: .close(intent.id, outcome), releasesLease: true)
    }

    static func intent(_ run: Run, rung: Int = 0, step: Int = 0) -> NewIntent {
        NewIntent(
            rung: rung, step: step, operation: .reboot, server: run.server ?? ServerID(rawValue: 0), preStatus: .active,
            preUpdatedAt: StoreScenario.at(-60))
    }

    /// Limits that stand in nobody's way; a requirement tightens the one that it is about.
    static let loose = Limits(
        cooldown: .zero, budgets: [Budget(max: 1_000, per: .seconds(86_400))],
        fleetBudgets: [Budget(max: 1_000, per: .seconds(3_600))], maxConcurrent: 1_000, bootGrace: .zero)

    static func entry(_ detail: String, run: RunID? = nil, delivery: DeliveryID? = nil) -> AuditEntry {
        AuditEntry(at: start, kind: .decision, reason: .matched, delivery: delivery, run: run, actor: "rule", detail: detail)
    }
}

struct StoreScenarioError: Error {
    let what: String
}

/// The refusal in a result; `nil` when the step was not refused.
func storeRefusal(_ result: TransitionResult) -> Refusal? {
    guard case .refused(let refusal) = result else { return nil }
    return refusal
}

/// Whether a call fails with that code.
func storeFails(_ code: StoreError.Code, _ call: () async throws -> Void) async -> Bool {
    do {
        try await call()
        return false
    } catch {
        return (error as? StoreError)?.code == code
    }
}
