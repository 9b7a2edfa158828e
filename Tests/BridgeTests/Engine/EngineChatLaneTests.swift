import Engine
import Logging
import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing
import VPSAPI
import Webhooks

/// A person's command waits for a bounded amount of work, however much is queued. In seconds: `make bench`.
@Suite("Engine: the chat lane")
struct EngineChatLaneTests {
    private static let deliveries = 10
    private static let alertsOfDelivery = 1_000
    private static let rules =
        EngineFixture.hostDown + """

              - name: chat-reboot
                trigger:
                  source: slack
                  command: vps reboot
                  args: [{name: server, type: string, required: true, max_length: 63}]
                target: args.server
                autonomy: auto
                permissions: {users: [U012ABCDEF]}
                actions: [server.reboot]
            """

    @Test("10,000 alerts wait to be decided on: a command is decided on in the next turn, and none takes more than 100 alerts")
    func decided() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        for delivery in 0..<Self.deliveries { try await fixture.deliverMany(Self.alertsOfDelivery, delivery: delivery) }
        var decided = 0
        for turn in 1...20 {
            try await fixture.deliverCommand("reboot other-1", trigger: "t\(turn)")
            #expect(try await fixture.dispatcher.dispatchOnce() >= 2, "the command, and a part of the alerts")
            let counts = try await fixture.store.counts()
            #expect(counts.runs[.pending] == turn, "each command has its run")
            #expect((1...100).contains(counts.openEpisodes - decided), "a turn is bounded, and alerts are decided on too")
            decided = counts.openEpisodes
        }
        #expect(try await fixture.store.counts().undispatched > Self.deliveries / 2, "alerts still wait")
    }

    @Test("a delivery of many alerts is decided on whole, each of them once, over a restart between its parts")
    func parts() async throws {
        let fixture = try EngineFixture(rules: Self.rules)
        let delivery = try await fixture.deliverMany(250, delivery: 0, alertname: "HostDown")
        for decided in [100, 200] {
            #expect(try await fixture.dispatcher.dispatchOnce() == 1)
            #expect(try await fixture.store.delivery(delivery)?.decidedEvents == decided)
            #expect(try await fixture.store.decision(on: delivery)?.decidedAt == nil)
            fixture.restart { _ in }
        }
        #expect(try await fixture.dispatcher.dispatchOnce() == 1)
        #expect(try await fixture.dispatcher.dispatchOnce() == 0)
        let runs = try await fixture.store.runs(limit: 1_000)
        #expect(runs.map(\.event.index).sorted() == Array(0..<250))
        #expect(try await fixture.store.counts().openEpisodes == 250)
    }

    @Test("10,000 runs of alerts are due: a command's run is in the next claim, and no claim takes more than 16")
    func claimed() async throws {
        let fixture = try EngineFixture(rules: Self.rules, limits: Limits(maxConcurrent: 100))
        for delivery in 0..<Self.deliveries { try await queue(delivery, in: fixture) }
        #expect(try await fixture.store.counts().runs[.pending] == Self.deliveries * Self.alertsOfDelivery)
        for number in 1...9 {
            try await fixture.deliverCommand("reboot other-\(number)", trigger: "t\(number)")
            #expect(try await fixture.dispatcher.dispatchOnce() == 1)
            #expect(try await fixture.worker.stepDueRuns() == 16)
            #expect(fixture.api.ledger == (1...number).map { "reboot \(13_000 + $0)" })
        }
    }

    /// A delivery of alerts on which it is decided: each has a run that is due.
    private func queue(_ number: Int, in fixture: EngineFixture) async throws {
        let now = fixture.clock.now()
        let delivery = try await fixture.deliverMany(Self.alertsOfDelivery, delivery: number, alertname: "HostDown")
        let keys = (0..<Self.alertsOfDelivery).map { EpisodeKey(source: "alertmanager", fingerprint: "\(number)/\($0)") }
        let runs = keys.enumerated().map { index, key in
            NewRun(
                rule: "host-down", revision: fixture.ruleSet.revision, episode: key,
                event: EventReference(delivery: delivery, index: index), dueAt: now, isUrgent: false, createdAt: now)
        }
        let decided = DispatchedDelivery(
            id: delivery, episodes: keys.map { .open($0, at: now, startsAt: nil) }, runs: runs)
        try await fixture.store.commit(DispatchBatch(now: now, deliveries: [decided]))
    }

    /// Its probes are never answered.
    private final class SilentProber: Prober {
        private let asked = Mutex(0)
        private let expected: Int
        /// Rung when as many wait as expected.
        let bell = Doorbell()
        var waiting: Int { asked.withLock { $0 } }

        init(expected: Int) {
            self.expected = expected
        }

        func isHealthy(_ server: Server, probe: Probe) async -> Bool {
            let count = asked.withLock { count -> Int in
                count += 1
                return count
            }
            if count == expected { bell.ring() }
            await Doorbell().wait(atMost: .seconds(600))
            return false
        }
    }

    /// Says when a server was asked to reboot.
    private struct Rebooted: LogHandler {
        let bell: Doorbell
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        func log(event: LogEvent) {
            if event.metadata?["state"]?.description == RunState.verifying.rawValue { bell.ring() }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }

    @Test("runs of alerts hang in all sixteen places of the worker: a command has places of its own")
    func places() async throws {
        let places = EngineSettings().concurrency
        let rules = Self.rules.replacing("    healthy_delay: 2m", with: "    probe: {tcp: 22}\n    healthy_delay: 2m")
        let fixture = try EngineFixture(rules: rules, servers: EngineFixture.fleet(of: 200))
        try await fixture.say("firing", 1...places, startedAgo: .zero)
        #expect(try await fixture.dispatcher.dispatchOnce() == places)
        let (bell, rebooted) = (Doorbell(), Doorbell())
        let prober = SilentProber(expected: places)
        let worker = Worker(
            store: fixture.store, queries: fixture.store, api: fixture.api, inventory: Inventory(api: fixture.api),
            prober: prober, transport: fixture.transport, secrets: [:],
            rules: RuleBook(current: fixture.ruleSet, queries: fixture.store),
            sources: [
                "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none),
                "slack": WebhookSource(name: "slack", kind: .slack, authentication: .none),
            ],
            resolver: ServerResolver(aliases: [:]), settings: fixture.settings, clock: fixture.clock, doorbell: bell,
            messageDoorbell: Doorbell(), logger: Logger(label: "chat lane") { _ in Rebooted(bell: rebooted) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            await prober.bell.wait(atMost: .seconds(30))
            #expect(prober.waiting == places)
            try await fixture.deliverCommand("reboot web-150")
            #expect(try await fixture.dispatcher.dispatchOnce() == 1)
            bell.ring()
            await rebooted.wait(atMost: .seconds(30))
            #expect(fixture.api.ledger == ["reboot 150"])
            group.cancelAll()
        }
    }
}
