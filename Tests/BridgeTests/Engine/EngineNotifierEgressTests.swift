import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Synchronization
import Testing

/// Keeps the requests whole.
private final class KeepingTransport: HTTPTransport {
    private let kept = Mutex<[HTTPRequest]>([])

    var requests: [HTTPRequest] { kept.withLock { $0 } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        kept.withLock { $0.append(request) }
        return .status(200)
    }
}

@Suite("Notifier: where an answer may go whose address came with a command")
struct EngineNotifierEgressTests {
    private static let slack = "https://hooks.slack.com/"
    private static let rows: [(scenario: String, prefix: String, url: String, isSent: Bool, isOfEvent: Bool)] = [
        ("the platform's own host", slack, "https://hooks.slack.com/commands/T0/1/x", true, true),
        ("a path of the platform's host", slack + "commands/", "https://hooks.slack.com/commands/T0/1/x", true, true),
        ("another host than the prefix's", slack, "https://evil.example/commands/", false, false),
        ("the platform's host as user information", slack, "https://hooks.slack.com@evil.example/", false, false),
        ("user information behind the prefix", slack, "https://hooks.slack.com/@evil.example/", true, true),
        ("a local receiver that the configuration names", "http://127.0.0.1:9000/", "http://127.0.0.1:9000/x", true, false),
        ("another port than the receiver's", "http://127.0.0.1:9000/", "http://127.0.0.1:9001/x", false, false),
        ("a relay by its name", "https://chat.internal/hooks/", "https://chat.internal/hooks/x", true, false),
        ("a prefix that is no URL", "hooks.slack.com/", "hooks.slack.com/x", false, false),
    ]

    @Test("a prefix on the platform's host binds to it and to public addresses, any other is configured", arguments: rows)
    func destination(scenario: String, prefix: String, url: String, isSent: Bool, isOfEvent: Bool) async throws {
        let fixture = try EngineFixture()
        let transport = KeepingTransport()
        let notifier = Notifier(
            store: fixture.store, queries: fixture.store, transport: transport, channels: [:],
            responsePrefixes: ["slack": prefix],
            clock: fixture.clock, doorbell: Doorbell(), logger: fixture.log.logger)
        let message = NewMessage(destination: .response(source: "slack", url: url), text: "done")
        try await fixture.store.audit([], messages: [message], now: fixture.clock.now())
        #expect(try await notifier.deliverOnce() == 1)
        #expect(transport.requests.map(\.url) == (isSent ? [url] : []))
        if let request = transport.requests.first {
            #expect(
                request.destination == (isOfEvent ? .event(try EgressPolicy(allowedHosts: ["hooks.slack.com"])) : .configured))
        }
        #expect(try await fixture.store.nextMessageDue() == nil)
    }
}
