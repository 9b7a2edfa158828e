import CurlTransport
import Engine
import Logging
import Model
import Rules
import Store
import Synchronization
import VPSAPI
import Webhooks

/// The engine of one test: the dispatcher, worker and rescuer that serve live, on a store in memory, a fake fleet and a clock that
/// is turned to the next instant at which something is due.
struct RuleTestEngine {
    /// The revision of every rule set under test.
    static let revision = RuleSetRevision(rawValue: "test")
    /// An episode is closed when it is older than its time; so much older is old enough.
    private static let tick = Duration.microseconds(1)

    let clock: ManualClock
    let fleet: FakeServersAPI
    let api: RecordingServersAPI
    let transport: FakeTransport
    let prober = FakeProber()
    let evidence = FakeEvidenceSource()
    let store: SQLiteStore
    let settings: EngineSettings
    private let dispatcher: Dispatcher
    private let worker: Worker
    private let rescuer: Rescuer
    private let scheduler: Scheduler
    private let desk: PauseDesk
    private let judgements = Judgements()
    private let staleGrain: Duration
    /// When problems go stale that nobody speaks of again.
    private var staleAt: [Timestamp] = []
    /// Whether a delivery was accepted that the dispatcher has not seen.
    private var hasDeliveries = false
    /// The instants of schedules since they were last asked for.
    private var instants: [Event] = []
    /// How often the engine may still be stepped.
    private var remaining: Int

    init(_ test: RuleTest, steps: Int) throws(StoreError) {
        try self.init(
            RuleTestWorld(ruleSet: test.ruleSet, settings: test.settings, servers: test.servers, start: test.start), steps: steps)
    }

    /// An engine in that world; may be stepped so many times.
    init(_ test: RuleTestWorld, steps: Int) throws(StoreError) {
        let clock = ManualClock(test.start)
        let fleet = FakeServersAPI(test.servers, clock: clock)
        let api = RecordingServersAPI(test.api ?? fleet, clock: clock, nameOf: { fleet.name(of: $0) })
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let settings = EngineSettings(
            live: test.settings.live, limits: test.settings.limits, protected: ProtectedServers(test.settings.protected),
            verifyInterval: test.verifyInterval, maintenance: test.settings.maintenance, mayLeadTo: test.settings.mayLeadTo)
        let book = RuleBook(current: test.ruleSet, queries: store)
        let logger = Logger(label: "rule-test") { _ in SwiftLogNoOpLogHandler() }
        let transport = FakeTransport(clock: clock)
        let judgements = judgements
        let numbers = Numbers()
        let brakes = Brakes()
        dispatcher = Dispatcher(
            store: store, queries: store, rules: book, sources: test.settings.sources, limits: settings.limits, clock: clock,
            doorbell: Doorbell(), workerDoorbell: Doorbell(), logger: logger)
        worker = Worker(
            store: store, queries: store, api: api, inventory: Inventory(api: api), prober: prober, evidence: evidence,
            transport: test.transport ?? transport,
            secrets: test.settings.secrets, rules: book,
            sources: test.settings.sources, resolver: ServerResolver(aliases: test.settings.aliases), settings: settings,
            clock: clock, doorbell: Doorbell(), messageDoorbell: Doorbell(), random: { 0.5 }, number: { numbers.next() },
            onJudgement: { judgements.append($0) }, brakes: brakes,
            logger: logger)
        desk = PauseDesk(store: store, brakes: brakes)
        rescuer = Rescuer(
            store: store, settings: settings, clock: clock, workerDoorbell: Doorbell(), readiness: Readiness(), logger: logger)
        scheduler = Scheduler(
            store: store, queries: store, rules: book, limits: settings.limits, clock: clock, dispatcherDoorbell: Doorbell(),
            logger: logger)
        self.clock = clock
        self.fleet = fleet
        self.api = api
        self.transport = transport
        self.store = store
        self.settings = settings
        staleGrain = test.staleGrain
        remaining = steps
    }

    /// Puts a request into the store as the listener does.
    /// - Returns: its events, none when it was a replay or only a question.
    mutating func accept(_ request: WebhookRequest, source: WebhookSource) async throws(RuleTestFault) -> [Event] {
        do {
            let decoded = try Webhooks.decode(request, source: source)
            guard decoded.immediate == nil else { return [] }
            let acceptance = try await store.accept(
                NewDelivery(
                    source: source.name, receivedAt: request.receivedAt, body: decoded.storedBody,
                    contentType: request.contentType ?? "", dedupKey: decoded.dedupKey, isUrgent: decoded.isUrgent))
            guard case .stored = acceptance else { return [] }
            hasDeliveries = true
            if decoded.events.contains(where: { $0.status == .problem }) { expectStale(after: request.receivedAt) }
            return decoded.events
        } catch let rejection as WebhookRejection {
            throw RuleTestFault("source \(source.name) refuses the request: \(rejection.message)")
        } catch let error as StoreError {
            throw RuleTestFault(error)
        } catch {
            throw RuleTestFault("\(error)")
        }
    }

    /// Puts a recorded delivery into the store, as of now.
    /// - Returns: whether it was taken.
    mutating func accept(_ delivery: Delivery) async throws(RuleTestFault) -> Bool {
        do throws(StoreError) {
            let acceptance = try await store.accept(
                NewDelivery(
                    source: delivery.source, receivedAt: clock.now(), body: delivery.body, contentType: delivery.contentType,
                    dedupKey: nil, isUrgent: delivery.isUrgent))
            guard case .stored = acceptance else { return false }
        } catch {
            throw RuleTestFault(error)
        }
        hasDeliveries = true
        expectStale(after: clock.now())
        return true
    }

    private mutating func expectStale(after receivedAt: Timestamp) {
        let instant = (receivedAt + settings.episodeTimeout + Self.tick).microseconds
        let grain = max(1, staleGrain.wholeMicroseconds)
        let rest = instant % grain
        let rounded = Timestamp(microseconds: rest == 0 ? instant : instant - rest) + (rest == 0 ? .zero : staleGrain)
        if staleAt.last != rounded { staleAt.append(rounded) }
    }

    /// Does everything that is due now.
    /// - Returns: the next instant at which something is due; `nil` when nothing is until somebody speaks.
    mutating func settle() async throws(RuleTestFault) -> Timestamp? {
        do throws(StoreError) {
            let now = clock.now()
            if let first = staleAt.first, first <= now {
                staleAt.removeAll { $0 <= now }
                try await rescuer.sweep()
            }
            if try await scheduler.tick() > 0 {
                hasDeliveries = true
                let stored = try await store.undispatched(limit: 1_000)
                instants += stored.compactMap { (try? Webhooks.decode($0, sources: [:]))?.first }
            }
            while hasDeliveries {
                hasDeliveries = try await dispatcher.dispatchOnce() > 0
                remaining -= 1
            }
            var due = try await store.nextDue()
            while let present = due, present <= now, remaining > 0 {
                remaining -= max(1, try await worker.stepDueRuns())
                due = try await store.nextDue()
            }
            guard remaining <= 0 else { return [due, staleAt.first, scheduler.nextDue].compactMap(\.self).min() }
        } catch {
            throw RuleTestFault(error)
        }
        throw RuleTestFault("the engine was stepped more often than a test may; shorten the timeline")
    }

    /// A person pauses that scope by the command line.
    func pause(_ scope: PauseScope, reason: String, for span: Duration?) async throws(RuleTestFault) {
        do throws(StoreError) {
            _ = try await desk.pause(scope, reason: reason, by: "operator", for: span, now: clock.now())
        } catch {
            throw RuleTestFault(error)
        }
    }

    /// A person lifts that pause.
    func resume(_ scope: PauseScope) async throws(RuleTestFault) {
        do throws(StoreError) {
            _ = try await desk.resume(scope, by: "operator", now: clock.now())
        } catch {
            throw RuleTestFault(error)
        }
    }

    /// The instants of schedules that came since this was last asked.
    mutating func takeInstants() -> [Event] {
        defer { instants = [] }
        return instants
    }

    /// What the runs' rules said about their servers since this was last asked.
    func takeJudgements() -> [ServerJudgement] { judgements.take() }

    /// The id of the question that a rule's run asks now; `nil` when none does.
    func openQuestion(of rule: String) async throws(RuleTestFault) -> ApprovalID? {
        do throws(StoreError) {
            return try await store.approvals(onlyOpen: true, limit: 1_000).first { $0.rule.utf8.elementsEqual(rule.utf8) }?.id
        } catch {
            throw RuleTestFault(error)
        }
    }

    /// The messages since this was last asked, all taken as delivered.
    func takeMessages() async throws(RuleTestFault) -> [OutboxMessage] {
        do throws(StoreError) {
            var found: [OutboxMessage] = []
            while true {
                let now = clock.now()
                let messages = try await store.claimMessages(now: now, hiddenUntil: now + .seconds(60), limit: 100)
                if messages.isEmpty { return found }
                for message in messages { try await store.finishMessage(message.id, .delivered, now: now) }
                found += messages
            }
        } catch {
            throw RuleTestFault(error)
        }
    }
}

/// Why a test could not be brought to its end.
struct RuleTestFault: Error {
    let message: String

    init(_ message: String) { self.message = message }
    init(_ error: StoreError) { message = error.message }
}

/// Numbers that are the same in every run of a test.
private final class Numbers: Sendable {
    private let last = Mutex<UInt64>(0)

    func next() -> UInt64 {
        last.withLock { last in
            last += 1
            return last
        }
    }
}

/// What `when_server` said, gathered from the worker.
private final class Judgements: Sendable {
    private let list = Mutex<[ServerJudgement]>([])

    func append(_ judgement: ServerJudgement) { list.withLock { $0.append(judgement) } }

    func take() -> [ServerJudgement] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
