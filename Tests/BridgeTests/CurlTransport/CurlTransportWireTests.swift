import CurlTransport
import Glibc
import Model
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

@Suite("CurlDriver: what goes over the wire")
struct CurlTransportWireTests {
    private func sent(_ request: (String) throws -> HTTPRequest) async throws -> CurlTransportServer.Request {
        let server = try CurlTransportServer([.read, .write(ok)])
        let driver = try CurlDriver()
        guard case .response = await driver.send(try request(server.url)) else {
            throw CurlTransportServer.Failure(call: "send", code: 0)
        }
        await driver.shutdown()
        return try #require(server.requests.first)
    }

    private func withoutHost(_ request: CurlTransportServer.Request) -> [String] {
        request.headerLines.filter { !$0.hasPrefix("Host: 127.0.0.1:") }
    }

    @Test("a POST: the headers given and libcurl's few, no Expect, no Accept-Encoding")
    func post() async throws {
        let body = [UInt8](repeating: 0, count: 100_000)
        let request = try await sent { url in
            try HTTPRequest(
                method: .post, url: url + "/a/../b/?q=%20", headers: [("Content-Type", "application/json"), ("X-Empty", "")],
                bearer: Secret("vps_abc"), body: body, isReplayable: false)
        }
        #expect(request.line == "POST /a/../b/?q=%20 HTTP/1.1")
        #expect(
            withoutHost(request) == [
                "Accept: */*", "Authorization: Bearer vps_abc", "Content-Length: 100000", "Content-Type: application/json",
                "User-Agent: vpsbridge", "X-Empty:",
            ])
        #expect(request.body == body)
    }

    private static let methods: [(HTTPMethod, hasBody: Bool, lengthLine: String?)] = [
        (.get, false, nil), (.delete, false, nil), (.post, false, "Content-Length: 0"), (.put, false, "Content-Length: 0"),
        (.patch, false, "Content-Length: 0"), (.post, true, "Content-Length: 2"), (.put, true, "Content-Length: 2"),
        (.patch, true, "Content-Length: 2"), (.delete, true, "Content-Length: 2"), (.get, true, "Content-Length: 2"),
    ]

    @Test("each method with and without a body", arguments: methods)
    func method(method: HTTPMethod, hasBody: Bool, lengthLine: String?) async throws {
        let request = try await sent { url in
            try HTTPRequest(method: method, url: url, body: hasBody ? [0x7B, 0x7D] : nil, isReplayable: true)
        }
        #expect(request.line == "\(method.rawValue) / HTTP/1.1")
        #expect(withoutHost(request) == ["Accept: */*", lengthLine, "User-Agent: vpsbridge"].compactMap { $0 })
    }

    @Test("an empty body is not no body", arguments: [HTTPMethod.post, .delete])
    func emptyBody(method: HTTPMethod) async throws {
        let request = try await sent { try HTTPRequest(method: method, url: $0, body: [], isReplayable: true) }
        #expect(request.headerLines.contains("Content-Length: 0"))
    }

    @Test("HEAD has no body to wait for")
    func head() async throws {
        let server = try CurlTransportServer([.read, .write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), .hold])
        let driver = try CurlDriver()
        guard
            case .response(let response) = await driver.send(try HTTPRequest(method: .head, url: server.url, isReplayable: true))
        else {
            Issue.record("no response")
            return
        }
        #expect(response.body.isEmpty && response.header("Content-Length") == "99")
        #expect(server.requests.map(\.line) == ["HEAD / HTTP/1.1"])
        await driver.shutdown()
    }

    @Test("a token of one request is not in the next")
    func noLeftovers() async throws {
        let server = try CurlTransportServer([.read, .write(ok), .read, .write(ok)])
        let driver = try CurlDriver()
        _ = await driver.send(
            try HTTPRequest(
                method: .post, url: server.url, headers: [("X-A", "1")], bearer: Secret("t"), body: [1], isReplayable: false))
        _ = await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: false))
        #expect(server.requests.map(\.connection) == [0, 0])
        #expect(server.requests.last.map(withoutHost) == ["Accept: */*", "User-Agent: vpsbridge"])
        await driver.shutdown()
    }

    @Test("a configured proxy is used, and its answer is taken")
    func proxy() async throws {
        let proxy = try CurlTransportServer([.read, .write(ok)])
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(proxy: proxy.url))
        _ = await driver.send(try HTTPRequest(method: .get, url: "http://vps.invalid/a", isReplayable: false))
        #expect(proxy.requests.map(\.line) == ["GET http://vps.invalid/a HTTP/1.1"])
        await driver.shutdown()
    }

    // In a process of its own, since the environment belongs to all threads.
    @Test("the environment's proxies are not used")
    func proxyOfTheEnvironment() async {
        await #expect(processExitsWith: .success) {
            let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            let server = try CurlTransportServer([.read, .write(ok)])
            let proxy = try CurlTransportServer([.read, .write(ok)])
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setenv(name, proxy.url, 1)
            }
            let driver = try CurlDriver()
            let request = try HTTPRequest(method: .get, url: server.url, bearer: Secret("t"), isReplayable: false)
            guard case .response = await driver.send(request), server.requests.count == 1, proxy.requests.isEmpty else { exit(1) }
            await driver.shutdown()
        }
    }

    @Test("a request bound to public addresses reaches no other, however the address is written")
    func publicOnly() async throws {
        let server = try CurlTransportServer([.read, .write(ok), .read, .write(ok)])
        let driver = try CurlDriver()
        for host in [
            "127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
        ] {
            let request = try HTTPRequest(
                method: .get, url: "http://\(host):\(server.port)/", isReplayable: true, destination: .publicOnly)
            guard case .notSent(let error) = await driver.send(request) else {
                Issue.record("\(host) was reached")
                continue
            }
            #expect(error.code == .connect, "\(host)")
        }
        #expect(server.accepted == 0)
        await driver.shutdown()
    }

    @Test("a request bound to public addresses does not slip through on a connection that stands")
    func publicOnlyReused() async throws {
        let server = try CurlTransportServer([.read, .write(ok), .read, .write(ok)])
        let driver = try CurlDriver()
        _ = await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true))
        let request = try HTTPRequest(method: .post, url: server.url, isReplayable: false, destination: .publicOnly)
        guard case .notSent = await driver.send(request) else {
            Issue.record("it was reached")
            return
        }
        #expect(server.requests.count == 1)
        await driver.shutdown()
    }

    private static let addresses: [(String, Bool)] = [
        ("8.8.8.8", true), ("1.1.1.1", true), ("9.255.255.255", true), ("11.0.0.0", true), ("100.63.255.255", true),
        ("100.128.0.0", true),
        ("172.15.255.255", true), ("172.32.0.0", true), ("198.17.255.255", true), ("198.20.0.0", true), ("223.255.255.255", true),
        ("0.0.0.0", false), ("0.1.2.3", false), ("10.0.0.1", false), ("10.255.255.255", false), ("100.64.0.0", false),
        ("100.127.255.255", false), ("127.0.0.1", false), ("127.255.255.254", false), ("169.254.169.254", false),
        ("172.16.0.0", false),
        ("172.31.255.255", false), ("192.0.0.8", false), ("192.0.2.1", false), ("192.88.99.1", false), ("192.168.0.1", false),
        ("198.18.0.0", false), ("198.19.255.255", false), ("198.51.100.1", false), ("203.0.113.1", false), ("224.0.0.1", false),
        ("239.255.255.255", false), ("240.0.0.1", false), ("255.255.255.255", false),
        ("2606:4700:4700::1111", true), ("2a00:1450::1", true), ("3ffe::1", true), ("::ffff:8.8.8.8", true),
        ("::", false), ("::1", false), ("::ffff:127.0.0.1", false), ("::ffff:a00:1", false), ("::127.0.0.1", false),
        ("64:ff9b::7f00:1", false),
        ("fc00::1", false), ("fdff::1", false), ("fe80::1", false), ("fec0::1", false), ("ff02::1", false), ("100::1", false),
        ("2001::1", false), ("2001:1ff:ffff::1", false), ("2001:200::1", true), ("2001:db8::1", false), ("2002:7f00:1::", false),
        ("3fff::1", false), ("3fff:fff::1", false), ("4000::1", false), ("", false), ("localhost", false), ("8.8.8.8\0", false),
    ]

    @Test("public addresses and others", arguments: addresses)
    func address(text: String, isPublic: Bool) {
        #expect(PublicAddress.contains(text) == isPublic)
    }
}
