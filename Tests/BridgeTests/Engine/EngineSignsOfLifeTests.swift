import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Synchronization
import Testing

@Suite("Heartbeat: what a dead man's switch stands for")
struct EngineHeartbeatTests {
    private let store = LoopPulse()
    private let dispatcher = LoopPulse()
    private let worker = LoopPulse()
    private let now = ContinuousClock.now

    private func vitals(isBlind: Bool = false) -> Vitals {
        Vitals(
            loops: [
                Vitals.Loop("store", store, patience: .seconds(45)),
                Vitals.Loop("dispatcher", dispatcher, patience: .seconds(45)),
                Vitals.Loop("worker", worker, patience: .seconds(120)),
            ], isBlind: { isBlind })
    }

    private func beatAll(at instant: ContinuousClock.Instant) {
        for loop in [store, dispatcher, worker] { loop.beat(at: instant) }
    }

    @Test("it works when every loop got through in its time and VPS.org can be seen")
    func works() async {
        #expect(await vitals().failure(at: now) == "the store has not begun")
        beatAll(at: now)
        #expect(await vitals().failure(at: now + .seconds(45)) == nil)
        #expect(await vitals(isBlind: true).failure(at: now) == "VPS.org can not be seen")
    }

    @Test("each loop alone silences it", arguments: [0, 1, 2])
    func oneLoop(stuck: Int) async {
        beatAll(at: now)
        let later = now + .seconds(121)
        for (index, loop) in [store, dispatcher, worker].enumerated() where index != stuck { loop.beat(at: later) }
        let name = ["store", "dispatcher", "worker"][stuck]
        #expect(await vitals().failure(at: later) == "the \(name) has not got through for 121 s")
    }

    private func heartbeat(_ transport: FakeTransport, _ status: Heartbeat.Status, isBlind: Bool = false) throws -> Heartbeat {
        Heartbeat(
            url: Secret("https://watch.example/ping/SECRET"), every: .seconds(60), vitals: vitals(isBlind: isBlind),
            transport: transport, status: status, logger: try EngineFixture().log.logger)
    }

    @Test("it is sent while the bridge works, and nothing is sent when it does not")
    func sent() async throws {
        let transport = FakeTransport(clock: ManualClock())
        let status = Heartbeat.Status()
        #expect(try await !heartbeat(transport, status).beatOnce())
        #expect(transport.lines.isEmpty && !status.isSuccessful)
        beatAll(at: .now)
        #expect(try await heartbeat(transport, status).beatOnce())
        #expect(transport.lines == ["GET https://watch.example/ping/SECRET"] && status.isSuccessful)
        #expect(try await !heartbeat(transport, status, isBlind: true).beatOnce())
        #expect(transport.lines.count == 1 && !status.isSuccessful)
    }

    @Test("one that is not taken is not a success", arguments: [HTTPOutcome.status(404), .status(500), .refusedConnection, .cut])
    func notTaken(outcome: HTTPOutcome) async throws {
        let transport = FakeTransport(clock: ManualClock())
        transport.answer(outcome)
        let status = Heartbeat.Status()
        beatAll(at: .now)
        #expect(try await !heartbeat(transport, status).beatOnce())
        #expect(!status.isSuccessful)
    }

    @Test("the loops of the engine beat when they get through, and not when the store fails", .timeLimit(.minutes(1)))
    func loops() async throws {
        let fixture = try EngineFixture()
        let pulse = LoopPulse()
        let rescuer = Rescuer(
            store: fixture.store, settings: fixture.settings, clock: fixture.clock, workerDoorbell: Doorbell(),
            readiness: Readiness(), pulse: pulse, logger: fixture.log.logger)
        let running = Task { try await rescuer.run() }
        while pulse.age() == nil { await Task.yield() }
        running.cancel()
        _ = try? await running.value
        await fixture.store.close()
        let failing = LoopPulse()
        let broken = Rescuer(
            store: fixture.store, settings: fixture.settings, clock: fixture.clock, workerDoorbell: Doorbell(),
            readiness: Readiness(), pulse: failing, logger: fixture.log.logger)
        let second = Task { try await broken.run() }
        while !fixture.log.lines.contains(where: { $0["message"] == "the rescuer waits for the store" }) { await Task.yield() }
        second.cancel()
        _ = try? await second.value
        #expect(failing.age() == nil)
    }
}

@Suite("Senders that are watched")
struct EngineSourceWatchTests {
    private let fixture: EngineFixture

    init() throws {
        fixture = try EngineFixture()
    }

    private func watch(_ expectations: [String: SourcePulse.Expectation], heard: @escaping @Sendable () -> [String: UInt64])
        -> SourceWatch
    {
        SourceWatch(
            store: fixture.store, queries: fixture.store, expectations: expectations, heard: heard, channels: ["ops"],
            clock: fixture.clock, messageDoorbell: Doorbell(), logger: fixture.log.logger)
    }

    /// Looks every `step`.
    private func pass(_ span: Duration, _ watch: SourceWatch, step: Duration = .seconds(10)) async throws {
        let end = fixture.clock.now() + span
        while fixture.clock.now() < end {
            fixture.clock.advance(by: step)
            try await watch.look()
        }
    }

    @Test("one message at silence and one at return, over a restart too, and one that never spoke is missed as well")
    func messages() async throws {
        let heard = HeardCounts()
        let expectations = ["am": SourcePulse.Expectation.every(.seconds(600)), "never": .every(.seconds(3_600)), "chat": .never]
        let first = watch(expectations, heard: heard.all)
        heard.count("am")
        try await pass(.seconds(1_790), first)
        #expect(try await fixture.messages().isEmpty)
        try await pass(.seconds(600), first)
        #expect(first.silence == ["am": true, "never": false])
        var told = try await fixture.messages()
        #expect(
            told.count == 1 && told[0].contains("Nothing from am since") && told[0].contains("3 times its usual gap of 10m"),
            "\(told)")

        let second = watch(expectations, heard: heard.all)
        heard.reset()
        try await pass(.seconds(3_000), second, step: .seconds(300))
        #expect(try await fixture.messages().count == 1, "it is known")
        heard.count("am")
        try await pass(.seconds(20), second)
        told = try await fixture.messages()
        #expect(told.count == 2 && told[1].contains("am is heard again"), "\(told)")
        try await pass(
            .seconds(7_800),
            watch(
                expectations,
                heard: {
                    heard.count("am")
                    return heard.all()
                }), step: .seconds(300))
        told = try await fixture.messages()
        #expect(told.count == 2, "a restart begins the wait for one that was never heard anew: \(told)")
        let audit = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 100)
        #expect(audit.filter { $0.reason == .heartbeatMissing }.count == 2)
    }

    @Test("a source that never spoke is told of once")
    func neverHeard() async throws {
        let watch = watch(["am": .every(.seconds(60))], heard: { [:] })
        try await pass(.seconds(1_200), watch)
        #expect(try await fixture.messages().count == 1)
        var text = MetricsText()
        watch.render(into: &text)
        #expect(text.text.contains(#"vpsbridge_source_silent{source="am"} 1"#))
    }

    @Test("what was learnt is on disk")
    func learnt() async throws {
        let heard = HeardCounts()
        let first = watch(["am": .learnt], heard: heard.all)
        for _ in 0..<12 {
            heard.count("am")
            try await first.look()
            fixture.clock.advance(by: .seconds(9_000))
        }
        try await first.look()
        let pulse = try #require(try await fixture.store.sourcePulses()["am"])
        #expect(pulse.usualGap == .seconds(9_000) && pulse.words == 12)
        heard.reset()
        let second = watch(["am": .learnt], heard: heard.all)
        try await pass(.seconds(28_800), second, step: .seconds(900))
        #expect(try await fixture.messages().count == 1)
    }
}

/// How many webhooks of each source were taken.
private final class HeardCounts: Sendable {
    private let counts = Mutex<[String: UInt64]>([:])

    @Sendable func all() -> [String: UInt64] { counts.withLock { $0 } }
    func count(_ source: String) { counts.withLock { $0[source, default: 0] += 1 } }
    func reset() { counts.withLock { $0 = [:] } }
}
