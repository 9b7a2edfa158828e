import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Synchronization
import Testing

/// Receivers of which one does not answer before it is told to.
private final class StuckTransport: HTTPTransport {
    private struct State {
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isReleased = false
        var hosts: [String] = []
    }

    private let state = Mutex(State())
    let outcome = Mutex(HTTPOutcome.status(200))

    var hosts: [String] { state.withLock { $0.hosts } }
    var stuck: Int { state.withLock { $0.waiting.count } }

    func release() {
        let waiting = state.withLock { state in
            state.isReleased = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let host = request.target.host
        state.withLock { $0.hosts.append(host) }
        if host.utf8.elementsEqual("slow.example".utf8) {
            await withCheckedContinuation { continuation in
                let passes = state.withLock { state in
                    if !state.isReleased { state.waiting.append(continuation) }
                    return state.isReleased
                }
                if passes { continuation.resume() }
            }
        }
        return outcome.withLock { $0 }
    }
}

@Suite("Notifier: places")
struct EngineNotifierPlacesTests {
    private let fixture: EngineFixture
    private let transport = StuckTransport()
    private let notifier: Notifier

    init() throws {
        fixture = try EngineFixture()
        notifier = Notifier(
            store: fixture.store, queries: fixture.store, transport: transport,
            channels: [
                "slow": Channel(url: Secret("https://slow.example/hook")),
                "fast": Channel(url: Secret("https://fast.example/hook")),
            ], responsePrefixes: ["slack": "https://hooks.slack.com/"], clock: fixture.clock, doorbell: Doorbell(),
            random: { 0.5 }, logger: fixture.log.logger)
    }

    private func put(_ count: Int, _ channel: String) async throws {
        let messages = (0..<count).map { NewMessage(destination: .channel(channel), text: "\(channel) \($0)") }
        try await fixture.store.audit([], messages: messages, now: fixture.clock.now())
    }

    @Test("a receiver that does not answer takes four places, and keeps neither other channels nor an answer waiting")
    func slow() async throws {
        try await put(40, "slow")
        let first = Task { [notifier] in try await notifier.deliverOnce() }
        while transport.stuck < 4 { await Task.yield() }
        try await put(1, "fast")
        let url = "https://hooks.slack.com/commands/1"
        try await fixture.store.audit(
            [], messages: [NewMessage(destination: .response(source: "slack", url: url), text: "done")], now: fixture.clock.now())
        // Twice: what is claimed first is postponed while all its places are taken.
        for _ in 0..<4 { _ = try await notifier.deliverOnce() }
        #expect(transport.stuck == 4)
        #expect(transport.hosts.contains("hooks.slack.com") && transport.hosts.contains("fast.example"))
        transport.release()
        _ = try await first.value
        for _ in 0..<60 {
            fixture.clock.advance(by: .seconds(1))
            _ = try await notifier.deliverOnce()
        }
        #expect(transport.hosts.count == 42, "each was sent once")
        #expect(try await fixture.store.nextMessageDue() == nil)
    }

    @Test("answers to commands go before what is due longer")
    func answersFirst() async throws {
        try await put(3, "fast")
        fixture.clock.advance(by: .seconds(5))
        try await fixture.store.audit(
            [], messages: [NewMessage(destination: .response(source: "slack", url: "https://hooks.slack.com/1"), text: "done")],
            now: fixture.clock.now())
        let taken = try await fixture.store.claimMessages(now: fixture.clock.now(), hiddenUntil: fixture.clock.now(), limit: 2)
        #expect(taken.map(\.text) == ["done", "fast 0"])
    }

    @Test("a receiver that is away for an hour gets few tries, and every message when it is back")
    func away() async throws {
        transport.outcome.withLock { $0 = .refusedConnection }
        try await put(10, "fast")
        let end = fixture.clock.now() + .seconds(3_600)
        while let due = try await fixture.store.nextMessageDue(), due < end {
            fixture.clock.set(due)
            _ = try await notifier.deliverOnce()
        }
        #expect(transport.hosts.count < 30, "\(transport.hosts.count)")
        transport.outcome.withLock { $0 = .status(200) }
        let failed = transport.hosts.count
        fixture.clock.set(end)
        while let due = try await fixture.store.nextMessageDue(), due < end + .seconds(900) {
            fixture.clock.set(due)
            _ = try await notifier.deliverOnce()
        }
        #expect(transport.hosts.count - failed == 10)
        #expect(try await fixture.store.nextMessageDue() == nil)
    }
}
