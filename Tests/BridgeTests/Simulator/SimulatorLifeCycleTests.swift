import JSON
import Model
import Testing

@testable import Simulator

/// What time does to servers, and what power commands are refused.
@Suite("Simulator: life cycle")
struct SimulatorLifeCycleTests {
    @Test("a created server is provisioned for 150 seconds, then active with an address")
    func create() {
        var sim = SimulatorHarness()
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        sim.wait(.milliseconds(149_999))
        #expect(sim.status(12_347) == "provisioning")
        #expect(sim.server(12_347)["ip_address"] == .null)
        #expect(sim.server(12_347)["ipv6_address"] == .null)
        #expect(sim.isUp(12_347) == false)
        sim.wait(.milliseconds(1))
        #expect(sim.status(12_347) == "active")
        #expect(sim.server(12_347)["ip_address"] == "203.0.113.12")
        #expect(sim.server(12_347)["ipv6_address"] == "2001:0db8::3")
        #expect(sim.server(12_347)["updated_at"] == "2025-01-16T15:32:30Z")
        #expect(sim.isUp(12_347) == true)
    }

    @Test("stop, start and reboot pass through their states and move updated_at")
    func power() {
        var sim = SimulatorHarness()
        var seen: [String?] = []
        var times: [JSONValue?] = []
        sim.wait(.seconds(3_600))
        for command in ["stop", "start", "reboot"] {
            #expect(sim.command(command).status == 200)
            for wait in [Duration.zero, .milliseconds(7_999), .milliseconds(1)] {
                sim.wait(wait)
                seen.append(sim.status())
            }
            times.append(sim.server()["updated_at"])
        }
        #expect(
            seen == [
                "stopping", "stopping", "stopped", "starting", "starting", "active", "rebooting", "rebooting", "active",
            ])
        #expect(times == ["2025-01-16T16:30:08Z", "2025-01-16T16:30:16Z", "2025-01-16T16:30:24Z"])
    }

    /// A state, a command and whether it is taken.
    static let commands: [(String, String, Bool)] = [
        "active", "stopped", "suspended", "provisioning", "starting", "stopping", "rebooting",
    ]
    .flatMap { status in
        [
            (status, "start", status == "stopped"), (status, "stop", status == "active"),
            (status, "reboot", status == "active"),
        ]
    }

    @Test("a command that does not fit the state answers 400 and changes nothing", arguments: commands)
    func refusals(_ status: String, _ command: String, _ isTaken: Bool) {
        var sim = SimulatorHarness()
        sim.state.setStatus(ServerID(rawValue: 12_345), to: ServerStatus(rawValue: status), now: sim.now)
        let before = sim.server()
        let answer = sim.command(command)
        #expect(answer.status == (isTaken ? 200 : 400))
        if !isTaken {
            #expect(
                answer.json?["detail"] == .string(command == "start" ? "Server is already running." : "Server is not running."))
            #expect(sim.server() == before)
        }
    }

    @Test("a hung guest stays active and does not answer; the API shows nothing of it")
    func hang() {
        var sim = SimulatorHarness()
        let before = sim.server()
        sim.state.setGuest(ServerID(rawValue: 12_345), up: false)
        sim.wait(.seconds(86_400))
        #expect(sim.server() == before)
        #expect(sim.isUp() == false)
        #expect(sim.isUp(12_346) == true)
    }

    @Test("a finished reboot brings a hung guest up, an unfinished one does not")
    func reboot() {
        var sim = SimulatorHarness()
        sim.state.setGuest(ServerID(rawValue: 12_345), up: false)
        _ = sim.command("reboot")
        sim.wait(.milliseconds(7_999))
        #expect(sim.isUp() == false)
        sim.wait(.milliseconds(1))
        #expect(sim.isUp() == true)
    }

    @Test("stop and start bring a hung guest up")
    func powerCycle() {
        var sim = SimulatorHarness()
        sim.state.setGuest(ServerID(rawValue: 12_345), up: false)
        _ = sim.command("stop")
        sim.wait(.seconds(8))
        #expect(sim.status() == "stopped")
        #expect(sim.isUp() == false)
        _ = sim.command("start")
        sim.wait(.seconds(8))
        #expect(sim.isUp() == true)
    }

    @Test("with short_rebooting nobody sees the state, only updated_at tells")
    func shortRebooting() {
        var sim = SimulatorHarness(options: SimulatorOptions(shortRebooting: true))
        sim.wait(.seconds(3_600))
        let before = sim.server()["updated_at"]
        #expect(sim.command("reboot").json?["server"]?["status"] == "rebooting")
        #expect(sim.status() == "active")
        #expect(sim.server()["updated_at"] != before)
        #expect(sim.isUp() == true)
    }

    @Test("with updated_at_fixed power commands leave the time, an update moves it")
    func updatedAtFixed() {
        var sim = SimulatorHarness(options: SimulatorOptions(updatedAtFixed: true))
        sim.wait(.seconds(3_600))
        let before = sim.server()["updated_at"]
        _ = sim.command("reboot")
        #expect(sim.server()["updated_at"] == before)
        sim.wait(.seconds(8))
        #expect(sim.status() == "active")
        #expect(sim.server()["updated_at"] == before)
        _ = sim.send("PATCH", "/api/v1/servers/12345/", ["name": "other"])
        #expect(sim.server()["updated_at"] != before)
    }

    @Test("the list's other updated_at of the untouched server 12345 goes with the first change")
    func listedTime() {
        var sim = SimulatorHarness()
        func times() -> (JSONValue?, JSONValue?) {
            (sim.send("GET", "/api/v1/servers/").json?["results"]?.arrayValue?.first?["updated_at"], sim.server()["updated_at"])
        }
        #expect(times() == ("2025-01-15T10:20:00Z", "2025-01-16T15:45:00Z"))
        sim.wait(.seconds(3_600))
        _ = sim.command("reboot")
        #expect(times() == ("2025-01-16T16:30:00Z", "2025-01-16T16:30:00Z"))
    }

    @Test("a clock that goes back changes nothing and moves no time back")
    func backwards() {
        var sim = SimulatorHarness()
        sim.wait(.seconds(3_600))
        _ = sim.command("reboot")
        sim.wait(.seconds(-7_200))
        #expect(sim.status() == "rebooting")
        _ = sim.send("PATCH", "/api/v1/servers/12345/", ["name": "other"])
        #expect(sim.server()["updated_at"] == "2025-01-16T16:30:00Z")
    }

    @Test("ids rise and are not used twice")
    func identifiers() {
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example).json?["id"] == 12_347)
        #expect(sim.send("DELETE", "/api/v1/servers/12347/").status == 204)
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example).json?["id"] == 12_348)
    }

    @Test(
        "addresses come from the documentation and benchmark ranges, without repeating",
        arguments: [
            (12_347, "203.0.113.12"), (12_589, "203.0.113.254"), (12_590, "198.51.100.1"), (12_844, "192.0.2.1"),
            (13_097, "192.0.2.254"), (13_098, "198.18.0.0"), (13_098 + 131_071, "198.19.255.255"), (13_098 + 131_072, nil),
            (12_335, nil),
        ] as [(Int64, String?)])
    func addresses(_ id: Int64, _ address: String?) {
        #expect(Addresses.ipv4(id) == address)
    }

    @Test(
        "filters by status and location, together and byte for byte",
        arguments: [
            ("?status=active", [12_345, 12_347]), ("?status=stopped", [12_346]), ("?location=us-east", [12_346]),
            ("?location=us-west&status=active", [12_345, 12_347]), ("?location=us-east&status=active", []),
            ("?status=Active", []),
            ("?status=", [12_345, 12_346, 12_347]), ("?status=bogus", []), ("?other=1", [12_345, 12_346, 12_347]),
            ("?status=stopped&status=active", [12_345, 12_347]), ("?location=us%2Deast", [12_346]), ("?status=%", []),
            ("?", [12_345, 12_346, 12_347]), ("?status", [12_345, 12_346, 12_347]),
        ] as [(String, [Int64])])
    func filters(_ query: String, _ ids: [Int64]) {
        var sim = SimulatorHarness()
        sim.state.addServers(1, prefix: "node", location: "us-west", now: sim.now)
        sim.state.setStatus(ServerID(rawValue: 12_346), to: .stopped, now: sim.now)
        let answer = sim.send("GET", "/api/v1/servers/\(query)")
        #expect(answer.json?["count"] == .int(Int64(ids.count)))
        #expect(answer.json?["results"]?.arrayValue?.compactMap { $0["id"]?.intValue } == ids)
    }

    @Test("a filter that only looks the same finds nothing")
    func filterBytes() {
        var sim = SimulatorHarness()
        sim.state.addServers(1, prefix: "node", location: "\u{00E9}", now: sim.now)
        #expect(sim.send("GET", "/api/v1/servers/?location=%C3%A9").json?["count"] == 1)
        #expect(sim.send("GET", "/api/v1/servers/?location=e%CC%81").json?["count"] == 0)
    }

    @Test("with a page size the list has next and previous, and following them finds every server once")
    func pages() throws {
        var sim = SimulatorHarness(options: SimulatorOptions(pageSize: 2))
        sim.state.addServers(3, prefix: "node", location: "us west+é", now: sim.now)
        var ids: [Int64] = []
        var link: String? = "http://sim:9099/api/v1/servers/?status=active"
        while let target = link {
            #expect(target.hasPrefix("http://sim:9099/"))
            var request = SimulatedRequest("GET", String(target.dropFirst(15)), token: SimulatorHarness.token)
            request.host = "sim:9099"
            let answer = sim.state.handle(request, now: sim.now)
            #expect(answer.json?["count"] == 5)
            ids += answer.json?["results"]?.arrayValue?.compactMap { $0["id"]?.intValue } ?? []
            link = answer.json?["next"]?.stringValue
        }
        #expect(ids == [12_345, 12_346, 12_347, 12_348, 12_349])
        #expect(sim.send("GET", "/api/v1/servers/?page=3").json?["previous"] == "/api/v1/servers/?page=2")
        for page in ["0", "4", "x", "-1", "99999999999999999999"] {
            #expect(sim.send("GET", "/api/v1/servers/?page=\(page)").status == 404)
        }
        let escaped = sim.send("GET", "/api/v1/servers/?location=us%20west%2B%C3%A9").json
        #expect(escaped?["count"] == 3)
        #expect(escaped?["next"] == "/api/v1/servers/?page=2&location=us%20west%2B%C3%A9")
    }

    @Test("with a list lag a created server can be got before it is listed")
    func listLag() {
        var sim = SimulatorHarness(options: SimulatorOptions(listLag: .seconds(30)))
        _ = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example)
        #expect(sim.send("GET", "/api/v1/servers/").json?["count"] == 2)
        #expect(sim.status(12_347) == "provisioning")
        sim.wait(.seconds(30))
        #expect(sim.send("GET", "/api/v1/servers/").json?["count"] == 3)
    }
}
