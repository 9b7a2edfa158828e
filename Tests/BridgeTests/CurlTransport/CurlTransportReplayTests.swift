import CurlTransport
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

@Suite("CurlDriver: a request is not repeated behind the caller's back")
struct CurlTransportReplayTests {
    /// The first connection answers once and dies on its second request; every further one answers.
    private static func server(dying: [CurlTransportServer.Step]) throws -> CurlTransportServer {
        try CurlTransportServer([[.read, .write(ok), .read] + dying, [.read, .write(ok), .read, .write(ok)]])
    }

    private static func posts(_ server: CurlTransportServer) -> Int {
        server.requests.count { $0.line.hasPrefix("POST /create") }
    }

    @Test("a POST on a reused connection that dies reaches the server exactly once", arguments: ["FIN", "RST"])
    func once(death: String) async throws {
        let server = try Self.server(dying: death == "RST" ? [.reset] : [])
        let driver = try CurlDriver()
        _ = await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true))
        let create = try HTTPRequest(method: .post, url: server.url + "/create", body: Array("{}".utf8), isReplayable: false)
        guard case .maybeSent(let error) = await driver.send(create) else {
            Issue.record("the outcome must be maybeSent")
            return
        }
        #expect(error.code == .reset)
        #expect(Self.posts(server) == 1)
        #expect(server.requests.last?.connection == 0, "the connection was not reused, so nothing was tested")
        await driver.shutdown()
    }

    @Test("without the guard libcurl sends it twice: the test above tests something", arguments: ["FIN", "RST"])
    func twice(death: String) async throws {
        let server = try Self.server(dying: death == "RST" ? [.reset] : [])
        let driver = try CurlDriver()
        _ = await driver.send(try HTTPRequest(method: .get, url: server.url, isReplayable: true))
        let replayable = try HTTPRequest(method: .post, url: server.url + "/create", body: Array("{}".utf8), isReplayable: true)
        guard case .response = await driver.send(replayable) else {
            Issue.record("the repeated request must be answered")
            return
        }
        #expect(Self.posts(server) == 2)
        await driver.shutdown()
    }

    @Test("connections are reused")
    func reuse() async throws {
        let server = try CurlTransportServer([.read, .write(ok), .read, .write(ok), .read, .write(ok)])
        let driver = try CurlDriver()
        for _ in 0..<3 { _ = await driver.send(try HTTPRequest(method: .post, url: server.url, isReplayable: false)) }
        #expect(server.requests.map(\.connection) == [0, 0, 0])
        await driver.shutdown()
    }
}
