import JSON
import Model
import Testing

@testable import Simulator

/// Requests that the API refuses, and that refused requests change nothing.
@Suite("Simulator: refused requests")
struct SimulatorValidationTests {
    /// A member of the create example that is wrong: its name, its value (`nil` leaves it out).
    static let wrongFields: [(String, JSONValue?)] = [
        ("name", nil), ("name", .null), ("name", ""), ("name", 7), ("name", "web_02"), ("name", "web 02"), ("name", "web.02"),
        ("name", "w\u{00e9}b"), ("name", "web\u{212A}"), ("name", "web\n"), ("name", .string(String(repeating: "a", count: 256))),
        ("plan_id", nil), ("plan_id", .null), ("plan_id", 0), ("plan_id", -1), ("plan_id", "1"), ("plan_id", true),
        ("plan_id", 1.5), ("plan_id", [1]),
        ("os_id", nil), ("os_id", 0), ("os_id", "5"),
        ("location", nil), ("location", ""), ("location", 5), ("location", "us west"), ("location", "us/west"),
        ("hostname", ""), ("hostname", .null), ("hostname", "web02"), ("hostname", "web02..example.com"),
        ("hostname", "-web.example.com"), ("hostname", "web-.example.com"), ("hostname", "web_02.example.com"),
        ("hostname", "web02.example.com."), ("hostname", .string(String(repeating: "a", count: 64) + ".example.com")),
        ("hostname", .string(String(repeating: "a.", count: 130) + "com")),
        ("ssh_key_id", 0), ("ssh_key_id", "1"), ("ssh_key_id", .null),
        ("backups_enabled", "true"), ("backups_enabled", 1), ("backups_enabled", .null),
    ]

    @Test("create with one wrong field answers 400 and names the field", arguments: wrongFields)
    func create(_ field: String, _ value: JSONValue?) {
        var sim = SimulatorHarness()
        let answer = sim.send("POST", "/api/v1/servers/", SimulatorHarness.example(with: field, value))
        #expect(answer.status == 400)
        #expect(answer.json?.objectValue?.members.map(\.name) == [field])
        #expect(answer.json?[field]?.arrayValue?.count == 1)
        #expect(sim.state.servers.count == 2)
        #expect(sim.state.credit == SimulatorOptions().credit)
    }

    @Test(
        "create takes what the reference allows",
        arguments: [
            ("hostname", nil), ("backups_enabled", nil), ("ssh_key_id", 3), ("plan_id", 99), ("os_id", 1),
            ("location", "eu-central-1"),
            ("name", "A"), ("name", "-"), ("unknown_field", [1]), ("hostname", "a.b"),
        ] as [(String, JSONValue?)])
    func accepts(_ field: String, _ value: JSONValue?) {
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example(with: field, value)).status == 201)
    }

    @Test("all wrong fields are named at once")
    func together() {
        var sim = SimulatorHarness()
        let answer = sim.send("POST", "/api/v1/servers/", [:])
        #expect(answer.json?.objectValue?.members.map(\.name) == ["name", "plan_id", "os_id", "location"])
    }

    @Test(
        "a body that is not a JSON object answers 400",
        arguments: ["", "{", "[]", "null", "{\"name\":\"a\",\"name\":\"b\"}", "\u{FEFF}{}"])
    func notJSON(_ body: String) {
        var sim = SimulatorHarness()
        var request = SimulatedRequest("POST", "/api/v1/servers/", token: SimulatorHarness.token)
        request.body = Array(body.utf8)
        let answer = sim.state.handle(request, now: sim.now)
        #expect(answer.status == 400)
        #expect(answer.json?["detail"] != nil)
    }

    @Test(
        "a body that is not declared as JSON answers 415",
        arguments: [nil, "", "text/plain", "application/x-www-form-urlencoded"])
    func mediaType(_ type: String?) {
        var sim = SimulatorHarness()
        var request = SimulatedRequest("POST", "/api/v1/servers/", token: SimulatorHarness.token, json: SimulatorHarness.example)
        request.contentType = type
        #expect(sim.state.handle(request, now: sim.now).status == 415)
        request.contentType = "Application/JSON ; charset=utf-8"
        #expect(sim.state.handle(request, now: sim.now).status == 201)
    }

    @Test("replace needs all three fields", arguments: ["name", "hostname", "backups_enabled"])
    func replace(_ missing: String) {
        var sim = SimulatorHarness()
        let before = sim.server()
        let whole: JSONObject = ["name": "a", "hostname": "a.example.com", "backups_enabled": false]
        let body = JSONValue.object(JSONObject(whole.members.filter { $0.name != missing }))
        let answer = sim.send("PUT", "/api/v1/servers/12345/", body)
        #expect(answer.status == 400)
        #expect(answer.json?[missing] == ["This field is required."])
        #expect(sim.server() == before)
    }

    @Test(
        "update refuses a wrong field and changes none",
        arguments: [
            ("name", "a b"), ("hostname", "short"), ("backups_enabled", "yes"),
        ] as [(String, JSONValue)])
    func update(_ field: String, _ value: JSONValue) {
        var sim = SimulatorHarness()
        let before = sim.server()
        var body: JSONObject = ["name": "fine", "hostname": "fine.example.com", "backups_enabled": false]
        body.members.removeAll { $0.name == field }
        body.members.append(.init(name: field, value: value))
        #expect(sim.send("PATCH", "/api/v1/servers/12345/", .object(body)).status == 400)
        #expect(sim.server() == before)
    }

    static let tokens: [String?] = [
        nil, "", "Bearer", "Bearer ", "Bearer wrong", "sim-token", "Token sim-token", "Bearer  sim-token", "Bearer sim-token ",
        "Bearer sim-toke", "Bearer sim-tokenn", "Bearer\u{00A0}sim-token", "Bearer sim-to\u{212A}en",
    ]

    @Test("without the right token every operation answers 401 and changes nothing", arguments: tokens)
    func unauthorized(_ authorization: String?) {
        var sim = SimulatorHarness()
        for (method, target) in [
            ("GET", ""), ("POST", ""), ("GET", "12345/"), ("PUT", "12345/"), ("PATCH", "12345/"), ("DELETE", "12345/"),
            ("POST", "12345/start/"), ("POST", "12345/stop/"), ("POST", "12345/reboot/"), ("GET", "1/"), ("TRACE", ""),
        ] {
            let request = SimulatedRequest(
                method: method, target: "/api/v1/servers/\(target)", authorization: authorization,
                contentType: "application/json", body: SimulatorHarness.example.serialized(), isLocal: true)
            let answer = sim.state.handle(request, now: sim.now)
            #expect(answer.status == 401)
            #expect(answer.headers == [.init(name: "WWW-Authenticate", value: "Bearer")])
        }
        #expect(sim.state.servers == SimulatedServer.documented)
        #expect(sim.state.ledger.entries.isEmpty)
    }

    @Test("the scheme's letters may be small or capital")
    func scheme() {
        var sim = SimulatorHarness()
        let request = SimulatedRequest(method: "GET", target: "/api/v1/servers/", authorization: "bEARER sim-token")
        #expect(sim.state.handle(request, now: sim.now).status == 200)
    }

    @Test("an empty token lets nobody in")
    func emptyToken() {
        var state = SimulatorState(configuration: SimulatorConfiguration(token: Secret("")))
        let request = SimulatedRequest(method: "GET", target: "/api/v1/servers/", authorization: "Bearer ")
        #expect(state.handle(request, now: Timestamp(seconds: 0)).status == 401)
    }

    @Test(
        "paths that the API does not have answer 404",
        arguments: [
            "/", "", "*", "/api/v1/", "/api/v1/servers", "/api/v1/servers/12345", "/api/v1/servers/12345/start",
            "/api/v1/servers//",
            "/api/v1/servers/abc/", "/api/v1/servers/-1/", "/api/v1/servers/+12345/", "/api/v1/servers/12345.0/",
            "/api/v1/servers/99999999999999999999/", "/api/v1/servers/12345/shutdown/", "/api/v1/servers/12345/start/now/",
            "/api/v2/servers/", "/API/v1/servers/", "//api/v1/servers/", "/api/v1/servers/\u{0661}/",
        ])
    func notFound(_ target: String) {
        var sim = SimulatorHarness()
        #expect(sim.send("GET", target).status == 404)
    }

    @Test(
        "a server that there is not answers 404 to every operation",
        arguments: [
            ("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "start/"), ("POST", "stop/"), ("POST", "reboot/"),
        ])
    func noServer(_ method: String, _ rest: String) {
        var sim = SimulatorHarness()
        #expect(sim.send(method, "/api/v1/servers/999/\(rest)", ["name": "a"]).status == 404)
    }

    @Test(
        "other methods answer 405 and say which are allowed",
        arguments: [
            ("DELETE", "", "GET, POST"), ("PATCH", "", "GET, POST"), ("POST", "12345/", "GET, PUT, PATCH, DELETE"),
            ("GET", "12345/start/", "POST"), ("PUT", "12345/reboot/", "POST"), ("get", "", "GET, POST"),
        ])
    func methodNotAllowed(_ method: String, _ rest: String, _ allowed: String) {
        var sim = SimulatorHarness()
        let answer = sim.send(method, "/api/v1/servers/\(rest)")
        #expect(answer.status == 405)
        #expect(answer.headers == [.init(name: "Allow", value: allowed)])
    }

    @Test("credit goes down by the plan's price, and 402 answers what it does not cover")
    func credit() {
        var sim = SimulatorHarness(options: SimulatorOptions(credit: 4_500))
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example(with: "plan_id", 2)).status == 201)
        #expect(sim.state.credit == 2_500)
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example(with: "plan_id", 7)).status == 201)
        #expect(sim.state.credit == 1_000)
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example(with: "plan_id", 7)).status == 402)
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example).status == 201)
        #expect(sim.send("POST", "/api/v1/servers/", SimulatorHarness.example).status == 402)
        #expect(sim.state.credit == 0)
        #expect(sim.state.servers.count == 5)
    }

    @Test("names may repeat unless the option says that they are unique")
    func names() {
        let taken = SimulatorHarness.example(with: "name", "web-server-01")
        var sim = SimulatorHarness()
        #expect(sim.send("POST", "/api/v1/servers/", taken).status == 201)
        sim = SimulatorHarness(options: SimulatorOptions(uniqueNames: true))
        let answer = sim.send("POST", "/api/v1/servers/", taken)
        #expect(answer.status == 400)
        #expect(answer.json?["name"] != nil)
        #expect(sim.send("PATCH", "/api/v1/servers/12346/", ["name": "web-server-01"]).status == 400)
        #expect(sim.send("PATCH", "/api/v1/servers/12345/", ["name": "web-server-01"]).status == 200)
    }
}
