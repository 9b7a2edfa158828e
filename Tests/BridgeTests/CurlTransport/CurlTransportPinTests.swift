import CurlTransport
import Glibc
import Testing

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

@Suite("CurlDriver: pinned keys", .enabled(if: CurlTransportTLSServer.isAvailable, "needs /usr/bin/python3 and /usr/bin/openssl"))
struct CurlTransportPinTests {
    /// The pin of a certificate's key, made the way the documentation says.
    private static func pin(of certificate: String) throws -> PublicKeyPin {
        let command = """
            openssl x509 -in \(certificate) -pubkey -noout | openssl pkey -pubin -outform der \
            | openssl dgst -sha256 -binary | base64
            """
        let pipe = try #require(popen(command, "r"))
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 128)
        _ = fgets(&line, Int32(line.count), pipe)
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 0x0A }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return try #require(PublicKeyPin("sha256//" + text))
    }

    @Test("a key that is not pinned is refused before anything is sent; of several pins one has to match")
    func pins() async throws {
        let server = try CurlTransportTLSServer(.serve, answer: ok)
        let right = try Self.pin(of: server.certificate)
        let wrong = try #require(PublicKeyPin("sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
        let rows: [([PublicKeyPin], String, isTrusted: Bool)] = [
            ([], "response 200", true), ([right], "response 200", true), ([wrong], "notSent tls", true),
            ([wrong, right], "response 200", true), ([right, wrong], "response 200", true),
            ([wrong, wrong], "notSent tls", true), ([right], "notSent tls", false),
        ]
        for (pins, expected, isTrusted) in rows {
            let driver = try CurlDriver(
                configuration: CurlDriverConfiguration(caFile: isTrusted ? server.certificate : nil, pins: pins))
            let request = try HTTPRequest(method: .post, url: server.url + "/a", body: [1], isReplayable: false)
            let outcome =
                switch await driver.send(request) {
                case .response(let response): "response \(response.status)"
                case .notSent(let error): "notSent \(error.code.rawValue)"
                case .maybeSent(let error): "maybeSent \(error.code.rawValue)"
                }
            #expect(outcome == expected, "\(pins)")
            await driver.shutdown()
        }
        #expect(await server.requests().count == 4)
    }

    @Test("a handshake has its time, and a reused connection has none")
    func timings() async throws {
        let server = try CurlTransportTLSServer(.serve, answer: ok)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(caFile: server.certificate))
        let request = try HTTPRequest(method: .get, url: server.url + "/a", isReplayable: true)
        let first = await driver.exchange(request).attempt
        let second = await driver.exchange(request).attempt
        let timings = try #require(first.timings)
        #expect(timings.tls > timings.connect && timings.tls <= timings.firstByte)
        #expect(second.timings?.tls == .zero && second.isConnectionReused)
        await driver.shutdown()
    }
}
