import Engine
import FoundationEssentials
import Logging
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI
import Webhooks

/// The real dispatcher, worker and store on the real clock.
@Suite("engine: a resolve cancels what is queued", .serialized)
struct EngineResolveLatencyTests {
    private struct WallClock: TimeSource {
        func now() -> Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
    }

    /// Says when a run ended.
    private struct EndOfRuns: LogHandler {
        let bell: Doorbell
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        func log(event: LogEvent) {
            if event.metadata?["state"]?.description == RunState.cancelled.rawValue { bell.ring() }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }

    private static func body(_ status: String, _ number: Int) -> [UInt8] {
        let end = status == "firing" ? "0001-01-01T00:00:00Z" : "2026-01-01T00:00:00Z"
        return Array(
            #"{"version":"4","alerts":[{"status":"\#(status)","labels":{"alertname":"HostDown","server":"web-\#(number)"},"startsAt":"2025-12-31T23:00:00Z","endsAt":"\#(end)","fingerprint":"f\#(number)"}]}"#
                .utf8)
    }

    @Test("the bells of dispatcher and worker bring a resolve to its run, no poll does; the figures are printed")
    func latency() async throws {
        let clock = WallClock()
        let manual = ManualClock(clock.now())
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let rules = EngineFixture.hostDown.replacing("    target:", with: "    for: 1h\n    target:")
        let ruleSet = try #require(
            RuleSet.load(
                [RuleSource(name: "f", text: rules)], revision: RuleSetRevision(rawValue: "r"), sources: nil, floor: Limits()
            ).ruleSet)
        let count = 20
        let fleet = (0..<count).map { Server(id: ServerID(rawValue: Int64($0) + 1), name: "web-\($0)", status: .active) }
        let api = FakeServersAPI(fleet, clock: manual)
        let book = RuleBook(current: ruleSet, queries: store)
        let sources = ["alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none)]
        let (bell, workerBell) = (Doorbell(), Doorbell())
        let ended = Doorbell()
        let logger = Logger(label: "latency") { _ in EndOfRuns(bell: ended) }
        let dispatcher = Dispatcher(
            store: store, queries: store, rules: book, sources: sources, limits: Limits(), clock: clock, doorbell: bell,
            workerDoorbell: workerBell, logger: logger)
        let worker = Worker(
            store: store, queries: store, api: api, inventory: Inventory(api: api), prober: FakeProber(),
            transport: FakeTransport(clock: manual), secrets: [:], rules: book, sources: sources,
            resolver: ServerResolver(aliases: [:]), settings: EngineSettings(live: true), clock: clock, doorbell: workerBell,
            messageDoorbell: Doorbell(), logger: logger)
        func accept(_ status: String, _ number: Int) async throws {
            _ = try await store.accept(
                NewDelivery(
                    source: "alertmanager", receivedAt: clock.now(), body: Self.body(status, number),
                    contentType: "application/json"))
            bell.ring()
        }
        var spans: [Duration] = []
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await dispatcher.run() }
            group.addTask { try? await worker.run() }
            do {
                for number in 0..<count { try await accept("firing", number) }
                for number in 0..<count {
                    let begun = ContinuousClock.now
                    try await accept("resolved", number)
                    await ended.wait(atMost: .seconds(30))
                    spans.append(ContinuousClock.now - begun)
                    // Whoever is not told at all is not waited for twenty times.
                    if spans[number] > .seconds(20) { break }
                }
            } catch {
                Issue.record(error)
            }
            group.cancelAll()
        }
        spans.sort()
        try #require(spans.count == count, "a resolve did not reach its run: \(spans)")
        // What 100 ms is on a machine that does nothing else is printed: among all suites at once it says little.
        print("resolve to cancelled: median \(spans[count / 2]), worst \(spans[count - 1]) of \(count)")
        #expect(try await store.counts().runs[.cancelled] == count)
        #expect(api.ledger == [])
        await store.close()
    }

    @Test("one look of the dispatcher and one step of the worker lie between a resolve and the end of what it cancels")
    func count() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.hostDown.replacing("    target:", with: "    for: 1h\n    target:"))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.deliver("resolved")
        #expect(try await fixture.dispatcher.dispatchOnce() == 1)
        #expect(try await fixture.worker.stepDueRuns() == 1)
        #expect(try await fixture.onlyRun().state == .cancelled)
    }
}
