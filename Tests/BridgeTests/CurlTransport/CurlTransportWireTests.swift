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
}
