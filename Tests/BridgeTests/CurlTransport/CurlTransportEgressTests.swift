import CurlTransport
import Synchronization
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
private let name = "hooks.example.org"
private let url = "https://hooks.example.org/x"

/// Answers look-ups as it is told, one answer after the other; the last serves all further ones.
private final class Lookups: Sendable {
    private let answers: Mutex<[[String]]>
    private let count = Mutex(0)
    let port: UInt16

    init(_ answers: [[String]], port: UInt16) {
        self.answers = Mutex(answers)
        self.port = port
    }

    var asked: Int { count.withLock { $0 } }

    @Sendable func answer(_ url: HTTPURL) -> HostRoute? {
        count.withLock { $0 += 1 }
        let addresses = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        return HostRoute(addresses: addresses, port: port)
    }
}

private func short(_ outcome: HTTPOutcome) -> String {
    switch outcome {
    case .response(let response): "response \(response.status)"
    case .notSent(let error): "notSent \(error.code.rawValue)"
    case .maybeSent(let error): "maybeSent \(error.code.rawValue)"
    }
}

private let refused = "connect: the host's address is not a public one"

/// What an allowed name may lead to. The server listens on loopback, so whatever reaches it was not refused.
@Suite("CurlDriver: where a request of an event leads")
struct CurlTransportEgressTests {
    private func event(_ timeout: Duration = .seconds(20)) throws -> HTTPRequest {
        try HTTPRequest(
            method: .post, url: url, body: [1], isReplayable: false, totalTimeout: timeout,
            destination: .event(try EgressPolicy(allowedHosts: [name])))
    }

    private func configured() throws -> HTTPRequest {
        try HTTPRequest(method: .get, url: url, isReplayable: true)
    }

    private static let insideAddresses = [
        ["127.0.0.1"], ["127.8.8.8"], ["0.0.0.0"], ["10.0.0.1"], ["172.16.0.1"], ["192.168.0.1"], ["100.64.0.1"],
        ["169.254.169.254"],
        ["168.63.129.16"], ["224.0.0.1"], ["255.255.255.255"], ["[::1]"], ["[::]"], ["[::ffff:127.0.0.1]"], ["[::ffff:7f00:1]"],
        ["[64:ff9b::7f00:1]"], ["[fe80::1]"], ["[fd00:ec2::254]"], ["[ff02::1]"], ["10.0.0.1", "127.0.0.1", "[::1]"],
    ]

    @Test("an allowed name that leads inside leads nowhere", arguments: insideAddresses)
    func inside(addresses: [String]) async throws {
        let server = try CurlTransportServer([.readBytes])
        let lookups = Lookups([addresses], port: server.port)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(route: lookups.answer))
        guard case .notSent(let error) = await driver.send(try event()) else {
            Issue.record("it was reached")
            return
        }
        #expect(error.description == refused)
        #expect(server.accepted == 0)
        #expect(lookups.asked == 1)
        await driver.shutdown()
    }

    @Test("the same way is open for what the configuration names: the test above tests something")
    func control() async throws {
        let server = try CurlTransportServer([.readBytes])
        let lookups = Lookups([["127.0.0.1"]], port: server.port)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(route: lookups.answer))
        #expect(short(await driver.send(try configured())) == "notSent tls")
        #expect(server.accepted == 1)
        await driver.shutdown()
    }

    // Nothing answers at the public address within the timeout, or the system says at once that there is no way: both leave the second
    // address, which is inside, as the only one that would answer.
    @Test("of a public and a private address only the public one is tried", arguments: [true, false])
    func mixed(isPublicFirst: Bool) async throws {
        let server = try CurlTransportServer([.readBytes])
        let addresses = ["192.31.196.254", "127.0.0.1"]
        let lookups = Lookups([isPublicFirst ? addresses : addresses.reversed()], port: server.port)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(route: lookups.answer))
        let outcome = short(await driver.send(try event(.milliseconds(700))))
        #expect(["notSent connect", "notSent timeout"].contains(outcome))
        #expect(server.accepted == 0)
        await driver.shutdown()
    }

    @Test("rebinding: the second look-up leads inside, and is judged as the first was")
    func rebinding() async throws {
        let server = try CurlTransportServer([.readBytes])
        let lookups = Lookups([["192.31.196.254"], ["127.0.0.1"]], port: server.port)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(route: lookups.answer))
        let first = short(await driver.send(try event(.milliseconds(200))))
        #expect(["notSent connect", "notSent timeout"].contains(first))
        guard case .notSent(let error) = await driver.send(try event()) else {
            Issue.record("it was reached")
            return
        }
        #expect(error.description == refused)
        #expect(server.accepted == 0)
        #expect(lookups.asked == 2)
        await driver.shutdown()
    }

    @Test(
        "a connection that a configured request opened inside does not serve one of an event",
        .enabled(if: CurlTransportTLSServer.isAvailable, "needs /usr/bin/python3 and /usr/bin/openssl"), arguments: [false, true])
    func reuse(isReboundToPublic: Bool) async throws {
        let server = try CurlTransportTLSServer(.serve, subjectAltName: "DNS:\(name)", answer: ok)
        let lookups = Lookups([["127.0.0.1"], [isReboundToPublic ? "192.31.196.254" : "127.0.0.1"]], port: server.port)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(caFile: server.certificate, route: lookups.answer))
        #expect(short(await driver.send(try configured())) == "response 200")
        guard case .notSent(let error) = await driver.send(try event()) else {
            Issue.record("it was reached")
            return
        }
        #expect(error.description == refused)
        #expect(await server.requests() == ["GET /x HTTP/1.1"])
        await driver.shutdown()
    }

    @Test(
        "a redirect to metadata is not followed; it is told as what it is", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let other = try CurlTransportServer([.read, .write(ok)])
        for location in [
            "http://169.254.169.254/latest/meta-data/", "\(other.url)/latest/", "//127.0.0.1:\(other.port)/",
            "file:///etc/passwd",
        ] {
            let answer = "HTTP/1.1 \(status) X\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n"
            let server = try CurlTransportServer([.read, .write(answer)])
            let driver = try CurlDriver()
            let request = try HTTPRequest(method: .post, url: server.url, body: [1], isReplayable: false)
            guard case .response(let response) = await driver.send(request) else {
                Issue.record("no response")
                return
            }
            #expect(response.status == status)
            #expect(response.header("location") == location)
            #expect(server.requests.count == 1)
            await driver.shutdown()
        }
        #expect(other.accepted == 0)
    }

    @Test("behind a proxy the proxy's address is not judged, the policy's hosts are")
    func proxy() async throws {
        let proxy = try CurlTransportServer([.read, .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(proxy: proxy.url))
        guard case .notSent = await driver.send(try event()) else {
            Issue.record("the proxy refused, so nothing was sent")
            return
        }
        #expect(proxy.requests.map(\.line) == ["CONNECT \(name):443 HTTP/1.1"])
        #expect(throws: HTTPRequestError.self) {
            try HTTPRequest(
                method: .post, url: "https://evil.example/", isReplayable: false,
                destination: .event(EgressPolicy(allowedHosts: [name])))
        }
        await driver.shutdown()
    }
}
