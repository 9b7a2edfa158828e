import Hummingbird
import HummingbirdTesting
import JSON
import Model
import Testing

@testable import Simulator

/// The HTTP shell: what of a request reaches the simulator, and what of an answer reaches the client.
@Suite("Simulator: over HTTP")
struct SimulatorServerTests {
    @Test("a documented request is answered with status, type and body")
    func list() async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: "/api/v1/servers/?location=us-east", method: .get, headers: Self.headers) { response in
                #expect(response.status == .ok)
                #expect(response.headers[.contentType] == "application/json")
                #expect(Self.json(response)?["count"] == 1)
            }
        }
    }

    @Test("a body reaches the simulator, and 201 and 204 reach the client")
    func createAndDelete() async throws {
        try await application().test(.router) { client in
            let body = ByteBuffer(bytes: SimulatorHarness.example.serialized())
            try await client.execute(uri: "/api/v1/servers/", method: .post, headers: Self.headers, body: body) { response in
                #expect(response.status == .created)
                #expect(Self.json(response)?["id"] == 12_347)
            }
            try await client.execute(uri: "/api/v1/servers/12347/", method: .delete, headers: Self.headers) { response in
                #expect(response.status == .noContent)
                #expect(response.body.readableBytes == 0)
            }
        }
    }

    @Test("without a token 401 and its header")
    func unauthorized() async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: "/api/v1/servers/", method: .get) { response in
                #expect(response.status == .unauthorized)
                #expect(response.headers[.wwwAuthenticate] == "Bearer")
            }
        }
    }

    @Test("a body over 64 KiB answers 413")
    func tooLong() async throws {
        try await application().test(.router) { client in
            let body = ByteBuffer(repeating: UInt8(ascii: " "), count: 65_537)
            try await client.execute(uri: "/api/v1/servers/", method: .post, headers: Self.headers, body: body) { response in
                #expect(response.status == .contentTooLarge)
            }
        }
    }

    @Test("the control API is open on a loopback listener only", arguments: [("127.0.0.1", 200), ("0.0.0.0", 401)])
    func control(_ host: String, _ status: Int) async throws {
        try await application(host: host).test(.router) { client in
            try await client.execute(uri: "/_sim/state", method: .get) { response in
                #expect(response.status.code == status)
            }
        }
    }

    @Test("an answer to HEAD has no content")
    func head() async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: "/api/v1/servers/", method: .head, headers: Self.headers) { response in
                #expect(response.status == .methodNotAllowed)
                #expect(response.body.readableBytes == 0)
            }
        }
    }

    @Test("metrics are text")
    func metrics() async throws {
        try await application().test(.router) { client in
            try await client.execute(uri: "/metrics", method: .get) { response in
                #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
                #expect(String(buffer: response.body).contains("vps_server_up{server=\"db-server-01\",ip=\"203.0.113.11\"} 1\n"))
            }
        }
    }

    @Test("a dropped answer is a closed connection, not a status; the next connection is served", arguments: [true, false])
    func dropped(_ applies: Bool) async throws {
        let simulator = try Simulator(configuration: SimulatorConfiguration(token: Secret("t")), time: SimulatorClock())
        try simulator.update { state, _ in state.faults = [Fault(applies ? .dropAfterApply : .dropBeforeApply, on: .reboot)] }
        try await SimulatorServer(simulator).application(host: "127.0.0.1", port: 0).test(.ahc(.http)) { client in
            await #expect(throws: (any Error).self) {
                try await client.execute(uri: "/api/v1/servers/12345/reboot/", method: .post, headers: Self.headers)
            }
            try await client.execute(uri: "/api/v1/servers/12345/", method: .get, headers: Self.headers) { response in
                #expect(Self.json(response)?["status"] == (applies ? "rebooting" : "active"))
            }
        }
        let ledger = try simulator.update { state, _ in state.ledger }
        #expect(ledger.entries.map(\.status) == [nil])
        #expect(ledger.applied[.reboot] == (applies ? 1 : nil))
    }

    @Test(
        "loopback addresses",
        arguments: [
            ("127.0.0.1", true), ("127.8.9.10", true), ("localhost", true), ("::1", true), ("0.0.0.0", false), ("::", false),
            ("127.0.0.1.example.com", false), ("127.example.com", false), ("10.0.0.1", false), ("", false), ("127.0.0", false),
        ])
    func loopback(_ host: String, _ isLoopback: Bool) {
        #expect(SimulatorServer.isLoopback(host) == isLoopback)
    }

    private static let headers: HTTPFields = [.authorization: "Bearer t", .contentType: "application/json"]

    private static func json(_ response: TestResponse) -> JSONValue? {
        try? JSONValue.parse(Array(response.body.readableBytesView))
    }

    private func application(host: String = "127.0.0.1") throws -> Application<SimulatorResponder> {
        let simulator = try Simulator(configuration: SimulatorConfiguration(token: Secret("t")), time: SimulatorClock())
        return SimulatorServer(simulator).application(host: host, port: 0)
    }
}
