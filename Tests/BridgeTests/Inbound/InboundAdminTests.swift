import HTTPTypes
import Logging
import Model
import Testing

@testable import Inbound

@Suite("Inbound: admin listener", .timeLimit(.minutes(1)))
struct InboundAdminTests {
    private func server(host: String = "127.0.0.1", tokens: [String] = [], ready: Bool = true) throws -> AdminServer {
        try AdminServer(
            configuration: AdminConfiguration(host: host, port: 0, bearerTokens: tokens.map { Secret($0) }),
            metrics: { "up 1\n" },
            readiness: { ready }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func ask(_ server: AdminServer, _ head: String) async throws -> String {
        try await InboundBench.listening(server, port: server.boundPort) { port in
            try await InboundRawClient.exchange(port: port, ["\(head)\r\nConnection: close\r\n\r\n"]).text
        }
    }

    @Test(
        "what is asked of a loopback listener, and what it answers",
        arguments: [
            ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9090", 200), ("GET /metrics HTTP/1.1\r\nHost: localhost", 200),
            ("GET /metrics HTTP/1.1\r\nHost: [::1]:9090", 200), ("GET /healthz HTTP/1.1\r\nHost: localhost", 200),
            ("GET /readyz HTTP/1.1\r\nHost: localhost", 200), ("GET /metrics HTTP/1.1\r\nHost: evil.example", 421),
            ("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.evil.example", 421), ("POST /metrics HTTP/1.1\r\nHost: localhost", 405),
            ("POST /hooks/bearer HTTP/1.1\r\nHost: localhost", 404), ("GET / HTTP/1.1\r\nHost: localhost", 404),
        ])
    func loopback(head: String, status: Int) async throws {
        let text = try await ask(server(), head)
        #expect(text.hasPrefix("HTTP/1.1 \(status) "))
        #expect(text.hasSuffix("up 1\n") == (status == 200 && head.contains("/metrics")))
    }

    @Test(
        "a listener that the network can reach wants its token for the metrics, not for the probes",
        arguments: [
            ("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer old", 200),
            ("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: bearer new", 200),
            ("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ol", 401),
            ("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Basic old", 401), ("GET /metrics HTTP/1.1\r\nHost: h", 401),
            ("GET /healthz HTTP/1.1\r\nHost: h", 200), ("GET /readyz HTTP/1.1\r\nHost: h", 503),
        ])
    func network(head: String, status: Int) async throws {
        let text = try await ask(server(host: "0.0.0.0", tokens: ["new", "old"], ready: false), head)
        #expect(text.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test("a listener that the network can reach is refused without a token", arguments: [[], [""]])
    func refused(tokens: [String]) {
        #expect(throws: AdminConfigurationError.needsToken(host: "0.0.0.0")) {
            try server(host: "0.0.0.0", tokens: tokens)
        }
    }
}
