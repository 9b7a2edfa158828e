import Crypto
import HTTPTypes
import HummingbirdTesting
import JSON
import Logging
import Model
import NIOCore
import NIOPosix
import ServiceLifecycle
import Store
import Synchronization
import Webhooks

@testable import Inbound

/// An ingest server with a source of every kind of authentication, a fake store and a clock that stands still.
struct InboundBench {
    let server: IngestServer
    let store: InboundFakeStore
    let clock: InboundClock
    let log: LogRecorder
    let doorbell: InboundCounter

    /// A server whose `/readyz` says `ready` and whose commands are told `answer`.
    init(
        store: InboundFakeStore = InboundFakeStore(), limits: ListenerLimits = ListenerLimits(), ready: Bool = true,
        answer: String? = "restarting web-1"
    ) {
        let doorbell = InboundCounter()
        let clock = InboundClock()
        let log = LogRecorder()
        server = IngestServer(
            configuration: IngestConfiguration(host: "127.0.0.1", port: 0, limits: limits), sources: Self.sources, store: store,
            clock: clock, onAccepted: { doorbell.increment() }, answerCommand: { _ in answer }, readiness: { ready },
            logger: log.logger)
        self.store = store
        self.clock = clock
        self.log = log
        self.doorbell = doorbell
    }

    static let secret = "correct horse"
    static let sources: [String: WebhookSource] = Dictionary(
        uniqueKeysWithValues: [
            WebhookSource(
                name: "bearer", kind: .alertmanager,
                authentication: .bearer([Secret("new one"), Secret(secret)])),
            WebhookSource(
                name: "basic", kind: .alertmanager, authentication: .basic(user: "monitor", passwords: [Secret(secret)])),
            WebhookSource(
                name: "header", kind: .alertmanager, authentication: .header(name: "X-Token", secrets: [Secret(secret)])),
            WebhookSource(name: "slack", kind: .slack, authentication: .slackSignature([Secret(secret)])),
            WebhookSource(name: "open", kind: .alertmanager, authentication: .none),
        ].map { ($0.name, $0) })

    static let alert = """
        {"version":"4","groupKey":"g","status":"firing","receiver":"r","groupLabels":{},"commonLabels":{},"commonAnnotations":{},\
        "externalURL":"http://a","alerts":[{"status":"firing","labels":{"alertname":"HostDown","instance":"web-1:9100"},\
        "annotations":{},"startsAt":"2026-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p",\
        "fingerprint":"0123456789abcdef"}]}
        """
    static let noAlerts = """
        {"version":"4","groupKey":"g","status":"firing","receiver":"r","groupLabels":{},"commonLabels":{},"commonAnnotations":{},\
        "externalURL":"http://a","alerts":[]}
        """
    static let command =
        "token=t&team_id=T1&channel_id=C1&user_id=U1&user_name=ann&command=%2Fvps&text=reboot+web-1&trigger_id=1.2.3"

    /// The headers that Slack sends with that body.
    static func slackHeaders(_ body: String, secret: String = secret, at instant: Timestamp = InboundClock.start) -> HTTPFields {
        let seconds = String(instant.microseconds / 1_000_000)
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("v0:\(seconds):\(body)".utf8), using: SymmetricKey(data: Array(secret.utf8)))
        let hex = code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        if let name = HTTPField.Name("X-Slack-Request-Timestamp") { headers[name] = seconds }
        if let name = HTTPField.Name("X-Slack-Signature") { headers[name] = "v0=\(hex)" }
        return headers
    }

    /// Runs the server, hands its port to `body`, shuts it down gracefully, calls `whileStopping`, and waits until it has ended.
    func listening<Value: Sendable>(
        _ body: @Sendable (Int) async throws -> Value, whileStopping: @Sendable () async -> Void = {}
    ) async throws -> Value {
        try await Self.listening(server, port: server.boundPort, body, whileStopping: whileStopping)
    }

    static func listening<Value: Sendable>(
        _ service: any Service, port: @Sendable () async -> Int?, _ body: @Sendable (Int) async throws -> Value,
        whileStopping: @Sendable () async -> Void = {}
    ) async throws -> Value {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(configuration: .init(services: [service], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            guard let port = await port() else { throw InboundError.notListening }
            do {
                let value = try await body(port)
                await group.triggerGracefulShutdown()
                await whileStopping()
                try await tasks.waitForAll()
                return value
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
        }
    }
}

/// An answer as a test looks at it.
struct InboundAnswer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: [UInt8]

    /// The member of that name in the JSON object that the body is.
    func json(_ name: String) throws -> JSONValue? { try JSONValue.parse(body)[name] }
}

extension InboundBench {
    /// Runs the server for one request.
    func send(method: HTTPRequest.Method = .post, _ path: String, _ headers: HTTPFields, _ body: String) async throws
        -> InboundAnswer
    {
        try await listening { port in try await Self.send(method: method, path, headers, Array(body.utf8), port: port) }
    }

    static func send(
        method: HTTPRequest.Method = .post, _ path: String, _ headers: HTTPFields, _ body: [UInt8], port: Int
    ) async throws -> InboundAnswer {
        try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
            let request = TestClient.Request(
                path, method: method, authority: "localhost", headers: headers, body: ByteBuffer(bytes: body))
            let response = try await client.execute(request)
            return InboundAnswer(
                status: response.status.code, headers: response.headers,
                body: Array((response.body ?? ByteBuffer()).readableBytesView))
        }
    }
}

enum InboundError: Error {
    case notListening
}

/// A count that callbacks of any thread raise.
final class InboundCounter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func increment() { count.wrappingAdd(1, ordering: .relaxed) }
}
