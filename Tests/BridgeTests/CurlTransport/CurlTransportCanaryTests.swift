import CurlTransport
import Model
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

@Suite("CurlDriver: no secret in an error")
struct CurlTransportCanaryTests {
    private static let canary = "c4nary-7f3a"

    private static let scripts: [(String, [CurlTransportServer.Step])] = [
        ("FIN", [.read]), ("RST", [.read, .reset]), ("a status line cut short", [.read, .write("HTTP/1.1 20")]),
        ("not HTTP", [.read, .write("SSH-2.0-\(canary)\r\n")]),
        ("HTTP/0.9", [.read, .write(canary)]),
        ("a status that is none", [.read, .write("HTTP/1.1 \(canary)\r\n\r\n")]),
        ("an unknown version", [.read, .write("HTTP/7.3 200 \(canary)\r\n\r\n")]),
        ("a body cut short", [.read, .write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n\(canary)")]),
        ("a bad chunk", [.read, .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(canary)\r\n")]),
        ("an unknown coding", [.read, .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: \(canary)\r\n\r\nxx")]),
        ("a length that is none", [.read, .write("HTTP/1.1 200 OK\r\nContent-Length: \(canary)\r\n\r\n")]),
        ("a huge length", [.read, .write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n")]),
        ("too large", [.read, .write("HTTP/1.1 200 OK\r\n\r\n"), .flood(canary, times: 100_000)]),
        ("headers too large", [.read, .write("HTTP/1.1 200 OK\r\n"), .flood("\(canary): \(canary)\r\n", times: 100_000)]),
        ("no answer", [.read, .hold]), ("no handshake", [.readBytes, .write("\(canary)\r\n")]),
    ]

    @Test("secrets in path, query, header, token, body and answer stay out of the error", arguments: scripts)
    func secrets(scenario: String, script: [CurlTransportServer.Step]) async throws {
        let server = try CurlTransportServer(script)
        let driver = try CurlDriver()
        for url in [server.url, "https://127.0.0.1:\(server.port)"] {
            let request = try HTTPRequest(
                method: .post, url: "\(url)/\(Self.canary)/../?token=\(Self.canary)",
                headers: [("X-\(Self.canary)", Self.canary)],
                bearer: Secret(Self.canary), body: Array(Self.canary.utf8), isReplayable: false,
                totalTimeout: .milliseconds(1_500), maxResponseBytes: 10_000)
            Self.check(await driver.exchange(request))
            #expect(!"\(request)".contains(Self.canary) && !String(reflecting: request).contains(Self.canary))
        }
        await driver.shutdown()
    }

    @Test("secrets stay out of the error when no connection is made")
    func notSent() async throws {
        let closed = try CurlTransportServer([.read]).url
        let refusing = try CurlTransportServer([.read, .write("HTTP/1.1 403 \(Self.canary)\r\nContent-Length: 0\r\n\r\n")])
        let plain = try CurlDriver()
        let proxied = try CurlDriver(configuration: CurlDriverConfiguration(proxy: refusing.url))
        for (driver, url) in [
            (plain, closed), (plain, "http://no-such-host.invalid"), (plain, "https://no-such-host.invalid"),
            (proxied, "https://vps.invalid"),
        ] {
            let request = try HTTPRequest(
                method: .post, url: "\(url)/\(Self.canary)?\(Self.canary)", headers: [("X-A", Self.canary)],
                bearer: Secret(Self.canary), body: Array(Self.canary.utf8), isReplayable: false)
            Self.check(await driver.exchange(request))
        }
        await plain.shutdown()
        #expect(!refusing.requests.contains { $0.head.contains(Self.canary) }, "the proxy of an https request sees no token")
        await proxied.shutdown()
    }

    private static func check(_ exchange: HTTPExchange) {
        let error: TransportError
        switch exchange.outcome {
        case .response: return
        case .notSent(let reason), .maybeSent(let reason): error = reason
        }
        #expect(!error.message.contains(canary) && !"\(error)".contains(canary), "\(error.code)")
        #expect(!error.message.utf8.isEmpty)
    }
}
