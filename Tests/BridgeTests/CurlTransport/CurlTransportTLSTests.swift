import CurlTransport
import Glibc
import Testing

private let openssl = "/usr/bin/openssl"

/// An `openssl s_server` with a certificate of its own making; it answers every request with a page.
private final class TLSServer {
    let port: String
    let certificate: String
    private let folder: String
    private let process: pid_t

    init(subjectAltName: String) throws {
        var template = Array("/tmp/vpsbridge-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CurlTransportServer.Failure(call: "mkdtemp", code: errno) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        certificate = folder + "/cert.pem"
        let key = folder + "/key.pem"
        let request = try Self.spawn([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
            "/CN=test",
            "-addext", "subjectAltName=\(subjectAltName)", "-keyout", key, "-out", certificate,
        ])
        close(request.output)
        var status: Int32 = 0
        waitpid(request.process, &status, 0)
        let server = try Self.spawn(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key])
        process = server.process
        // It says "ACCEPT 127.0.0.1:PORT" once it listens.
        var said: [UInt8] = []
        func hasSaidPort() -> Bool { said.last == 0x0A && String(decoding: said, as: UTF8.self).contains("ACCEPT") }
        while !hasSaidPort() {
            var chunk = [UInt8](repeating: 0, count: 1_024)
            let count = read(server.output, &chunk, chunk.count)
            guard count > 0 else { throw CurlTransportServer.Failure(call: "openssl s_server", code: errno) }
            said += chunk[..<count]
        }
        let line = String(decoding: said, as: UTF8.self).split(separator: "\n").last { $0.contains("ACCEPT") } ?? ""
        port = String(line.split(separator: ":").last ?? "")
    }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        for file in ["cert.pem", "key.pem"] { unlink("\(folder)/\(file)") }
        rmdir(folder)
    }

    private static func spawn(_ arguments: [String]) throws -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CurlTransportServer.Failure(call: "pipe", code: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        var process = pid_t()
        var words = ([openssl] + arguments).map { strdup($0) } + [nil]
        let code = posix_spawn(&process, openssl, &actions, nil, &words, environ)
        for word in words { free(word) }
        close(ends[1])
        guard code == 0 else { throw CurlTransportServer.Failure(call: "posix_spawn", code: code) }
        return (process, ends[0])
    }
}

@Suite("CurlDriver: TLS", .enabled(if: access(openssl, X_OK) == 0, "needs /usr/bin/openssl"))
struct CurlTransportTLSTests {
    private static let cases: [(String, subjectAltName: String, isTrusted: Bool, expected: String)] = [
        ("a certificate that the configured file trusts", "IP:127.0.0.1", true, "response 200"),
        ("a certificate that nobody vouches for", "IP:127.0.0.1", false, "notSent tls"),
        ("a trusted certificate of another host", "DNS:other.example", true, "notSent tls"),
    ]

    @Test("certificates", arguments: cases)
    func certificate(scenario: String, subjectAltName: String, isTrusted: Bool, expected: String) async throws {
        let server = try TLSServer(subjectAltName: subjectAltName)
        let driver = try CurlDriver(configuration: CurlDriverConfiguration(caFile: isTrusted ? server.certificate : nil))
        let request = try HTTPRequest(method: .get, url: "https://127.0.0.1:\(server.port)/", isReplayable: false)
        let outcome =
            switch await driver.send(request) {
            case .response(let response): "response \(response.status)"
            case .notSent(let error): "notSent \(error.code.rawValue)"
            case .maybeSent(let error): "maybeSent \(error.code.rawValue)"
            }
        withExtendedLifetime(server) {}
        #expect(outcome == expected)
        await driver.shutdown()
    }
}
