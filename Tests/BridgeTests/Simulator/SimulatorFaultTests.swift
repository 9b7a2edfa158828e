import JSON
import Model
import Testing

@testable import Simulator

/// Each fault: what the client sees, what the server did, what the ledger says.
@Suite("Simulator: faults")
struct SimulatorFaultTests {
    /// A fault, the status that a reboot is answered with (`nil`: dropped), and whether it took place.
    static let onReboot: [(String, Int?, Bool)] = [
        ("does_nothing", 200, false), ("guest_stays_down", 200, true), ("drop_before_apply", nil, false),
        ("drop_after_apply", nil, true), ("status_500_after_apply", 500, true), ("status_429", 429, false),
        ("status_503", 503, false), ("status_401", 401, false), ("status_404", 404, false), ("malformed_body", 200, true),
    ]

    @Test("on a reboot: answer, effect and ledger", arguments: onReboot)
    func reboot(_ kind: String, _ status: Int?, _ applied: Bool) throws {
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/_sim/faults", ["operation": "reboot", "kind": .string(kind)]).status == 201)
        let answer = sim.command("reboot")
        #expect(answer.isDropped == (status == nil))
        if let status { #expect(answer.status == status) }
        #expect(sim.status() == (applied ? "rebooting" : "active"))
        let entry = try #require(sim.state.ledger.entries.first)
        #expect(entry.operation == .reboot && entry.server?.rawValue == 12_345 && entry.name == "web-server-01")
        #expect(entry.applied == applied && entry.status == status && entry.fault == kind && entry.at == sim.now)
        #expect(sim.state.faults.isEmpty)
    }

    @Test("a reboot that does nothing is answered as one, and the guest stays down")
    func doesNothing() {
        var sim = SimulatorHarness()
        sim.state.setGuest(ServerID(rawValue: 12_345), up: false)
        let before = sim.server()
        sim.state.faults = [Fault(.doesNothing, on: .reboot)]
        #expect(sim.command("reboot").json?["message"] == "Server is rebooting")
        sim.wait(.seconds(60))
        #expect(sim.server() == before)
        #expect(sim.isUp() == false)
        _ = sim.command("reboot")
        sim.wait(.seconds(8))
        #expect(sim.isUp() == true)
    }

    @Test(
        "a reboot or start after which the guest stays down passes through its states all the same",
        arguments: ["reboot", "start"])
    func guestStaysDown(_ command: String) {
        var sim = SimulatorHarness()
        if command == "start" { sim.state.setStatus(ServerID(rawValue: 12_345), to: .stopped, now: sim.now) }
        _ = sim.send("POST", "/_sim/faults", ["operation": .string(command), "kind": "guest_stays_down"])
        #expect(sim.command(command).status == 200)
        sim.wait(.seconds(8))
        #expect(sim.status() == "active")
        #expect(sim.isUp() == false)
    }

    @Test(
        "on a create: a dropped answer after applying leaves one server, before applying none",
        arguments: [
            ("drop_before_apply", 0), ("drop_after_apply", 1), ("status_502_after_apply", 1), ("status_502", 0),
            ("does_nothing", 0),
        ])
    func create(_ kind: String, _ servers: Int) throws {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "create", "kind": .string(kind)])
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        #expect(sim.state.servers.count == 2 + servers)
        #expect(sim.state.ledger.applied[.create] ?? 0 == servers)
        let entry = try #require(sim.state.ledger.entries.first)
        #expect(entry.name == "web-server-02")
        #expect(sim.state.credit == SimulatorOptions().credit - Int64(servers) * 1_000)
    }

    @Test("a refused operation stays refused under a fault that applies")
    func refused() throws {
        var sim = SimulatorHarness()
        sim.state.faults = [Fault(.dropAfterApply, on: .start)]
        #expect(sim.command("start").isDropped)
        let entry = try #require(sim.state.ledger.entries.first)
        #expect(!entry.applied && entry.status == nil)
    }

    @Test("a fault strikes as often as it says, then the API is as documented")
    func times() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "get", "kind": "status_503", "times": 2])
        #expect((0..<3).map { _ in sim.send("GET", "/api/v1/servers/12345/").status } == [503, 503, 200])
        _ = sim.send("POST", "/_sim/faults", ["operation": "any", "kind": "status_503", "times": 0])
        #expect((0..<3).map { _ in sim.send("GET", "/api/v1/servers/").status } == [503, 503, 503])
        #expect(sim.send("DELETE", "/_sim/faults").status == 204)
        #expect(sim.send("GET", "/api/v1/servers/").status == 200)
    }

    @Test("a fault strikes its operation and its server alone; of two the first strikes")
    func scope() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "stop", "kind": "status_500", "server_id": 12_346])
        _ = sim.send("POST", "/_sim/faults", ["operation": "any", "kind": "status_502", "server_id": 12_346])
        #expect(sim.command("stop", 12_345).status == 200)
        #expect(sim.send("GET", "/api/v1/servers/").status == 200)
        #expect(sim.command("stop", 12_346).status == 500)
        #expect(sim.command("stop", 12_346).status == 502)
        #expect(sim.command("stop", 12_346).status == 200)
    }

    @Test("a request without the right token uses no fault up")
    func unauthorized() {
        var sim = SimulatorHarness()
        sim.state.faults = [Fault(.status(503))]
        #expect(sim.state.handle(SimulatedRequest("GET", "/api/v1/servers/", token: "wrong"), now: sim.now).status == 401)
        #expect(sim.state.faults.count == 1)
    }

    @Test("429 carries Retry-After when asked")
    func retryAfter() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "list", "kind": "status_429", "retry_after": 30])
        #expect(sim.send("GET", "/api/v1/servers/").headers == [.init(name: "Retry-After", value: "30")])
    }

    @Test("delay_ms applies at once and answers late, alone or with another fault")
    func delay() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/_sim/faults", ["operation": "reboot", "kind": "delay_ms", "delay_ms": 1_500])
        let answer = sim.command("reboot")
        #expect(answer.delay == .milliseconds(1_500) && answer.status == 200)
        #expect(sim.status() == "rebooting")
        _ = sim.send("POST", "/_sim/faults", ["operation": "get", "kind": "drop_after_apply", "delay_ms": 20])
        let dropped = sim.send("GET", "/api/v1/servers/12345/")
        #expect(dropped.delay == .milliseconds(20) && dropped.isDropped)
    }

    @Test("the list can be empty, or lack a server that it counts")
    func lists() {
        var sim = SimulatorHarness()
        sim.state.faults = [Fault(.emptyList, on: .list), Fault(.incompleteList, on: .list)]
        #expect(sim.send("GET", "/api/v1/servers/").json == ["count": 0, "results": []])
        let incomplete = sim.send("GET", "/api/v1/servers/").json
        #expect(incomplete?["count"] == 2)
        #expect(incomplete?["results"]?.arrayValue?.count == 1)
    }

    @Test("a fault with a probability strikes about as often, and the same for the same seed")
    func probability() {
        func history(seed: UInt64) -> [Int] {
            var sim = SimulatorHarness(options: SimulatorOptions(seed: seed))
            _ = sim.send("POST", "/_sim/faults", ["operation": "get", "kind": "status_500", "times": 0, "per_mille": 250])
            return (0..<1_000).map { _ in sim.send("GET", "/api/v1/servers/12345/").status }
        }
        let first = history(seed: 1)
        #expect((200...300).contains(first.count { $0 == 500 }))
        #expect(first == history(seed: 1))
        #expect(first != history(seed: 2))
    }

    static let wrongFaults: [JSONValue] = [
        [], "x", [:], ["kind": "status_500"], ["operation": "reboot"], ["operation": "reboot", "kind": "explode"],
        ["operation": "halt", "kind": "status_500"], ["operation": "get", "kind": "status_200"],
        ["operation": "get", "kind": "status_600"],
        ["operation": "get", "kind": "status_5000"], ["operation": "get", "kind": "status_+50"],
        ["operation": "get", "kind": "status_"],
        ["operation": "get", "kind": "status_500_later"], ["operation": "get", "kind": "empty_list"],
        ["operation": "any", "kind": "incomplete_list"], ["operation": "get", "kind": "delay_ms"],
        ["operation": "get", "kind": "status_500", "times": -1], ["operation": "get", "kind": "status_500", "times": "1"],
        ["operation": "get", "kind": "status_500", "time": 1], ["operation": "get", "kind": "status_500", "server_id": 0],
        ["operation": "get", "kind": "status_500", "per_mille": 0],
        ["operation": "get", "kind": "status_500", "delay_ms": 600_001],
        ["operation": "get", "kind": "delay_ms", "delay_ms": 5, "delay_max_ms": 4],
        ["operation": "list", "kind": "stale_list"], ["operation": "get", "kind": "stale_list", "age_ms": 5],
        ["operation": "list", "kind": "stale_list", "age_ms": 0], ["operation": "list", "kind": "empty_list", "age_ms": 5],
        ["operation": "get", "kind": "status_429", "retry_after": ""],
        ["operation": "get", "kind": "status_429", "retry_after": "a\r\nX: y"],
        ["operation": "get", "kind": "status_429", "retry_after": -1],
        ["operation": "get", "kind": "status_429", "retry_after": 5, "retry_after_date": 5],
        ["operation": "get", "kind": "status_429", "retry_after_date": 86_401],
    ]

    @Test("a fault that is not one answers 400 and says why", arguments: wrongFaults)
    func wrong(_ fault: JSONValue) {
        var sim = SimulatorHarness()
        let answer = sim.send("POST", "/_sim/faults", fault)
        #expect(answer.status == 400)
        #expect(answer.json?["detail"]?.stringValue?.isEmpty == false)
        #expect(sim.state.faults.isEmpty)
    }

    @Test(
        "a fault reads back as it was written",
        arguments: [
            Fault(.doesNothing, on: .reboot), Fault(.status(429), times: nil, retryAfter: 5),
            Fault(.statusAfterApply(500), on: .create, times: 3, delay: .milliseconds(7), perMille: 10),
            Fault(.delay, on: .get, server: ServerID(rawValue: 1), delay: .seconds(1)), Fault(.emptyList, on: .list),
            Fault(.delay, delay: .milliseconds(5), delayMax: .milliseconds(9)),
            Fault(.staleList, on: .list, age: .seconds(3)), Fault(.truncatedBody), Fault(.truncatedChunk, on: .list),
            Fault(.resetAfterApply, on: .create), Fault(.resetBeforeApply), Fault(.appliedTwice, on: .create),
            Fault(.status(429), retryAfter: .date(-60)), Fault(.status(503), retryAfter: .text("soon")),
        ])
    func roundTrip(_ fault: Fault) throws {
        #expect(try Fault(fault.json) == fault)
    }
}
