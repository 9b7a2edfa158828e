import Foundation
import Glibc
import JSON
import Logging
import Testing

@testable import Inbound
@testable import VPSBridge

/// The socket between the command line and the bridge.
@Suite("Control socket", .timeLimit(.minutes(1)))
struct BridgeControlTests {
    private final class Folder {
        // Short: a socket's path may have 107 bytes.
        let path = "/tmp/vb-\(UInt32.random(in: 0...UInt32.max))"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        var socket: String { path + "/admin.sock" }
        var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a server for as long as the body takes, once its socket is there.
    private static func serving(_ path: String, isDone: Bool = true, _ body: () async throws -> Void) async throws {
        let server = ControlServer(
            path: path, reload: { ControlAnswer(isDone: isDone, body: ["result": isDone ? "taken" : "refused"]) },
            decide: { _, _, _ in ControlAnswer(isDone: false, body: .null) },
            commands: ["echo": { ControlAnswer(isDone: true, body: ["got": $0]) }], logger: logger)
        let task = Task { try await server.run() }
        while FileKind.of(path) == nil { await Task.yield() }
        try await body()
        task.cancel()
        _ = await task.result
    }

    @Test("a reload is answered, taken or refused", arguments: [true, false])
    func reload(isDone: Bool) async throws {
        let folder = try Folder()
        try await Self.serving(folder.socket, isDone: isDone) {
            guard case .answered(let status, let body) = await ControlClient.post("/-/reload", socket: folder.socket) else {
                Issue.record("not answered")
                return
            }
            #expect(status == (isDone ? 200 : 422))
            #expect(body["result"]?.stringValue == (isDone ? "taken" : "refused"))
            guard case .answered(404, _) = await ControlClient.post("/-/quit", socket: folder.socket) else {
                Issue.record("another path was answered")
                return
            }
        }
    }

    @Test("a command gets its body, or none")
    func command() async throws {
        let folder = try Folder()
        try await Self.serving(folder.socket) {
            for (sent, got) in [(["a": 1], ["a": 1]), (nil, .null)] as [(JSONValue?, JSONValue)] {
                guard case .answered(200, let body) = await ControlClient.post("/-/echo", body: sent, socket: folder.socket)
                else {
                    Issue.record("not answered")
                    continue
                }
                #expect(body["got"] == got)
            }
        }
    }

    @Test(
        "a verb ends with 0 when it was done, with 75 when only a pause was in the way, else with 1",
        arguments: [
            (true, ["text": "done"], nil), (false, ["text": "no"], 1), (false, ["paused": false], 1),
            (false, ["paused": true, "text": "is paused"], 75), (true, ["paused": true], nil), (false, .null, 1),
        ] as [(Bool, JSONValue, Int?)])
    func verbs(isDone: Bool, body: JSONValue, code: Int?) {
        let ended = ControlClient.exitCode(of: ControlAnswer(isDone: isDone, body: body))
        #expect(ended.map { "\($0)" } == code.map { "ExitCode(rawValue: \($0))" })
    }

    @Test("only the owner may open it, and it goes with the bridge")
    func mode() async throws {
        let folder = try Folder()
        chmod(folder.path, 0o755)
        try await Self.serving(folder.socket) {
            var status = stat()
            #expect(lstat(folder.socket, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(folder.files == ["admin.sock"])
        }
        #expect(folder.files.isEmpty)
        guard case .unreachable(let reason) = await ControlClient.post("/-/reload", socket: folder.socket) else {
            Issue.record("reached")
            return
        }
        #expect(reason.contains("no bridge answers"))
    }

    @Test("what a crash left behind is replaced; what lives, and what is no socket, is left alone")
    func inTheWay() async throws {
        let folder = try Folder()
        // A bound socket that nobody listens on any more.
        try bound(folder.socket) {}
        mkdir(folder.socket + ".new", 0o777)
        let path = ControlSocketPath(folder.socket)
        let staging = try path.prepare()
        #expect(staging == folder.socket + ".new/s")
        var status = stat()
        #expect(stat(folder.socket + ".new", &status) == 0 && status.st_mode & 0o777 == 0o700)
        unlink(folder.socket)
        try await Self.serving(folder.socket) {
            let error = #expect(throws: ControlSocketPath.Problem.self) { try path.prepare() }
            #expect(error?.reason.contains("another process listens") == true)
        }
        try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.socket))
        let error = #expect(throws: ControlSocketPath.Problem.self) { try path.prepare() }
        #expect(error?.reason.contains("no socket") == true)
    }

    @Test("a bridge that stops takes away its own socket, not the one of the bridge after it")
    func successor() throws {
        let folder = try Folder()
        let first = ControlSocketPath(folder.socket)
        let published = try bound(first.prepare()) { try first.publish() }
        // Closed, as by a bridge on its way out: the next one takes the place.
        let second = ControlSocketPath(folder.socket)
        let successor = try bound(second.prepare()) { try second.publish() }
        first.remove(published)
        #expect(folder.files == ["admin.sock"])
        second.remove(successor)
        #expect(folder.files.isEmpty)
    }

    /// Binds a socket at the path for as long as the body takes.
    private func bound<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        return try body()
    }

    @Test("a path that no socket can have is said so")
    func tooLong() throws {
        let path = ControlSocketPath("/tmp/" + String(repeating: "x", count: 110) + "/admin.sock")
        let error = #expect(throws: ControlSocketPath.Problem.self) { try path.prepare() }
        #expect(error?.reason.contains("shorter data folder") == true)
    }
}
