import CurlTransport
import Glibc
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/// SplitMix64: the same instants for the same seed.
private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// What came of a storm.
private struct Tally {
    var answered = 0
    var notSent = 0
    var maybeSent = 0
    var unexpected: [String] = []

    var total: Int { answered + notSent + maybeSent }

    mutating func count(_ outcome: HTTPOutcome, codes: [TransportError.Code]) {
        switch outcome {
        case .response: answered += 1
        case .notSent(let error):
            notSent += 1
            if !codes.contains(error.code) { unexpected.append("notSent \(error)") }
        case .maybeSent(let error):
            maybeSent += 1
            if !codes.contains(error.code) { unexpected.append("maybeSent \(error)") }
        }
    }
}

@Suite("CurlDriver: cancellation at any instant")
struct CurlTransportCancellationTests {
    /// Open descriptors of the process that are sockets to that port.
    private static func connections(to port: UInt16) -> Int {
        var count = 0
        for descriptor in 0..<Int32(4_096) {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
            }
            if isConnected, Int32(address.sin_family) == AF_INET, UInt16(bigEndian: address.sin_port) == port { count += 1 }
        }
        return count
    }

    @Test(
        "10,000 cancellations at random instants: each request answered once, nothing left behind", arguments: [1, 2] as [UInt64])
    func storm(seed: UInt64) async throws {
        let server = try CurlTransportServer([.serve(ok)])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 16, maxWaiting: 256))
        let request = try HTTPRequest(method: .get, url: server.url, isReplayable: true)
        let tally = await withTaskGroup(of: Tally.self) { group in
            for worker in 0..<32 {
                group.addTask {
                    var random = Random(state: seed &* 1_000 &+ UInt64(worker))
                    var tally = Tally()
                    for _ in 0..<157 {
                        let task = Task { await driver.send(request) }
                        for _ in 0..<(random.next() % 24) { await Task.yield() }
                        task.cancel()
                        tally.count(await task.value, codes: [.cancelled])
                    }
                    return tally
                }
            }
            return await group.reduce(into: Tally()) { sum, part in
                sum.answered += part.answered
                sum.notSent += part.notSent
                sum.maybeSent += part.maybeSent
                sum.unexpected += part.unexpected
            }
        }
        #expect(tally.total == 32 * 157)
        #expect(tally.unexpected.isEmpty, "\(tally.unexpected.prefix(5))")
        #expect(tally.notSent > 0)
        #expect(driver.outstanding == 0)
        // The driver still works, and has a connection for each that may run at the most.
        guard case .response = await driver.send(request) else {
            Issue.record("the driver no longer works")
            return
        }
        #expect(Self.connections(to: server.port) <= 16)
        await driver.shutdown()
        #expect(Self.connections(to: server.port) == 0)
    }

    @Test("cancelled before it was sent, while all places are taken: answered at once")
    func cancelledBefore() async throws {
        let server = try CurlTransportServer([.read, .hold])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1))
        let request = try HTTPRequest(method: .post, url: server.url, isReplayable: false)
        let running = Task { await driver.send(request) }
        await server.waitForRequests(1)
        for _ in 0..<200 {
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                // Now and then the message is taken in before the request that it is about.
                await Task.yield()
                return await driver.send(request)
            }
            guard case .notSent(let error) = await early.value, error.code == .cancelled else {
                Issue.record("it must not be sent")
                break
            }
        }
        running.cancel()
        _ = await running.value
        #expect(server.requests.count == 1)
        await driver.shutdown()
    }

    @Test("those that wait get their turn in order, and a cancelled one leaves no gap")
    func order() async throws {
        let server = try CurlTransportServer([[.read, .hold], [.serve(ok)]])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 1))
        func request(_ number: Int) throws -> HTTPRequest {
            try HTTPRequest(method: .get, url: server.url + "/\(number)", isReplayable: true)
        }
        let first = try request(0)
        let running = Task { await driver.send(first) }
        await server.waitForRequests(1)
        var tasks: [Task<HTTPOutcome, Never>] = []
        for number in 1...100 {
            let next = try request(number)
            tasks.append(Task { await driver.send(next) })
            while driver.outstanding < number + 1 { await Task.yield() }
        }
        for (index, task) in tasks.enumerated() where index % 3 == 0 { task.cancel() }
        for (index, task) in tasks.enumerated() where index % 3 == 0 { _ = await task.value }
        running.cancel()
        for task in tasks { _ = await task.value }
        let expected = ["GET /0 HTTP/1.1"] + (1...100).filter { ($0 - 1) % 3 != 0 }.map { "GET /\($0) HTTP/1.1" }
        #expect(server.requests.map(\.line) == expected)
        await driver.shutdown()
    }

    @Test("sending, cancelling and shutting down at once: each request answered once, each shutdown returns")
    func shutdownInTheStorm() async throws {
        let server = try CurlTransportServer([.serve(ok)])
        let request = try HTTPRequest(method: .get, url: server.url, isReplayable: true)
        for round in 0..<20 {
            let driver = try CurlDriver(configuration: CurlDriverConfiguration(maxInFlight: 8, maxWaiting: 64))
            let answered = await withTaskGroup(of: Int.self) { group in
                for worker in 0..<24 {
                    group.addTask {
                        var random = Random(state: UInt64(round * 100 + worker))
                        var good = 0
                        for _ in 0..<10 {
                            let task = Task { await driver.send(request) }
                            for _ in 0..<(random.next() % 8) { await Task.yield() }
                            if random.next() % 2 == 0 { task.cancel() }
                            var tally = Tally()
                            tally.count(await task.value, codes: [.cancelled, .shutdown])
                            if tally.unexpected.isEmpty { good += 1 }
                        }
                        return good
                    }
                }
                for worker in 0..<3 {
                    group.addTask {
                        var random = Random(state: UInt64(round * 100 + 50 + worker))
                        for _ in 0..<(random.next() % 64) { await Task.yield() }
                        await driver.shutdown(drain: worker == 0 ? .milliseconds(5) : .zero)
                        return 0
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(answered == 240)
            #expect(driver.outstanding == 0)
        }
        #expect(Self.connections(to: server.port) == 0)
    }
}
