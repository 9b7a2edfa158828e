import CurlTransport
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

private func code(_ outcome: HTTPOutcome) -> String {
    switch outcome {
    case .response(let response): "response \(response.status)"
    case .notSent(let error): "notSent \(error.code.rawValue)"
    case .maybeSent(let error): "maybeSent \(error.code.rawValue)"
    }
}

@Suite("CurlDriver: admission, cancellation, shutdown")
struct CurlTransportDriverTests {
    private static func post(_ url: String, timeout: Duration = .seconds(30)) throws -> HTTPRequest {
        try HTTPRequest(method: .post, url: url, body: [], isReplayable: false, totalTimeout: timeout)
    }

    @Test("cancelling a request that was let out: maybeSent, at once")
    func cancelRunning() async throws {
        let server = try CurlTransportServer([.read, .hold])
        let driver = try CurlDriver()
        let request = try Self.post(server.url)
        var quick = 0
        for number in 1...5 {
            let task = Task { await driver.send(request) }
            await server.waitForRequests(number)
            let start = ContinuousClock.now
            task.cancel()
            #expect(code(await task.value) == "maybeSent cancelled")
            if ContinuousClock.now - start < .milliseconds(100) { quick += 1 }
        }
        // A loop that is not woken looks when libcurl's own timer, 200 ms after the start, or its own second is over. On a busy machine
        // most tries may wait for a processor; a loop that nobody wakes is never quick.
        #expect(quick >= 1)
        #expect(server.requests.count == 5)
        #expect(driver.outstanding == 0)
        await driver.shutdown()
    }

    @Test("cancelling a request that waits, or before it is sent: notSent, and the server never sees it")
    func cancelWaiting() async throws {
        let server = try CurlTransportServer([.read, .hold])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1))
        let first = try Self.post(server.url + "/first")
        let second = try Self.post(server.url + "/second")
        let running = Task { await driver.send(first) }
        await server.waitForRequests(1)
        let waiting = Task { await driver.send(second) }
        while driver.outstanding < 2 { await Task.yield() }
        waiting.cancel()
        #expect(code(await waiting.value) == "notSent cancelled")
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await driver.send(second)
        }
        #expect(code(await early.value) == "notSent cancelled")
        running.cancel()
        #expect(code(await running.value) == "maybeSent cancelled")
        #expect(server.requests.map(\.line) == ["POST /first HTTP/1.1"])
        await driver.shutdown()
    }

    @Test("with 64 in flight every cancelled task has its outcome, and exactly one")
    func cancelMany() async throws {
        let server = try CurlTransportServer([.read, .hold])
        let driver = try CurlDriver()
        let request = try Self.post(server.url)
        let tasks = (0..<64).map { _ in Task { await driver.send(request) } }
        await server.waitForRequests(64)
        for task in tasks { task.cancel() }
        for task in tasks { #expect(code(await task.value) == "maybeSent cancelled") }
        #expect(driver.outstanding == 0)
        #expect(server.requests.count == 64)
        await driver.shutdown()
    }

    @Test("more than may run and wait is refused at once, and what waits gets its turn")
    func busy() async throws {
        let server = try CurlTransportServer([[.read, .hold], [.read, .write(ok)]])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1, maxWaiting: 1))
        let request = try Self.post(server.url)
        let running = Task { await driver.send(request) }
        await server.waitForRequests(1)
        let waiting = Task { await driver.send(request) }
        while driver.outstanding < 2 { await Task.yield() }
        #expect(code(await driver.send(request)) == "notSent busy")
        running.cancel()
        #expect(code(await waiting.value) == "response 200")
        #expect(server.requests.count == 2)
        await driver.shutdown()
    }

    @Test("the total timeout counts from send: a request that got no turn was not sent")
    func timeoutWaiting() async throws {
        let server = try CurlTransportServer([.read, .hold])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1))
        let long = try Self.post(server.url)
        let running = Task { await driver.send(long) }
        await server.waitForRequests(1)
        let short = try Self.post(server.url, timeout: .milliseconds(50))
        let elapsed = await curlTransportFastest(below: .milliseconds(500)) {
            #expect(code(await driver.send(short)) == "notSent timeout")
        }
        #expect(elapsed < .milliseconds(500))
        running.cancel()
        _ = await running.value
        #expect(server.requests.count == 1)
        await driver.shutdown()
    }

    @Test("shutdown answers all that run and wait, each once, before it returns; later ones are refused")
    func shutdown() async throws {
        let server = try CurlTransportServer([.read, .hold])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 3))
        let request = try Self.post(server.url)
        let tasks = (0..<8).map { _ in Task { code(await driver.send(request)) } }
        await server.waitForRequests(3)
        while driver.outstanding < 8 { await Task.yield() }
        async let other: Void = driver.shutdown()
        await driver.shutdown()
        await other
        #expect(driver.outstanding == 0)
        #expect(code(await driver.send(request)) == "notSent shutdown")
        var outcomes: [String] = []
        for task in tasks { outcomes.append(await task.value) }
        #expect(outcomes.count { $0 == "maybeSent shutdown" } == 3)
        #expect(outcomes.count { $0 == "notSent shutdown" } == 5)
        #expect(server.requests.count == 3)
        await driver.shutdown()
    }

    @Test("shutdown lets what runs end within its time to drain")
    func drain() async throws {
        let server = try CurlTransportServer([[.read, .drip(ok, milliseconds: 2)], [.read, .hold]])
        let driver = try CurlDriver()
        let request = try Self.post(server.url)
        let quick = Task { await driver.send(request) }
        await server.waitForRequests(1)
        await driver.shutdown(drain: .seconds(20))
        #expect(code(await quick.value) == "response 200")

        let second = try CurlDriver()
        let slow = Task { await second.send(request) }
        await server.waitForRequests(2)
        await second.shutdown(drain: .milliseconds(50))
        #expect(code(await slow.value) == "maybeSent shutdown")
        #expect(server.requests.count == 2)
    }

    @Test("a driver that is let go without a shutdown ends its thread and answers nobody late")
    func letGo() async throws {
        let server = try CurlTransportServer([.read, .write(ok)])
        let request = try Self.post(server.url)
        for _ in 0..<20 {
            let driver = try CurlDriver()
            #expect(code(await driver.send(request)) == "response 200")
        }
        #expect(server.requests.count == 20)
    }

    @Test("a thousand requests at 16 at once: every one answered")
    func many() async throws {
        let page = Array(repeating: [CurlTransportServer.Step.read, .write(ok)], count: 200).flatMap { $0 }
        let server = try CurlTransportServer(page)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 16, maxWaiting: 1_000))
        let request = try HTTPRequest(method: .get, url: server.url, isReplayable: true)
        let answered = await withTaskGroup(of: String.self) { group in
            for _ in 0..<1_000 { group.addTask { code(await driver.send(request)) } }
            return await group.reduce(into: 0) { count, outcome in count += outcome == "response 200" ? 1 : 0 }
        }
        #expect(answered == 1_000)
        #expect(server.requests.count == 1_000)
        await driver.shutdown()
    }
}
