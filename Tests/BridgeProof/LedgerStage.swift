import CurlTransport
import Engine
import Logging
import Model
import RuleTesting
import Rules
import Simulator
import Store
import VPSAPI
import Webhooks

/// The whole engine over virtual time and the simulated VPS.org: dispatcher, two workers, rescuer and notifier, stepped in an order that
/// the seed decides.
final class LedgerStage {
    /// The objects of one process.
    private struct Process {
        let dispatcher: Dispatcher
        let workers: [Worker]
        let rescuer: Rescuer
        let notifier: Notifier
    }

    let clock = ProofClock()
    let simulator: LedgerSimulator
    let store: SQLiteStore
    let life: ProofLife
    private let ruleSet: RuleSet
    private let settings: EngineSettings
    private var process: Process
    private var random: SplitMix64
    private let numbers = ProofNumbers()
    private(set) var deaths = 0
    var trace: [String]?

    init(seed: UInt64, options: SimulatorOptions, rules: String, store proof: ProofStore) throws {
        store = proof.store
        life = proof.life
        simulator = LedgerSimulator(seed: seed ^ 0x9e37_79b9, options: options, clock: clock, life: life)
        ruleSet = try ProofRule.ruleSet(rules)
        settings = EngineSettings(
            live: true, limits: Limits(cooldown: .zero, budgets: [], fleetBudgets: [], maxConcurrent: 10, settle: .zero),
            apiOrigin: LedgerSimulator.origin, noticeChannels: ["oncall"])
        random = SplitMix64(seed: seed)
        process = try Self.process(
            store: store, simulator: simulator, ruleSet: ruleSet, settings: settings, clock: clock, numbers: numbers)
    }

    private static func process(
        store: SQLiteStore, simulator: LedgerSimulator, ruleSet: RuleSet, settings: EngineSettings, clock: ProofClock,
        numbers: ProofNumbers
    ) throws -> Process {
        let api = try VPSAPIClient(
            baseURL: LedgerSimulator.origin, token: Secret(LedgerSimulator.token), transport: simulator)
        let book = RuleBook(current: ruleSet, queries: store)
        let logger = Logger(label: "proof") { _ in SwiftLogNoOpLogHandler() }
        let doorbell = Doorbell()
        let inventory = Inventory(api: api)
        let worker = Worker(
            store: store, queries: store, api: api, inventory: inventory, prober: FakeProber(), transport: simulator,
            secrets: [:], rules: book, sources: ProofRule.sources, resolver: ServerResolver(aliases: [:]), settings: settings,
            clock: clock, doorbell: doorbell, messageDoorbell: doorbell, random: { 0.5 }, number: { numbers.next() },
            logger: logger)
        return Process(
            dispatcher: Dispatcher(
                store: store, queries: store, rules: book, sources: ProofRule.sources, limits: settings.limits, clock: clock,
                doorbell: doorbell, workerDoorbell: doorbell, logger: logger),
            workers: [worker, worker],
            rescuer: Rescuer(
                store: store, settings: settings, clock: clock, workerDoorbell: doorbell, readiness: Readiness(), logger: logger),
            notifier: Notifier(
                store: store, queries: store, transport: simulator,
                channels: ["oncall": Channel(url: Secret("https://chat.example.com/hook"))], responsePrefixes: [:], clock: clock,
                doorbell: doorbell, random: { 0.5 }, logger: logger))
    }

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(clock.now().since(ProofClock.start).inSeconds) \(text())")
    }

    func deliver(_ problem: String, _ server: String, isFiring: Bool = true) async throws {
        let alert = """
            {"status":"\(isFiring ? "firing" : "resolved")","labels":{"alertname":"\(problem)","server":"\(server)"},\
            "annotations":{},"startsAt":"\(ProofClock.start.rfc3339)","endsAt":"\
            \(isFiring ? "0001-01-01T00:00:00Z" : clock.now().rfc3339)","fingerprint":"\(problem)/\(server)"}
            """
        life.spare(true)
        defer { life.spare(false) }
        _ = try await store.accept(
            NewDelivery(
                source: "alertmanager", receivedAt: clock.now(),
                body: Array("{\"version\":\"4\",\"status\":\"firing\",\"alerts\":[\(alert)]}".utf8),
                contentType: "application/json"))
    }

    /// While an answer takes longer than a lease, others go on: the run is taken from its worker and stepped by another.
    func letOthersGoOn() {
        let stage = LedgerUnchecked(self)
        simulator.update { state, _ in
            state.meanwhile = {
                try? await stage.value.process.rescuer.sweep()
                _ = try? await stage.value.process.workers[1].stepDueRuns()
            }
        }
    }

    /// Steps services in an order of the seed's until nothing is due.
    func settle() async throws {
        for _ in 0..<400 {
            do {
                if life.isDead { throw StoreError(.unwritable, "dead") }
                var work = 0
                var services = [0, 1, 2, 3]
                services.shuffle(using: &random)
                for service in services.prefix(Int.random(in: 1...4, using: &random)) { work += try await step(service) }
                if life.isDead { continue }
                if work > 0 { continue }
                // Nothing came of some: only when all of them rest is it over.
                for service in services { work += try await step(service) }
                if work == 0, !life.isDead { return }
            } catch let error as StoreError {
                guard life.isDead else { throw error }
                try await restart()
            }
        }
        throw ProofFailure("the engine does not come to rest")
    }

    private func step(_ service: Int) async throws -> Int {
        switch service {
        case 0: return try await process.dispatcher.dispatchOnce()
        case 1: return try await process.workers[0].stepDueRuns()
        case 2:
            try await process.rescuer.sweep()
            return 0
        default: return try await process.notifier.deliverOnce()
        }
    }

    /// The process is gone, and another one begins over the same store.
    func restart() async throws {
        deaths += 1
        note("the process died")
        life.revive()
        process = try Self.process(
            store: store, simulator: simulator, ruleSet: ruleSet, settings: settings, clock: clock, numbers: numbers)
        clock.advance(by: .milliseconds(Int64.random(in: 1...20_000, using: &random)))
        _ = try await store.rescue(now: clock.now(), everything: true)
    }

    /// Turns the clock, stopping at every instant at which something is due.
    func advance(by span: Duration) async throws {
        // What was delivered is taken up at once.
        try await settle()
        let end = clock.now() + span
        for _ in 0..<2_000 {
            let dues = [try await store.nextDue(), try await store.nextMessageDue()].compactMap(\.self)
            guard let due = dues.min(), due <= end else { break }
            if due > clock.now() { clock.set(due) }
            try await settle()
        }
        if clock.now() < end { clock.set(end) }
        try await settle()
    }
}

/// Carries the stage into a closure that the stage itself calls, in its own turn.
struct LedgerUnchecked: @unchecked Sendable {
    let value: LedgerStage

    init(_ value: LedgerStage) { self.value = value }
}
