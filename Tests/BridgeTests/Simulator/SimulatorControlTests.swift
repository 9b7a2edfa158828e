import JSON
import Model
import Testing

@testable import Simulator

/// `/_sim/` and `/metrics`.
@Suite("Simulator: control, ledger, metrics")
struct SimulatorControlTests {
    @Test("the ledger has every changing request with the right token, and counts those that took place")
    func ledger() throws {
        var sim = SimulatorHarness()
        _ = sim.send("GET", "/api/v1/servers/")
        _ = sim.server()
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        _ = sim.send("POST", "/api/v1/servers/", [:])
        _ = sim.command("start")
        _ = sim.command("reboot")
        _ = sim.send("PATCH", "/api/v1/servers/12346/", ["name": "renamed"])
        _ = sim.send("DELETE", "/api/v1/servers/12346/")
        _ = sim.send("DELETE", "/api/v1/servers/12346/")
        let ledger = try #require(sim.send("GET", "/_sim/ledger").json)
        #expect(ledger["applied"] == ["create": 1, "replace": 0, "update": 1, "delete": 1, "start": 0, "stop": 0, "reboot": 1])
        let rows = (ledger["entries"]?.arrayValue ?? []).map { entry in
            [entry["operation"], entry["server_id"], entry["name"], entry["applied"], entry["status"]].map { $0?.description }
        }
        #expect(
            rows == [
                ["\"create\"", "12347", "\"web-server-02\"", "true", "201"], ["\"create\"", "null", "null", "false", "400"],
                ["\"start\"", "12345", "\"web-server-01\"", "false", "400"],
                ["\"reboot\"", "12345", "\"web-server-01\"", "true", "200"],
                ["\"update\"", "12346", "\"db-server-01\"", "true", "200"],
                ["\"delete\"", "12346", "\"renamed\"", "true", "204"],
                ["\"delete\"", "12346", "null", "false", "404"],
            ])
        #expect(ledger["entries"]?.arrayValue?.last?["at"] == "2025-01-16T15:30:00Z")
        #expect(sim.send("GET", "/_sim/ledger?applied=1").json?["entries"]?.arrayValue?.count == 4)
    }

    @Test("the ledger keeps the newest entries and counts all")
    func ledgerCapacity() {
        var ledger = Ledger()
        for number in 0..<(Ledger.capacity + 500) {
            ledger.append(
                .init(
                    operation: .reboot, server: nil, name: nil, at: Timestamp(seconds: Int64(number)), applied: true, status: 200,
                    fault: nil))
        }
        #expect(ledger.entries.count <= Ledger.capacity)
        #expect(ledger.entries.last?.at == Timestamp(seconds: Int64(Ledger.capacity + 499)))
        #expect(ledger.applied[.reboot] == Ledger.capacity + 500)
    }

    @Test("reset puts everything back")
    func reset() {
        var sim = SimulatorHarness()
        let start = sim.send("GET", "/_sim/state").json
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        _ = sim.command("stop")
        _ = sim.send("POST", "/_sim/faults", ["operation": "any", "kind": "status_500"])
        _ = sim.send("POST", "/_sim/options", ["short_rebooting": true, "start_ms": 5])
        #expect(sim.send("POST", "/_sim/reset").json == start)
        #expect(sim.state.ledger == Ledger())
        #expect(sim.state.options == SimulatorOptions())
        #expect(sim.state.timings == SimulatorTimings())
    }

    @Test("hang and recover change the guest, status the server")
    func servers() {
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/_sim/servers/12345/hang").json?["up"] == false)
        #expect(sim.status() == "active")
        #expect(sim.send("POST", "/_sim/servers/12345/recover/").json?["up"] == true)
        #expect(sim.send("POST", "/_sim/servers/12345/status", ["status": "suspended"]).json?["status"] == "suspended")
        #expect(sim.status() == "suspended")
        #expect(sim.isUp() == false)
        #expect(sim.state.ledger.entries.isEmpty)
    }

    @Test("servers can be added by the hundred")
    func addServers() {
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/_sim/servers", ["count": 100, "prefix": "web", "location": "eu-1"]).status == 201)
        let listed = sim.send("GET", "/api/v1/servers/?location=eu-1").json
        #expect(listed?["count"] == 100)
        #expect(listed?["results"]?.arrayValue?.last?["name"] == "web-100")
        #expect(Set(sim.state.servers.compactMap(\.ipAddress)).count == 102)
    }

    static let refused: [(String, String, JSONValue?, Int)] = [
        ("GET", "/_sim/", nil, 404), ("GET", "/_sim/nothing", nil, 404), ("GET", "/_sim/state/more", nil, 404),
        ("POST", "/_sim/state", nil, 405), ("GET", "/_sim/reset", nil, 405), ("PUT", "/_sim/faults", nil, 405),
        ("DELETE", "/_sim/ledger", nil, 405), ("GET", "/_sim/servers/12345/hang", nil, 405),
        ("POST", "/_sim/servers/1/hang", nil, 404), ("POST", "/_sim/servers/x/hang", nil, 404),
        ("POST", "/_sim/servers/12345/explode", nil, 404), ("POST", "/_sim/servers/12345/status", nil, 400),
        ("POST", "/_sim/servers/12345/status", ["status": "a\"b"], 400),
        ("POST", "/_sim/servers/12345/status", ["status": ""], 400),
        ("POST", "/_sim/servers", ["count": 0], 400), ("POST", "/_sim/servers", ["count": 1_001], 400),
        ("POST", "/_sim/servers", ["prefix": "a\"b"], 400), ("POST", "/_sim/servers", ["location": ""], 400),
        ("POST", "/_sim/options", ["credit": -1], 400), ("POST", "/_sim/options", ["speed": 1], 400),
        ("POST", "/_sim/options", ["short_rebooting": 1], 400), ("POST", "/_sim/options", ["start_ms": 1, "stop_ms": "x"], 400),
    ]

    @Test("what the control API does not have is refused and changes nothing", arguments: refused)
    func refusals(_ method: String, _ target: String, _ body: JSONValue?, _ status: Int) {
        var sim = SimulatorHarness()
        #expect(sim.send(method, target, body).status == status)
        #expect(sim.state.servers == SimulatedServer.documented)
        #expect(sim.state.timings == SimulatorTimings())
    }

    @Test("options are shown and taken")
    func options() {
        var sim = SimulatorHarness()
        let answer = sim.send(
            "POST", "/_sim/options",
            [
                "short_rebooting": true, "updated_at_fixed": true, "unique_names": true, "page_size": 3, "list_lag_ms": 4,
                "list_age_ms": 10, "rate_limit": 11, "rate_window_ms": 12, "credit": 5, "create_ms": 6, "start_ms": 7,
                "stop_ms": 8, "reboot_ms": 9,
            ])
        #expect(answer.status == 200)
        #expect(answer.json == sim.send("GET", "/_sim/options").json)
        #expect(answer.json?.objectValue?.members.map(\.value) == [true, true, true, 3, 4, 10, 11, 12, 5, 6, 7, 8, 9])
        let off = sim.send("POST", "/_sim/options", ["page_size": 0, "rate_limit": 0]).json
        #expect(off?["page_size"] == 0 && off?["rate_limit"] == 0)
        #expect(sim.state.options.pageSize == nil && sim.state.options.rateLimit == nil)
    }

    @Test("the control API wants the token, but not on a loopback listener", arguments: [nil, "Bearer wrong"])
    func token(_ authorization: String?) {
        var sim = SimulatorHarness()
        var request = SimulatedRequest(method: "POST", target: "/_sim/servers/12345/hang", authorization: authorization)
        #expect(sim.state.handle(request, now: sim.now).status == 401)
        #expect(sim.isUp() == true)
        request.isLocal = true
        #expect(sim.state.handle(request, now: sim.now).status == 200)
        #expect(sim.isUp() == false)
    }

    @Test("metrics tell of every server's guest and state, without a token")
    func metrics() {
        var sim = SimulatorHarness()
        sim.state.setGuest(ServerID(rawValue: 12_345), up: false)
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        let answer = sim.state.handle(SimulatedRequest(method: "GET", target: "/metrics"), now: sim.now)
        #expect(
            answer.body
                == .text(
                    """
                    # HELP vps_server_up Whether the guest of the server answers.
                    # TYPE vps_server_up gauge
                    vps_server_up{server="web-server-01",ip="203.0.113.10"} 0
                    vps_server_up{server="db-server-01",ip="203.0.113.11"} 1
                    # HELP vps_server_info What the Servers API says about the server; the value is always 1.
                    # TYPE vps_server_info gauge
                    vps_server_info{id="12345",server="web-server-01",ip="203.0.113.10",status="active",location="us-west"} 1
                    vps_server_info{id="12346",server="db-server-01",ip="203.0.113.11",status="active",location="us-east"} 1
                    vps_server_info{id="12347",server="web-server-02",ip="",status="provisioning",location="us-west"} 1

                    """, type: "text/plain; version=0.0.4; charset=utf-8"))
        #expect(sim.send("POST", "/metrics").status == 405)
    }

    @Test("a name from a state file is escaped in metrics")
    func metricsEscape() {
        var sim = SimulatorHarness()
        sim.state.addServers(1, prefix: "a\"\\\nb", location: "x", now: sim.now)
        guard case .text(let text, _) = sim.send("GET", "/metrics").body else {
            Issue.record("no text")
            return
        }
        #expect(text.contains(#"vps_server_up{server="a\"\\\nb-1",ip="203.0.113.12"} 1"#))
    }
}
