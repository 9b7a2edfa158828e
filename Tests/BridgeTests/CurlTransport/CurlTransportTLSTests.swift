import CurlTransport
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

@Suite("CurlDriver: TLS", .enabled(if: CurlTransportTLSServer.isAvailable, "needs /usr/bin/python3 and /usr/bin/openssl"))
struct CurlTransportTLSTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var behaviour: CurlTransportTLSServer.Behaviour = .serve
        var subjectAltName = "IP:127.0.0.1"
        var isExpired = false
        var isTrusted = true
        var timeout: Duration = .seconds(20)
        let expected: String
        let seen: Int
    }

    private static let rows = [
        Row(testDescription: "a certificate that the configured file trusts", expected: "response 200", seen: 1),
        Row(testDescription: "a certificate that nobody vouches for", isTrusted: false, expected: "notSent tls", seen: 0),
        Row(
            testDescription: "a trusted certificate of another host", subjectAltName: "DNS:other.example",
            expected: "notSent tls",
            seen: 0),
        Row(
            testDescription: "a trusted certificate of another address", subjectAltName: "IP:127.0.0.2", expected: "notSent tls",
            seen: 0),
        Row(testDescription: "a trusted certificate that has ended", isExpired: true, expected: "notSent tls", seen: 0),
        Row(testDescription: "nothing newer than TLS 1.1", behaviour: .oldTLS, expected: "notSent tls", seen: 0),
        Row(testDescription: "FIN in the handshake", behaviour: .closeInHandshake, expected: "notSent tls", seen: 0),
        Row(testDescription: "RST in the handshake", behaviour: .resetInHandshake, expected: "notSent tls", seen: 0),
        Row(testDescription: "plain HTTP in the handshake", behaviour: .garbageInHandshake, expected: "notSent tls", seen: 0),
        Row(
            testDescription: "a handshake without an answer", behaviour: .stallInHandshake, timeout: .milliseconds(300),
            expected: "notSent timeout", seen: 0),
        Row(
            testDescription: "close_notify after the request", behaviour: .closeAfterRequest, expected: "maybeSent reset", seen: 1
        ),
        Row(testDescription: "a cut after the request", behaviour: .cutAfterRequest, expected: "maybeSent reset", seen: 1),
        Row(testDescription: "a cut in the body", behaviour: .cutInBody, expected: "maybeSent reset 200", seen: 1),
        // libcurl 7.88 takes the plain end for the answer's end, so whoever reads the body must know a cut one.
        Row(
            testDescription: "an answer without length that ends without close_notify", behaviour: .cutWithoutLength,
            expected: "response 200", seen: 1),
    ]

    @Test("faults of certificate, handshake and connection", arguments: rows)
    func fault(row: Row) async throws {
        let server = try CurlTransportTLSServer(
            row.behaviour, subjectAltName: row.subjectAltName, isExpired: row.isExpired, answer: ok)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(caFile: row.isTrusted ? server.certificate : nil))
        let request = try HTTPRequest(
            method: .post, url: server.url + "/a", body: [1], isReplayable: false, totalTimeout: row.timeout)
        #expect(Self.short(await driver.send(request)) == row.expected)
        #expect(await server.requests().count == row.seen)
        await driver.shutdown()
    }

    @Test("a connection that dies when it is reused: the POST is seen once and not repeated")
    func reuse() async throws {
        let server = try CurlTransportTLSServer(.cutOnReuse, answer: ok)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(caFile: server.certificate))
        for (index, expected) in ["response 200", "maybeSent reset", "response 200"].enumerated() {
            let request = try HTTPRequest(method: .post, url: server.url + "/\(index)", body: [1], isReplayable: false)
            #expect(Self.short(await driver.send(request)) == expected)
        }
        #expect(await server.requests() == (0...2).map { "POST /\($0) HTTP/1.1" })
        await driver.shutdown()
    }

    private static func short(_ outcome: HTTPOutcome) -> String {
        switch outcome {
        case .response(let response): "response \(response.status)"
        case .notSent(let error): "notSent \(error.code.rawValue)"
        case .maybeSent(let error): "maybeSent \(error.code.rawValue)\(error.status.map { " \($0)" } ?? "")"
        }
    }
}
