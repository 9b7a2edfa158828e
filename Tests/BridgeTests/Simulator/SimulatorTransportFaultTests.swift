import Hummingbird
import HummingbirdTesting
import JSON
import Model
import Testing

@testable import Simulator

@Suite("Simulator: faults of the way, of time and of limits")
struct SimulatorTransportFaultTests {
    @Test(
        "how the connection ends, and whether the operation took place",
        arguments: [
            ("drop_before_apply", SimulatedResponse.Ending.closed, false), ("drop_after_apply", .closed, true),
            ("reset_before_apply", .reset, false), ("reset_after_apply", .reset, true),
            ("truncated_body", .cutBody, true), ("truncated_chunk", .cutChunk, true),
        ])
    func endings(_ kind: String, _ ending: SimulatedResponse.Ending, _ applied: Bool) throws {
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/_sim/faults", ["operation": "create", "kind": .string(kind)]).status == 201)
        let answer = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        #expect(answer.ending == ending)
        #expect(sim.state.servers.count == (applied ? 3 : 2))
        let entry = try #require(sim.state.ledger.entries.first)
        #expect(entry.applied == applied && entry.fault == kind && entry.status == (answer.isDropped ? nil : 201))
        #expect(sim.send("GET", "/api/v1/servers/").ending == .whole)
    }

    @Test("applied twice: two servers, both in the ledger, the first one answered")
    func appliedTwice() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "create", "kind": "applied_twice"])
        let answer = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        #expect(answer.status == 201 && answer.json?["id"] == 12_347)
        #expect(sim.state.servers.map(\.name).suffix(2) == ["web-server-02", "web-server-02"])
        #expect(sim.state.ledger.entries.map(\.server?.rawValue) == [12_347, 12_348])
        #expect(sim.state.ledger.applied[.create] == 2)
    }

    @Test("a delete applied twice was applied once")
    func deletedTwice() {
        var sim = SimulatorHarness()
        sim.state.faults = [Fault(.appliedTwice, on: .delete)]
        #expect(sim.send("DELETE", "/api/v1/servers/12345/").status == 204)
        #expect(sim.state.ledger.entries.map(\.status) == [204, 404])
        #expect(sim.state.ledger.applied[.delete] == 1)
    }

    // MARK: Retry-After

    @Test(
        "Retry-After in all its forms",
        arguments: [
            (["retry_after": 30], ["Retry-After: 30"]), (["retry_after": 0], ["Retry-After: 0"]), ([:], []),
            (["retry_after": "soon"], ["Retry-After: soon"]), (["retry_after": "-5"], ["Retry-After: -5"]),
            (
                ["retry_after_date": 45],
                ["Date: Thu, 16 Jan 2025 15:30:00 GMT", "Retry-After: Thu, 16 Jan 2025 15:30:45 GMT"]
            ),
            (
                ["retry_after_date": -86_400],
                ["Date: Thu, 16 Jan 2025 15:30:00 GMT", "Retry-After: Wed, 15 Jan 2025 15:30:00 GMT"]
            ),
        ] as [(JSONValue, [String])])
    func retryAfter(_ form: JSONValue, _ expected: [String]) {
        for kind in ["status_429", "status_503", "status_503_after_apply"] {
            var sim = SimulatorHarness()
            var fault = form.objectValue ?? JSONObject()
            fault.members += [
                .init(name: "operation", value: "reboot"), .init(name: "kind", value: .string(kind)),
            ]
            #expect(sim.send("POST", "/_sim/faults", .object(fault)).status == 201)
            #expect(sim.command("reboot").headers.map { "\($0.name): \($0.value)" } == expected)
            #expect(sim.status() == (kind.hasSuffix("after_apply") ? "rebooting" : "active"))
        }
    }

    @Test(
        "HTTP dates",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ] as [(Int64, String)])
    func httpDate(seconds: Int64, expected: String) {
        #expect(Timestamp(seconds: seconds).httpDate == expected)
    }

    // MARK: The rate limit

    @Test("a rate limit serves so many requests in any window, and says when the next is served")
    func rateLimit() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/options", ["rate_limit": 3, "rate_window_ms": 10_000])
        func statuses(_ count: Int) -> [Int] { (0..<count).map { _ in sim.send("GET", "/api/v1/servers/").status } }
        #expect(statuses(1) == [200])
        sim.wait(.milliseconds(2_500))
        #expect(statuses(3) == [200, 200, 429])
        let refused = sim.send("GET", "/api/v1/servers/")
        #expect(refused.headers == [.init(name: "Retry-After", value: "8")])
        #expect(refused.json?["detail"] == "Request was throttled. Expected available in 8 seconds.")
        sim.wait(.milliseconds(7_499))
        #expect(statuses(1) == [429])
        sim.wait(.milliseconds(1))
        #expect(statuses(2) == [200, 429])
        sim.wait(.seconds(10))
        #expect(statuses(4) == [200, 200, 200, 429])
    }

    @Test("a request that is one too many changes nothing, uses no fault up and is in the ledger")
    func rateLimited() throws {
        var sim = SimulatorHarness(options: SimulatorOptions(rateLimit: 1, rateWindow: .seconds(60)))
        sim.state.faults = [Fault(.dropAfterApply, on: .reboot)]
        #expect(sim.status() == "active")
        #expect(sim.command("reboot").status == 429)
        #expect(sim.state.faults.count == 1)
        let entry = try #require(sim.state.ledger.entries.first)
        #expect(!entry.applied && entry.status == 429 && entry.fault == "rate_limit")
    }

    @Test("control requests, and requests without the right token, do not count")
    func notCounted() {
        var sim = SimulatorHarness(options: SimulatorOptions(rateLimit: 1, rateWindow: .seconds(60)))
        for _ in 0..<5 {
            _ = sim.send("GET", "/_sim/state")
            _ = sim.state.handle(SimulatedRequest("GET", "/api/v1/servers/", token: "wrong"), now: sim.now)
        }
        #expect(sim.send("GET", "/api/v1/servers/").status == 200)
    }

    // MARK: Latency

    @Test("latency between two bounds: in them, spread, and the same for the same seed")
    func latency() {
        func delays(seed: UInt64) -> [Duration] {
            var sim = SimulatorHarness(options: SimulatorOptions(seed: seed))
            _ = sim.send(
                "POST", "/_sim/faults",
                ["operation": "any", "kind": "delay_ms", "times": 0, "delay_ms": 100, "delay_max_ms": 900])
            return (0..<200).map { _ in sim.send("GET", "/api/v1/servers/12345/").delay }
        }
        let first = delays(seed: 1)
        #expect(first.allSatisfy { (.milliseconds(100)...(.milliseconds(900))).contains($0) })
        #expect(first.contains { $0 < .milliseconds(200) } && first.contains { $0 > .milliseconds(800) })
        #expect(first == delays(seed: 1) && first != delays(seed: 2))
    }

    // MARK: Stale lists

    private func names(_ answer: SimulatedResponse) -> [String] {
        answer.json?["results"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
    }

    @Test("a stale list shows the servers as they were, with their states; a get shows them as they are")
    func staleList() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "list", "kind": "stale_list", "age_ms": 20_000, "times": 0])
        sim.wait(.seconds(100))
        _ = sim.command("reboot")
        sim.wait(.seconds(5))
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        _ = sim.send("DELETE", "/api/v1/servers/12346/")
        func list() -> (names: [String], status: String?, count: JSONValue?) {
            let answer = sim.send("GET", "/api/v1/servers/")
            return (names(answer), answer.json?["results"]?.arrayValue?.first?["status"]?.stringValue, answer.json?["count"])
        }
        #expect(list() == (["web-server-01", "db-server-01"], "active", 2))
        #expect(sim.server()["status"] == "rebooting")
        sim.wait(.seconds(16))
        #expect(list() == (["web-server-01", "db-server-01"], "rebooting", 2), "as of one second after the reboot began")
        sim.wait(.seconds(3))
        #expect(list().names == ["web-server-01", "db-server-01"])
        sim.wait(.seconds(1))
        #expect(list() == (["web-server-01", "web-server-02"], "rebooting", 2))
        sim.wait(.seconds(3))
        #expect(list().status == "active", "the reboot ended eight seconds after it began")
        _ = sim.send("DELETE", "/_sim/faults")
        #expect(sim.state.history.isEmpty || names(sim.send("GET", "/api/v1/servers/")).count == 2)
    }

    @Test("the option makes every list stale, from when it is set")
    func staleOption() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        #expect(sim.send("POST", "/_sim/options", ["list_age_ms": 60_000]).json?["list_age_ms"] == 60_000)
        #expect(names(sim.send("GET", "/api/v1/servers/")).count == 3)
        _ = sim.send("DELETE", "/api/v1/servers/12347/")
        sim.wait(.milliseconds(59_999))
        #expect(names(sim.send("GET", "/api/v1/servers/")).count == 3)
        sim.wait(.milliseconds(1))
        #expect(names(sim.send("GET", "/api/v1/servers/")).count == 2)
        _ = sim.send("POST", "/_sim/options", ["list_age_ms": 0])
        #expect(sim.state.history.isEmpty)
    }

    @Test("what is kept for stale lists is bounded")
    func boundedHistory() {
        var sim = SimulatorHarness(options: SimulatorOptions(listAge: .seconds(86_400)))
        for number in 0..<1_500 {
            sim.wait(.seconds(1))
            _ = sim.send("PATCH", "/api/v1/servers/12345/", ["name": .string("web-\(number)")])
        }
        #expect(sim.state.history.count == 1_000)
    }

    @Test("pages: a list that lags and one that is stale are paged as any")
    func pagedStale() {
        var sim = SimulatorHarness(options: SimulatorOptions(pageSize: 1, listAge: .seconds(60)))
        _ = sim.send("GET", "/api/v1/servers/")
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        let second = sim.send("GET", "/api/v1/servers/?page=2")
        #expect(names(second) == ["db-server-01"] && second.json?["next"] == .null && second.json?["count"] == 2)
    }
}

/// What of these faults a client on a socket sees.
@Suite("Simulator: broken answers over HTTP")
struct SimulatorBrokenAnswerTests {
    private static let headers: HTTPFields = [.authorization: "Bearer t", .contentType: "application/json"]

    @Test(
        "reset and cut answers are errors to the client, and the next connection is served",
        arguments: [
            (Fault.Kind.resetBeforeApply, "active"), (.resetAfterApply, "rebooting"), (.truncatedBody, "rebooting"),
            (.truncatedChunk, "rebooting"),
        ])
    func broken(_ kind: Fault.Kind, _ status: String) async throws {
        let simulator = try Simulator(configuration: SimulatorConfiguration(token: Secret("t")), time: SimulatorClock())
        try simulator.update { state, _ in state.faults = [Fault(kind, on: .reboot)] }
        try await SimulatorServer(simulator).application(host: "127.0.0.1", port: 0).test(.ahc(.http)) { client in
            await #expect(throws: (any Error).self) {
                try await client.execute(uri: "/api/v1/servers/12345/reboot/", method: .post, headers: Self.headers)
            }
            try await client.execute(uri: "/api/v1/servers/12345/", method: .get, headers: Self.headers) { response in
                let json = try? JSONValue.parse(Array(response.body.readableBytesView))
                #expect(json?["status"] == .string(status))
            }
        }
        #expect(try simulator.update { state, _ in state.ledger.entries.count } == 1)
    }

    @Test("half of the body under its whole length, or half of a chunk")
    func cutBytes() {
        var answer = SimulatedResponse(status: 200, body: .json(["a": 1]))
        #expect(answer.cutBytes.isEmpty)
        answer.ending = .cutBody
        let head = "HTTP/1.1 200 \r\nContent-Type: application/json\r\n"
        #expect(String(decoding: answer.cutBytes, as: UTF8.self) == head + "Content-Length: 7\r\n\r\n{\"a")
        answer.ending = .cutChunk
        #expect(String(decoding: answer.cutBytes, as: UTF8.self) == head + "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"a")
        let empty = SimulatedResponse(status: 204, ending: .cutBody)
        #expect(String(decoding: empty.cutBytes, as: UTF8.self) == head + "Content-Length: 2\r\n\r\n{")
    }
}
