import Model
import NIOCore
import Store
import Testing

@testable import Inbound

/// Bytes as a peer sends them, and the status lines that come back before the connection is closed.
private struct InboundWireCase: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: String
    var statuses: [Int]

    var testDescription: String { name }
}

private let auth = "Authorization: Bearer correct horse\r\nContent-Type: application/json\r\n"
private let post = "POST /hooks/bearer HTTP/1.1\r\nHost: h\r\n"

private func request(_ body: String, extra: String = "") -> String {
    "\(post)\(auth)\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// The rest of a request that would be taken: its length and its body.
private let rest = "Content-Length: \(InboundBench.noAlerts.utf8.count)\r\n\r\n\(InboundBench.noAlerts)"

private func statuses(in text: String) -> [Int] {
    text.split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
}

@Suite("Inbound: on the wire", .timeLimit(.minutes(1)))
struct InboundSocketTests {
    private static let quick = ListenerLimits(
        headerTimeout: .milliseconds(300), bodyTimeout: .milliseconds(300), keepAliveTimeout: .milliseconds(300),
        lingerTimeout: .milliseconds(100))

    @Test(
        "every request gets exactly one answer, and what is not HTTP ends its connection",
        arguments: [
            InboundWireCase(
                name: "two requests on one connection",
                bytes: request(InboundBench.alert) + request(InboundBench.noAlerts, extra: "Connection: close\r\n"),
                statuses: [200, 200]),
            InboundWireCase(
                name: "chunked",
                bytes: "\(post)\(auth)Transfer-Encoding: Chunked\r\nConnection: close\r\n\r\n"
                    + "\(String(InboundBench.noAlerts.utf8.count, radix: 16))\r\n\(InboundBench.noAlerts)\r\n0\r\n\r\n",
                statuses: [200]),
            InboundWireCase(
                name: "Content-Length over the cap", bytes: "\(post)\(auth)Content-Length: 1048577\r\n\r\n", statuses: [413]),
            InboundWireCase(
                name: "Content-Length beyond Int", bytes: "\(post)\(auth)Content-Length: 99999999999999999999\r\n\r\n",
                statuses: [400]),
            InboundWireCase(name: "no proof, body unread", bytes: "\(post)Content-Length: 1000\r\n\r\n", statuses: [401]),
            InboundWireCase(
                name: "header too long", bytes: "\(post)X: \(String(repeating: "x", count: 16 << 10))\r\n\r\n", statuses: [431]),
            InboundWireCase(
                name: "path too long", bytes: "POST /\(String(repeating: "x", count: 16 << 10)) HTTP/1.1\r\nHost: h\r\n\r\n",
                statuses: [431]),
            InboundWireCase(
                name: "too many headers", bytes: "\(post)\(String(repeating: "X: y\r\n", count: 101))\r\n", statuses: [431]),
            InboundWireCase(name: "no HTTP", bytes: "hello\r\n\r\n", statuses: [400]),
            InboundWireCase(name: "TLS", bytes: "\u{16}\u{3}\u{1}\u{2}\u{0}", statuses: [400]),
            InboundWireCase(
                name: "both lengths", bytes: "\(post)\(auth)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                statuses: [400]),
            InboundWireCase(
                name: "two lengths", bytes: "\(post)\(auth)Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", statuses: [400]),
            InboundWireCase(name: "negative length", bytes: "\(post)\(auth)Content-Length: -1\r\n\r\n", statuses: [400]),
            InboundWireCase(name: "signed length", bytes: "\(post)\(auth)Content-Length: +2\r\n\r\n{}", statuses: [400]),
            InboundWireCase(
                name: "transfer encoding that is not chunked last",
                bytes: "\(post)\(auth)Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", statuses: [400]),
            InboundWireCase(
                name: "a transfer encoding besides chunked",
                bytes: "\(post)\(auth)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", statuses: [501]),
            InboundWireCase(
                name: "HTTP/1.0 ends its connection by itself",
                bytes:
                    "POST /hooks/bearer HTTP/1.0\r\nHost: h\r\n\(auth)Content-Length: \(InboundBench.noAlerts.utf8.count)\r\n\r\n"
                    + InboundBench.noAlerts, statuses: [200]),
            InboundWireCase(
                name: "close, in whatever case", bytes: request(InboundBench.alert, extra: "Connection: Close\r\n"),
                statuses: [200]),
            InboundWireCase(
                name: "no host", bytes: "POST /hooks/bearer HTTP/1.1\r\n\(auth)\(rest)", statuses: [400]),
            InboundWireCase(name: "two hosts", bytes: "\(post)Host: i\r\n\(auth)\(rest)", statuses: [400]),
            InboundWireCase(
                name: "folded header", bytes: "\(post)X: a\r\n b\r\n\(auth)\(rest)", statuses: [400]),
            InboundWireCase(
                name: "space before the colon", bytes: "\(post)X : a\r\n\(auth)\(rest)", statuses: [400]),
            InboundWireCase(
                name: "bare line feeds", bytes: "POST /hooks/bearer HTTP/1.1\nHost: h\n\(auth)\(rest)", statuses: [400]),
            InboundWireCase(
                name: "garbage after a request", bytes: request(InboundBench.alert) + "garbage\r\n\r\n", statuses: [200, 400]),
            InboundWireCase(
                name: "more body than announced",
                bytes: "\(post)\(auth)Content-Length: \(InboundBench.noAlerts.utf8.count)\r\n\r\n\(InboundBench.noAlerts)}}}",
                statuses: [200, 400]),
            InboundWireCase(
                name: "a method with a body that is no method here",
                bytes: "PUT /hooks/bearer HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
                statuses: [405]),
            InboundWireCase(
                name: "upgrade", bytes: "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
                statuses: [200]),
            InboundWireCase(name: "CONNECT", bytes: "CONNECT evil.example:443 HTTP/1.1\r\nHost: h\r\n\r\n", statuses: [404]),
            InboundWireCase(name: "HTTP/2 preface", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", statuses: [400]),
            InboundWireCase(
                name: "NUL in a header", bytes: "\(post)X: a\u{0}b\r\n\(auth)\(rest)", statuses: [400]),
            InboundWireCase(
                name: "no chunk size", bytes: "\(post)\(auth)Transfer-Encoding: chunked\r\n\r\nxyz\r\n", statuses: [400]),
        ])
    fileprivate func wire(exchange: InboundWireCase) async throws {
        let bench = InboundBench(limits: Self.quick)
        let reply = try await bench.listening { port in try await InboundRawClient.exchange(port: port, [exchange.bytes]).text }
        #expect(statuses(in: reply) == exchange.statuses)
        #expect(bench.store.accepted.count == exchange.statuses.count { $0 == 200 && exchange.bytes.hasPrefix("POST") })
    }

    @Test("a connection that says nothing ends at the header deadline")
    func silence() async throws {
        let bench = InboundBench(limits: Self.quick)
        let (text, duration) = try await bench.listening { port in try await InboundRawClient.exchange(port: port, []) }
        #expect(text.isEmpty)
        #expect(duration >= .milliseconds(300))
    }

    @Test("headers that trickle in end at the header deadline without an answer")
    func slowHeaders() async throws {
        let bench = InboundBench(limits: Self.quick)
        let (text, duration) = try await bench.listening { port in
            try await InboundRawClient.exchange(port: port, post.map { String($0) }, pause: .milliseconds(50))
        }
        #expect(text.isEmpty)
        #expect(duration >= .milliseconds(300))
    }

    @Test("a body that trickles in ends at its deadline with 408, however steadily it comes")
    func slowBody() async throws {
        let bench = InboundBench(limits: Self.quick)
        let pieces = ["\(post)\(auth)Content-Length: 1000\r\n\r\n"] + Array(repeating: "x", count: 100)
        let (text, duration) = try await bench.listening { port in
            try await InboundRawClient.exchange(port: port, pieces, pause: .milliseconds(50))
        }
        #expect(statuses(in: text) == [408])
        #expect(text.contains("\"body_timeout\""))
        #expect(duration >= .milliseconds(300))
        #expect(bench.server.metrics.count(source: "bearer", .invalid) == 1)
    }

    @Test("a silent connection ends at the keep-alive deadline")
    func idle() async throws {
        let bench = InboundBench(limits: Self.quick)
        let (text, duration) = try await bench.listening { port in
            try await InboundRawClient.exchange(port: port, [request(InboundBench.alert)])
        }
        #expect(statuses(in: text) == [200])
        #expect(duration >= .milliseconds(300))
    }

    @Test("a chunked body over the cap is refused while it comes in")
    func longChunkedBody() async throws {
        let bench = InboundBench(limits: ListenerLimits(maxBodyBytes: 10_000, lingerTimeout: .milliseconds(100)))
        let chunk = "400\r\n\(String(repeating: "x", count: 1024))\r\n"
        let pieces = ["\(post)\(auth)Transfer-Encoding: chunked\r\n\r\n"] + Array(repeating: chunk, count: 12)
        let text = try await bench.listening { port in try await InboundRawClient.exchange(port: port, pieces).text }
        #expect(statuses(in: text) == [413])
    }

    @Test("a body that ends early is no body, even if what came would be valid", arguments: [true, false])
    func truncated(chunked: Bool) async throws {
        let bench = InboundBench(limits: Self.quick)
        let body = InboundBench.noAlerts
        let framing =
            chunked
            ? "Transfer-Encoding: chunked\r\n\r\n\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n"
            : "Content-Length: \(body.utf8.count + 1)\r\n\r\n\(body)"
        let text = try await bench.listening { port in
            try await InboundRawClient.exchange(port: port, ["\(post)\(auth)\(framing)"], ending: .halfClose).text
        }
        #expect(statuses(in: text) == [400])
        #expect(bench.store.accepted.isEmpty)
    }

    @Test("beyond the connection cap a peer waits until another one has gone")
    func connectionCap() async throws {
        var limits = Self.quick
        limits.maxConnections = 1
        let bench = InboundBench(limits: limits)
        let ask = request(InboundBench.alert, extra: "Connection: close\r\n")
        try await bench.listening { port in
            let accepted = InboundLatch()
            let started = NIODeadline.now()
            async let idle = InboundRawClient.exchange(port: port, [request(InboundBench.alert)], onReply: accepted.open)
            await accepted.wait()
            let second = try await InboundRawClient.exchange(port: port, [ask])
            #expect(statuses(in: second.text) == [200])
            #expect(NIODeadline.now() - started >= .milliseconds(300))
            _ = try await idle
        }
    }

    @Test("a sender that asks before it sends its body is told to go on, after its proof was checked", arguments: [true, false])
    func expectation(isAuthentic: Bool) async throws {
        let bench = InboundBench(limits: Self.quick)
        let head = "\(post)\(isAuthentic ? auth : "")Expect: 100-continue\r\nConnection: close\r\nContent-Length: "
        let pieces = ["\(head)\(InboundBench.alert.utf8.count)\r\n\r\n", isAuthentic ? InboundBench.alert : ""]
        let text = try await bench.listening { port in
            try await InboundRawClient.exchange(port: port, pieces, pause: .milliseconds(50)).text
        }
        #expect(statuses(in: text) == (isAuthentic ? [100, 200] : [401]))
    }

    @Test("the answer exists only after the store has returned")
    func durable() async throws {
        let entered = InboundLatch()
        let release = InboundLatch()
        let stored = InboundCounter()
        let bench = InboundBench(
            store: InboundFakeStore { _ in
                entered.open()
                await release.wait()
                stored.increment()
                return .success(.stored(.init(rawValue: 1)))
            }, limits: Self.quick)
        try await bench.listening { port in
            async let reply = InboundRawClient.exchange(port: port, [request(InboundBench.alert, extra: "Connection: close\r\n")])
            await entered.wait()
            #expect(bench.doorbell.value == 0)
            #expect(bench.server.metrics.count(source: "bearer", .accepted) == 0)
            release.open()
            let text = try await reply.text
            #expect(stored.value == 1)
            #expect(statuses(in: text) == [200])
        }
    }

    @Test("a shutdown finishes what is in flight and closes what is idle")
    func graceful() async throws {
        let entered = InboundLatch()
        let release = InboundLatch()
        let bench = InboundBench(
            store: InboundFakeStore { _ in
                entered.open()
                await release.wait()
                return .success(.stored(.init(rawValue: 1)))
            })
        let reply = Task<String, any Error>.detached {
            let port = try #require(await bench.server.boundPort())
            return try await InboundRawClient.exchange(port: port, [request(InboundBench.alert)]).text
        }
        try await bench.listening { _ in
            await entered.wait()
        } whileStopping: {
            release.open()
        }
        #expect(statuses(in: try await reply.value) == [200])
    }

    @Test("health is told apart from readiness", arguments: [true, false])
    func health(ready: Bool) async throws {
        let bench = InboundBench(limits: Self.quick, ready: ready)
        let ask = { @Sendable (path: String) in "GET \(path) HTTP/1.1\r\nHost: h\r\n" }
        let text = try await bench.listening { port in
            try await InboundRawClient.exchange(
                port: port, ["\(ask("/healthz"))\r\n\(ask("/readyz"))Connection: close\r\n\r\n"]
            ).text
        }
        #expect(statuses(in: text) == [200, ready ? 200 : 503])
        #expect(text.contains("ok\n"))
    }
}
