import CurlTransport
import Engine
import Logging
import Model
import RuleTesting
import Rules
import Store
import VPSAPI

/// The engine on a real store, a fleet that goes wrong, and a clock that is turned, watched by the oracle.
final class ProofWorld {
    let clock = ProofClock()
    let fleet: ProofFleet
    let life: ProofLife
    let store: SQLiteStore
    private let settings: ProofSettings
    private let inHand: ProofRunInHand
    private let transport = FakeTransport(clock: ManualClock())
    private let ruleSet: RuleSet
    private let numbers = ProofNumbers()
    private var dispatcher: Dispatcher
    private var worker: Worker
    private var rescuer: Rescuer
    /// What was accepted and not decided on yet, in the order of its coming.
    private var waiting: [(DeliveryID, Timestamp, [ProofAlert])] = []
    private var hasWaiting = false
    var oracle: ProofOracle
    /// How often the process was started again.
    private(set) var deaths = 0
    /// What happened, for people; written only when it is asked for.
    var trace: [String]?

    init(_ proof: ProofStore, settings: ProofSettings, told: ProofSettings) throws {
        store = proof.store
        life = proof.life
        self.settings = told
        let inHand = ProofRunInHand()
        self.inHand = inHand
        fleet = ProofFleet(size: settings.fleetSize, clock: clock, life: life, run: { inHand.run })
        oracle = ProofOracle(settings)
        ruleSet = try ProofRule.ruleSet(told.rules)
        (dispatcher, worker, rescuer) = Self.engine(
            store: store, fleet: fleet, ruleSet: ruleSet, settings: told.engine, clock: clock, transport: transport,
            inHand: inHand, numbers: numbers)
    }

    private static func engine(
        store: SQLiteStore, fleet: ProofFleet, ruleSet: RuleSet, settings: EngineSettings, clock: ProofClock,
        transport: FakeTransport, inHand: ProofRunInHand, numbers: ProofNumbers
    ) -> (Dispatcher, Worker, Rescuer) {
        let book = RuleBook(current: ruleSet, queries: store)
        let silent = Logger(label: "proof") { _ in SwiftLogNoOpLogHandler() }
        let doorbell = Doorbell()
        return (
            Dispatcher(
                store: store, queries: store, rules: book, sources: ProofRule.sources, limits: settings.limits, clock: clock,
                doorbell: doorbell, workerDoorbell: doorbell, logger: silent),
            Worker(
                store: store, queries: store, api: fleet, inventory: Inventory(api: fleet), prober: FakeProber(),
                transport: transport, secrets: [:], rules: book, sources: ProofRule.sources,
                resolver: ServerResolver(aliases: [:]), settings: settings, clock: clock, doorbell: doorbell,
                messageDoorbell: doorbell, random: { 0.5 }, number: { numbers.next() }, logger: inHand.logger),
            Rescuer(
                store: store, settings: settings, clock: clock, workerDoorbell: doorbell, readiness: Readiness(), logger: silent)
        )
    }

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        let seconds = clock.now().since(ProofClock.start).inSeconds
        trace?.append("\(seconds) \(text())")
    }

    // MARK: What comes in

    /// Puts one delivery into the store and does nothing with it yet.
    func deliver(_ alerts: [ProofAlert], source: String) async throws {
        guard !alerts.isEmpty else { return }
        let now = clock.now()
        note("deliver \(source) \(alerts)")
        let body = ProofAlert.body(alerts)
        let accepted = try await accept(
            NewDelivery(source: source, receivedAt: now, body: Array(body.utf8), contentType: "application/json"))
        guard case .stored(let id) = accepted else { return }
        waiting.append((id, now, alerts))
        hasWaiting = true
    }

    func command(_ verb: String, server: Int, number: Int) async throws {
        note("command \(verb) \(ProofFleet.name(server))")
        let form =
            "command=%2Fvps&text=\(verb)+\(ProofFleet.name(server))&user_id=U012ABCDEF&user_name=ann&channel_id=C0OPS&team_id=T1"
            + "&trigger_id=t\(number)&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"
        let accepted = try await accept(
            NewDelivery(
                source: "slack", receivedAt: clock.now(), body: Array(form.utf8),
                contentType: "application/x-www-form-urlencoded", dedupKey: "t\(number)", isUrgent: true))
        guard case .stored(let id) = accepted else { return }
        oracle.commands[id] = server
        hasWaiting = true
    }

    /// What a process that is dead is sent comes again, and is another delivery.
    private func accept(_ delivery: NewDelivery) async throws -> Acceptance? {
        if life.isDead { return nil }
        life.spare(true)
        defer { life.spare(false) }
        return try await store.accept(delivery)
    }

    // MARK: Time

    /// The dispatcher alone.
    func dispatch() async throws {
        guard hasWaiting else { return }
        while try await dispatcher.dispatchOnce() > 0 {}
        hasWaiting = false
        for (id, receivedAt, alerts) in waiting { oracle.dispatched(id, alerts, receivedAt: receivedAt, now: clock.now()) }
        waiting = []
    }

    /// Does everything that is due now; a process that dies meanwhile is started again.
    /// - Returns: when something is due next.
    @discardableResult
    func settle() async throws -> Timestamp? {
        for _ in 0..<500 {
            do {
                try await dispatch()
                oracle.noteStorm(now: clock.now())
                let stepped = try await worker.stepDueRuns()
                try await observe()
                if life.isDead { throw StoreError(.unwritable, "dead") }
                if let complaint = inHand.takeComplaint() { oracle.violate("the worker complains: \(complaint)") }
                // What is due is cheaper to ask for than a claim that finds nothing.
                let due = try await store.nextDue()
                let isDue = stepped > 0 && due.map { $0 <= clock.now() } ?? false
                if isDue || hasWaiting { continue }
                oracle.rested(now: clock.now(), lastFailedRead: fleet.lastFailedRead)
                return due
            } catch let error as StoreError {
                guard life.isDead else { throw error }
                try await restart()
            }
        }
        oracle.violate("the engine does not come to rest")
        return nil
    }

    /// A new process over the same store.
    func restart() async throws {
        note("restart")
        deaths += 1
        life.revive()
        try await observe()
        try await tellOfOpenIntents()
        inHand.forget()
        (dispatcher, worker, rescuer) = Self.engine(
            store: store, fleet: fleet, ruleSet: ruleSet, settings: settings.engine, clock: clock, transport: transport,
            inHand: inHand, numbers: numbers)
        _ = try await store.rescue(now: clock.now(), everything: true)
    }

    /// Tells the oracle what the process that died had written down; the start that follows a stop is owed, and spends nothing.
    private func tellOfOpenIntents() async throws {
        for run in try await store.runs(limit: 200) where run.state == .running || run.state == .unknown {
            for intent in try await store.intents(of: run.id) where intent.outcome == nil && intent.step == 0 {
                guard let operation = intent.operation, let server = intent.server else { continue }
                note("\(operation.rawValue) \(server) was written down by run \(run.id) \(run.rule)")
                oracle.wroteDown(
                    ProofCall(
                        at: intent.createdAt, operation: operation, server: server, run: run.id, counts: true, wasApplied: false),
                    run: run)
            }
        }
    }

    func pause(_ scope: PauseScope, until: Timestamp?) async throws {
        note("pause \(scope) until \(until?.rfc3339 ?? "a person resumes")")
        if life.isDead { return }
        life.spare(true)
        defer { life.spare(false) }
        _ = try await store.pause(NewPause(scope: scope, reason: "work", actor: "operator", at: clock.now(), until: until))
        oracle.pauses[scope] = .some(until)
    }

    func resume(_ scope: PauseScope) async throws {
        note("resume \(scope)")
        if life.isDead { return }
        life.spare(true)
        defer { life.spare(false) }
        _ = try await store.resume(PauseEnd(scope: scope, actor: "operator", at: clock.now()))
        oracle.pauses[scope] = nil
    }

    func sweep() async throws {
        do {
            try await rescuer.sweep()
            oracle.swept(now: clock.now())
        } catch {
            guard life.isDead else { throw error }
            try await restart()
        }
    }

    /// Turns the clock, stopping at every instant at which something is due.
    func advance(by span: Duration) async throws {
        let end = clock.now() + span
        var due = try await store.nextDue()
        for _ in 0..<5_000 {
            guard let next = due, next <= end else {
                // Slow answers may have taken the clock past the end already.
                if clock.now() <= end, !hasWaiting, !life.isDead { return clock.set(end) }
                if clock.now() < end { clock.set(end) }
                try await settle()
                return
            }
            if next > clock.now() { clock.set(next) }
            due = try await settle()
            if oracle.violation != nil { return }
        }
        oracle.violate("something is due again and again")
    }

    // MARK: What is seen

    /// Tells the oracle how the runs ended that it knows.
    func refresh() async throws {
        for id in oracle.unfinished {
            if let run = try await store.run(id) { oracle.seen(run, now: clock.now()) }
        }
    }

    /// Tells the oracle what the fleet was asked since, and how the runs ended that it knows.
    private func observe() async throws {
        let calls = fleet.takeCalls()
        guard !calls.isEmpty else { return }
        for id in oracle.unfinished where !calls.contains(where: { $0.run == id }) {
            if let run = try await store.run(id) { oracle.seen(run, now: clock.now()) }
        }
        for call in calls {
            guard let run = try await store.run(call.run) else {
                oracle.violate("a request of no run")
                continue
            }
            note("\(call.operation.rawValue) \(call.server) by run \(run.id) \(run.rule), applied: \(call.wasApplied)")
            oracle.acted(call, run: run)
        }
    }
}
