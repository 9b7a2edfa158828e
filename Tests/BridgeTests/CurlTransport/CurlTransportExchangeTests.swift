import CurlTransport
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

private func code(_ exchange: HTTPExchange) -> String {
    switch exchange.outcome {
    case .response(let response): "response \(response.status)"
    case .notSent(let error): "notSent \(error.code.rawValue)"
    case .maybeSent(let error): "maybeSent \(error.code.rawValue)"
    }
}

@Suite("CurlDriver: what is measured of an attempt")
struct CurlTransportExchangeTests {
    @Test("a connection of its own, then one that is reused: bytes, phases in order, the count of releases")
    func response() async throws {
        let server = try CurlTransportServer([.read, .write(ok), .read, .write(ok)])
        let driver = try CurlDriver()
        let request = try HTTPRequest(method: .post, url: server.url, body: Array("{}".utf8), isReplayable: false)
        for isReused in [false, true] {
            let exchange = await driver.exchange(request)
            let timings = try #require(exchange.attempt.timings)
            #expect(code(exchange) == "response 200")
            #expect(exchange.attempt.isConnectionReused == isReused)
            #expect(exchange.attempt.requestsReleased == 1)
            #expect(exchange.attempt.queued >= .zero)
            let seen = try #require(server.requests.last)
            #expect(exchange.attempt.bytesSent == Int64(seen.head.utf8.count + 4 + seen.body.count))
            #expect(exchange.attempt.bytesReceived == Int64(ok.utf8.count))
            #expect(isReused == (timings.connect == .zero))
            #expect(timings.tls == .zero)
            #expect(timings.nameLookup <= timings.connect)
            #expect(timings.connect <= timings.firstByte)
            #expect(timings.firstByte > .zero && timings.firstByte <= timings.total)
        }
        await driver.shutdown()
    }

    @Test(
        "the bytes of a body are counted once, whether it leaves with the head or after it",
        arguments: [1, 60_000, 100_000, 1_048_576])
    func bytesSent(size: Int) async throws {
        let server = try CurlTransportServer([.read, .write(ok)])
        let driver = try CurlDriver()
        let body = [UInt8](repeating: 120, count: size)
        let exchange = await driver.exchange(
            try HTTPRequest(method: .put, url: server.url, body: body, isReplayable: false))
        let seen = try #require(server.requests.last)
        #expect(exchange.attempt.bytesSent == Int64(seen.head.utf8.count + 4 + size))
        await driver.shutdown()
    }

    @Test("no connection: nothing was released, nothing sent, and the request is known not to have left")
    func refused() async throws {
        let closed = try CurlTransportServer([.read]).url
        let driver = try CurlDriver()
        let exchange = await driver.exchange(try HTTPRequest(method: .post, url: closed, isReplayable: false))
        #expect(code(exchange) == "notSent connect")
        #expect(exchange.attempt.requestsReleased == 0 && exchange.attempt.bytesSent == 0)
        #expect(!exchange.attempt.isConnectionReused)
        #expect(exchange.attempt.timings?.connect == .zero)
        await driver.shutdown()
    }

    @Test("a request that never reached libcurl has no timings")
    func neverStarted() async throws {
        let driver = try CurlDriver()
        await driver.shutdown()
        let exchange = await driver.exchange(try HTTPRequest(method: .get, url: "http://127.0.0.1/", isReplayable: false))
        #expect(code(exchange) == "notSent shutdown")
        #expect(exchange.attempt == HTTPAttempt())
    }

    @Test("time in the queue is told apart from time in libcurl, and a cancelled attempt has its total")
    func queued() async throws {
        let server = try CurlTransportServer([[.read, .hold], [.read, .write(ok)]])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1))
        let request = try HTTPRequest(method: .post, url: server.url, isReplayable: false)
        let start = ContinuousClock.now
        let running = Task { await driver.exchange(request) }
        await server.waitForRequests(1)
        let waiting = Task { await driver.exchange(request) }
        while driver.outstanding < 2 { await Task.yield() }
        let queuedFrom = ContinuousClock.now
        while ContinuousClock.now - queuedFrom < .milliseconds(5) { await Task.yield() }
        running.cancel()
        let cancelled = await running.value
        let second = await waiting.value
        let elapsed = ContinuousClock.now - start
        #expect(code(cancelled) == "maybeSent cancelled" && code(second) == "response 200")
        #expect(cancelled.attempt.bytesSent > 0 && cancelled.attempt.requestsReleased == 1)
        let total = try #require(cancelled.attempt.timings?.total)
        #expect(total >= .milliseconds(5) && total <= elapsed)
        #expect(second.attempt.queued >= .milliseconds(5) && second.attempt.queued <= elapsed)
        await driver.shutdown()
    }

    @Test("behind a proxy the bytes of its CONNECT do not make a request sent")
    func connect() async throws {
        let proxy = try CurlTransportServer([.read, .write("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(proxy: proxy.url))
        let exchange = await driver.exchange(
            try HTTPRequest(method: .post, url: "https://vps.invalid/a", body: [1], isReplayable: false))
        #expect(code(exchange).hasPrefix("notSent"))
        #expect(exchange.attempt.requestsReleased == 0)
        #expect(proxy.requests.map(\.line) == ["CONNECT vps.invalid:443 HTTP/1.1"])
        await driver.shutdown()
    }
}
