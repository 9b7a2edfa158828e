package import CurlTransport
package import Logging
package import Model
import Rules
import ServiceLifecycle
package import Store
import Synchronization
package import VPSAPI
package import Webhooks

/// Steps runs: claims those that are due, performs what their machines ask for, and writes what comes of it.
///
/// A run is stepped under a lease and an epoch. A request leaves only within half a lease after its intent was written, so that a
/// worker that was stopped for a while does not act on a run that another has taken over.
package struct Worker: Service {
    /// How many places only urgent runs take: a person's command does not wait while runs of alerts hang in every other one.
    static let urgentReserve = 4

    private let store: any Store
    private let queries: any Queries
    private let fleetStore: any FleetStore
    private let fleetQueries: any FleetQueries
    private let api: any ServersAPI
    private let inventory: Inventory
    private let prober: any Prober
    private let evidence: any EvidenceSource
    private let transport: any HTTPTransport
    private let secrets: [String: Secret]
    private let random: @Sendable () -> Double
    private let number: @Sendable () -> UInt64
    private let rules: RuleBook
    private let sources: [String: WebhookSource]
    private let resolver: ServerResolver
    private let settings: EngineSettings
    private let clock: any TimeSource
    private let doorbell: Doorbell
    private let messageDoorbell: Doorbell
    private let onJudgement: @Sendable (ServerJudgement) -> Void
    private let brakes: Brakes
    private let logger: Logger
    private let pulse: LoopPulse
    private let inFlight = InFlight()
    private let decoded: DecodedDeliveries

    /// `brakes` are asked before every request that changes anything. `transport` takes the requests to other APIs and `secrets` is what they may hold; `random` gives numbers from 0 to below 1
    /// and `number` those that the ids of questions are made of; `onJudgement` is told what each `when_server` said, once per claim that asked it.
    package init(
        store: any Store & FleetStore, queries: any Queries & FleetQueries, api: any ServersAPI, inventory: Inventory,
        prober: any Prober, evidence: any EvidenceSource = NoEvidenceSource(), transport: any HTTPTransport,
        secrets: [String: Secret], rules: RuleBook, sources: [String: WebhookSource],
        resolver: ServerResolver, settings: EngineSettings, clock: any TimeSource, doorbell: Doorbell,
        messageDoorbell: Doorbell, random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        number: @escaping @Sendable () -> UInt64 = { UInt64.random(in: 0...UInt64.max) },
        onJudgement: @escaping @Sendable (ServerJudgement) -> Void = { _ in }, brakes: Brakes = Brakes(),
        pulse: LoopPulse = LoopPulse(), logger: Logger
    ) {
        self.store = store
        self.queries = queries
        fleetStore = store
        fleetQueries = queries
        self.api = api
        self.inventory = inventory
        self.prober = prober
        self.evidence = evidence
        self.transport = transport
        self.secrets = secrets
        self.random = random
        self.number = number
        self.rules = rules
        self.sources = sources
        self.resolver = resolver
        self.settings = settings
        self.clock = clock
        self.doorbell = doorbell
        self.messageDoorbell = messageDoorbell
        self.onJudgement = onJudgement
        self.brakes = brakes
        self.pulse = pulse
        self.logger = logger
        decoded = DecodedDeliveries { try? Webhooks.decode($0, sources: sources) }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    do throws(StoreError) {
                        try await heartbeat()
                        // Beside the loop, which a list that hangs must not hold up.
                        if try await takesLook() { group.addTask { await lookForServers() } }
                        let free = settings.concurrency - inFlight.count
                        let claimed = try await claim(free: free)
                        for run in claimed {
                            inFlight.begin(run.run)
                            group.addTask {
                                await step(run)
                                inFlight.end(run.run)
                                pulse.beat()
                                doorbell.ring()
                            }
                        }
                        if free > 0 { pulse.beat() }
                        if claimed.isEmpty {
                            decoded.forgetUnused(now: clock.now())
                            await doorbell.wait(atMost: try await idleTime())
                        }
                    } catch {
                        logger.error("the worker waits for the store", metadata: ["error": "\(error)"])
                        await doorbell.wait(atMost: .seconds(1))
                    }
                }
            }
        }
    }

    /// Steps every run that is due once, one after the other; what tests and simulations drive.
    /// - Returns: how many there were.
    package func stepDueRuns() async throws(StoreError) -> Int {
        if try await takesLook() { await lookForServers() }
        let claimed = try await claim(limit: settings.concurrency)
        for run in claimed { await step(run) }
        return claimed.count
    }

    /// Takes what fits into the free places, urgent runs into those that are kept for them as well.
    private func claim(free: Int) async throws(StoreError) -> [ClaimedRun] {
        let reserve = min(Self.urgentReserve, free + Self.urgentReserve)
        guard reserve > 0 else { return [] }
        return try await claim(limit: max(0, free), urgentReserve: reserve)
    }

    private func claim(limit: Int, urgentReserve: Int = 0) async throws(StoreError) -> [ClaimedRun] {
        let now = clock.now()
        let claimed = try await store.claimRuns(
            ClaimRequest(
                now: now, leaseUntil: now + settings.lease, limit: limit, urgentReserve: urgentReserve,
                channels: settings.noticeChannels))
        // The claim may have ended a storm, of which people are told.
        if claimed.contains(where: { $0.run.reason == .storm }) { messageDoorbell.ring() }
        return claimed
    }

    /// During blindness the list is asked for once a minute, whether a run needs it or not.
    private func takesLook() async throws(StoreError) -> Bool {
        let now = clock.now()
        guard try await fleetQueries.isLookDue(now: now) else { return false }
        return try await fleetStore.takeLook(now: now)
    }

    private func lookForServers() async {
        let result = await readInventory(maxAge: .zero)
        do throws(StoreError) {
            try await fleetStore.observe(FleetSight(result), watch: settings.watch, now: clock.now())
        } catch {
            // It is due again in a minute.
            logger.error("a look at the fleet could not be written", metadata: ["error": "\(error)"])
        }
        messageDoorbell.ring()
        doorbell.ring()
    }

    private func heartbeat() async throws(StoreError) {
        let due = inFlight.dueForHeartbeat(now: clock.now(), interval: settings.lease / 3)
        if !due.isEmpty { try await store.heartbeat(due, leaseUntil: clock.now() + settings.lease) }
    }

    /// How long there is nothing to do: until the next run is due, at most a third of a lease (for heartbeats).
    private func idleTime() async throws(StoreError) -> Duration {
        let longest = settings.lease / 3
        guard inFlight.count < settings.concurrency, let due = try await queries.nextDue() else { return longest }
        return min(longest, max(.milliseconds(1), due.since(clock.now())))
    }

    /// Performs one run's effects until it is given back.
    private func step(_ claimed: ClaimedRun) async {
        do throws(StoreError) {
            let rule = try await rules.rule(claimed.run.rule, revision: claimed.run.revision)
            var machine = RunMachine(
                claimed: claimed, rule: rule, event: event(of: claimed), settings: settings, resolver: resolver, offer: offer(),
                secrets: secrets, canPull: evidence.canAsk(claimed.delivery.source), random: random(),
                standstill: brakes.standstill)
            var input = RunInput.woken
            var writtenAt = clock.now()
            defer { if let judgement = machine.judgement { onJudgement(judgement) } }
            // A machine asks for a handful of effects per claim; the bound keeps a fault in it from spinning.
            for _ in 0..<32 {
                let judgedAt = clock.now()
                switch machine.next(input, now: judgedAt) {
                case .commit(let transition):
                    try await tellOfRefusedToken()
                    // From when it was judged: a worker that was held up since must not send on an old word.
                    writtenAt = judgedAt
                    guard let next = try await commit(transition) else { return }
                    input = next
                case .readInventory(let maxAge):
                    input = .inventory(await readInventory(maxAge: maxAge))
                case .readServer(let id):
                    input = .server(await upstream.readServer(id))
                case .readStep(let reading):
                    input = .stepRead(await upstream.read(reading))
                case .readOwned:
                    input = .owned(try await queries.createdServers())
                case .send(let intent):
                    input = await sender.send(
                        intent, of: machine.pauseSubject(of: intent), isTrusted: clock.now().since(writtenAt) < settings.lease / 2
                    )
                case .request(let request):
                    input = .reply(
                        await sender.send(
                            request, of: machine.pauseSubject(of: machine.lastIntent),
                            isTrusted: clock.now().since(writtenAt) < settings.lease / 2))
                case .probe(let probe, let server):
                    input = .probe(isHealthy: await prober.isHealthy(server, probe: probe))
                case .pull(let event):
                    input = .evidence(await evidence.evidence(for: event))
                }
            }
            logger.critical("a run asked for too many effects in one claim", metadata: ["run": "\(claimed.run.id)"])
        } catch {
            // Its lease ends by itself and the run is claimed again; nothing is lost.
            logger.error("a run could not be written", metadata: ["run": "\(claimed.run.id)", "error": "\(error)"])
        }
    }

    /// - Returns: what the machine is told, or `nil` when the run is given back or was taken away.
    private func commit(_ transition: RunTransition) async throws(StoreError) -> RunInput? {
        if case .open = transition.intent, let refusal = brakes.stopRefusal { return .refused(refusal) }
        if let refusal = await upstream.refusal(of: transition) { return .refused(refusal) }
        let result = try await store.commit(transition)
        switch result {
        case .committed(let intent):
            log(transition)
            if transition.pause != nil { try await brakes.board.refresh(from: queries, now: clock.now()) }
            if !transition.messages.isEmpty || transition.pause != nil || transition.sight != nil { messageDoorbell.ring() }
            return transition.releasesLease ? nil : .committed(intent: intent)
        case .refused(let refusal):
            return .refused(refusal)
        case .fenced:
            logger.warning("a run was taken over by another worker", metadata: ["run": "\(transition.run.id)"])
            return nil
        }
    }

    /// What the run needs should it ask people: a fresh id, and the first command that a chat knows.
    private func offer() -> ApprovalOffer {
        let hasChat = sources.values.contains { $0.kind.isChat }
        let known = rules.current.rules.lazy.compactMap { $0.trigger.command?.name }.first
        return ApprovalOffer(
            id: ApprovalID(random: number()), command: hasChat ? known ?? "vps" : nil)
    }

    private func event(of claimed: ClaimedRun) -> Event? {
        decoded.event(claimed.run.event.index, of: claimed.delivery, now: clock.now())
    }

    private func readInventory(maxAge: Duration) async -> Result<InventorySnapshot, APIError> {
        do throws(APIError) {
            return .success(try await inventory.servers(maxAge: maxAge, now: clock.now()))
        } catch {
            return .failure(error)
        }
    }

    /// People are told once that the token is refused, with the first run that met it.
    private func tellOfRefusedToken() async throws(StoreError) {
        guard let gate = api.upstream, gate.takeNotice() else { return }
        let now = clock.now()
        let detail =
            "VPS.org refuses the token: nothing is asked for until it takes it again, which is tried every minute. "
            + "Check api.token_file. Runs wait and lose nothing."
        let entry = AuditEntry(at: now, kind: .bridge, reason: .unauthorized, actor: "bridge", detail: detail)
        do throws(StoreError) {
            try await store.audit(
                [entry], messages: MessagePolicy.notices(.tokenRefused, detail, channels: settings.noticeChannels), now: now)
        } catch {
            gate.returnNotice()
            throw error
        }
        logger.error("VPS.org refuses the token")
        messageDoorbell.ring()
    }

    private var upstream: UpstreamGuard { UpstreamGuard(api: api, inventory: inventory, clock: clock) }
    private var sender: RequestSender {
        RequestSender(api: api, transport: transport, secrets: secrets, brakes: brakes, clock: clock)
    }

    private func log(_ transition: RunTransition) {
        for entry in transition.audit {
            logger.info(
                "run",
                metadata: [
                    "run": "\(transition.run.id)", "rule": "\(transition.run.rule)", "state": "\(transition.run.state.rawValue)",
                    "reason": "\(entry.reason?.rawValue ?? "")", "server": "\(transition.run.server?.description ?? "")",
                    "detail": "\(entry.detail)",
                ])
        }
    }
}

/// The runs that a worker holds now, with the instant of their last sign of life.
private final class InFlight: Sendable {
    private struct Entry {
        var epoch: Int64
        var seen: Timestamp?
    }

    private let runs = Mutex<[RunID: Entry]>([:])

    var count: Int { runs.withLock { $0.count } }

    func begin(_ run: Run) {
        runs.withLock { $0[run.id] = Entry(epoch: run.epoch, seen: nil) }
    }

    func end(_ run: Run) {
        _ = runs.withLock { $0.removeValue(forKey: run.id) }
    }

    /// The runs whose lease should be extended now.
    func dueForHeartbeat(now: Timestamp, interval: Duration) -> [RunID: Int64] {
        runs.withLock { runs in
            var due: [RunID: Int64] = [:]
            for (id, entry) in runs {
                guard let seen = entry.seen else {
                    // The claim itself was the first sign of life.
                    runs[id]?.seen = now
                    continue
                }
                if now.since(seen) >= interval {
                    due[id] = entry.epoch
                    runs[id]?.seen = now
                }
            }
            return due
        }
    }
}
