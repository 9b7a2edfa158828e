import JSON
import Model
import Rules
import Testing
import Webhooks

@testable import Engine

/// One body in: what matches, why not, and which requests would go out.
@Suite("Try")
struct EngineTrialTests {
    private typealias Fixture = EngineExplainFixture

    @Test("a match shows target, server, requests in order and messages")
    func match() throws {
        let trial = try Fixture.trial(
            Fixture.body(Fixture.hostDown), fleet: [Fixture.server(7, "web-01"), Fixture.server(8, "web-02")])
        #expect(trial.matched == ["host-down"])
        let plan = try #require(trial.events.first?.rules.first?.plan)
        #expect(plan.requests.map(\.line) == ["POST /api/v1/servers/7/stop/", "POST /api/v1/servers/7/start/"])
        #expect(plan.messages == [RulePlan.Message(channel: "ops", text: .text("web-01 was cycled"))])
        #expect(plan.obstacles.isEmpty && plan.laterRungs == 1 && plan.timeout == .seconds(600))
        let text = trial.lines.joined(separator: "\n")
        for line in [
            "event.labels.severity is \"critical\"", "target    event.labels.server is \"web-01\"",
            "server    web-01 (7), active",
            "waits     for 2m", "request 2 POST /api/v1/servers/7/start/, when the server is stopped",
            "message   to ops: \"web-01 was cycled\"", "then      1 more rung, when no effect is seen within 10m",
            "other sources or commands: chat", "matched: host-down",
        ] { #expect(text.contains(line), "\(line)\n\(text)") }
    }

    @Test("without servers the target is shown and nothing is guessed")
    func unknownServer() throws {
        let trial = try Fixture.trial(Fixture.body(Fixture.hostDown))
        let plan = try #require(trial.events.first?.rules.first?.plan)
        #expect(plan.destination == .unknown && plan.serverConditions.isEmpty && plan.pendingConditions == 1)
        #expect(plan.requests.map(\.line).first == "POST /api/v1/servers/{server}/stop/")
        #expect(trial.lines.contains { $0.contains("VPS.org is not asked here, and when_server not judged") })
    }

    @Test(
        "what keeps a request from going out",
        arguments: [
            ("protected", "web-01 (7) is protected", 0), ("dry", "live: false, so nothing is sent", 2),
            ("stopped", "when_server does not hold", 0), ("twins", "without one server nothing is done: a dead letter", 0),
            ("nobody", "without one server nothing is done: a dead letter", 0),
        ])
    func obstacles(situation: String, obstacle: String, requests: Int) throws {
        var settings = EngineSettings(live: true)
        var fleet = [Fixture.server(7, "web-01")]
        switch situation {
        case "protected": settings.protected = ProtectedServers(["web-*"])
        case "dry": settings.live = false
        case "stopped": fleet = [Fixture.server(7, "web-01", status: .stopped)]
        case "twins": fleet.append(Fixture.server(8, "web-01"))
        default: fleet = [Fixture.server(8, "web-02")]
        }
        let trial = try Fixture.trial(Fixture.body(Fixture.hostDown), fleet: fleet, settings: settings)
        let plan = try #require(trial.events.first?.rules.first?.plan)
        #expect(plan.obstacles == [obstacle])
        #expect(plan.requests.count == requests)
    }

    @Test(
        "what does not match says why",
        arguments: [
            (["alertname": "HostDown"], RuleReport.Outcome.missing, "no event.labels.severity"),
            (["alertname": "DiskFull", "severity": "critical"], .noMatch, nil),
        ] as [(JSONValue, RuleReport.Outcome, String?)])
    func noMatch(labels: JSONValue, outcome: RuleReport.Outcome, detail: String?) throws {
        let trial = try Fixture.trial(Fixture.body(labels))
        let rule = try #require(trial.events.first?.rules.first)
        #expect(rule.outcome == outcome && rule.detail == detail && rule.plan == nil)
        #expect(rule.conditions.count == 2)
        #expect(trial.matched.isEmpty && trial.lines.last == "matched: none")
    }

    @Test("a resolve is no problem, and its rules say so")
    func resolved() throws {
        let trial = try Fixture.trial(Fixture.body(Fixture.hostDown, status: "resolved"))
        #expect(trial.events.first?.rules.first?.outcome == .otherStatus)
        #expect(trial.lines.contains { $0.contains("not asked: waits for a problem, and this is a resolved") })
    }

    @Test(
        "commands: for whom, how called, by whom",
        arguments: [
            ("reboot web-01", "U1", RuleReport.Outcome.match), ("reboot", "U1", .badArguments), ("explode", "U1", .otherCommand),
            ("reboot web-01", "U2", .notPermitted),
        ])
    func commands(text: String, user: String, outcome: RuleReport.Outcome) throws {
        let form =
            "command=%2Fvps&text=\(text.replacing(" ", with: "+"))&user_id=\(user)&user_name=a&channel_id=C1&team_id=T1&trigger_id=t"
            + "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"
        let trial = try Fixture.trial(Array(form.utf8), source: Fixture.slack, fleet: [Fixture.server(7, "web-01")])
        let rule = try #require(trial.events.first?.rules.last)
        #expect(rule.outcome == outcome)
        #expect(rule.plan?.requests.map(\.line) ?? [] == (outcome == .match ? ["POST /api/v1/servers/7/reboot/"] : []))
    }

    @Test(
        "expectations are about exactly the rules that match",
        arguments: [
            (["host-down"], true), (["none"], false), (["host-down", "other"], false), (["other"], false),
        ])
    func expectations(words: [String], isMet: Bool) throws {
        let trial = try Fixture.trial(Fixture.body(["alertname": "DiskFull"], Fixture.hostDown))
        #expect(trial.meets(RuleTrial.Expectation(words)) == isMet)
        let empty = try Fixture.trial(Fixture.body(["alertname": "DiskFull"]))
        #expect(empty.meets(RuleTrial.Expectation(words)) == (words == ["none"]))
    }

    @Test("a body that the listener would refuse is refused in the same words")
    func refused() throws {
        let error = #expect(throws: WebhookRejection.self) { try Fixture.trial(Array("{\"version\":".utf8)) }
        #expect(error?.status == 400)
    }

    @Test("the JSON holds each rule, condition and request; a terminal gets no control characters")
    func json() throws {
        let hostile: JSONValue = ["alertname": "HostDown", "severity": "\u{1B}[2J\u{202E}", "server": "web-01"]
        let trial = try Fixture.trial(Fixture.body(Fixture.hostDown, hostile), fleet: [Fixture.server(7, "web-01")])
        let value = try JSONValue.parse(trial.json.serialized())
        #expect(value["matched"]?.arrayValue?.first?.stringValue == "host-down")
        let rule = try #require(value["events"]?.arrayValue?.first?["rules"]?.arrayValue?.first)
        #expect(rule["outcome"]?.stringValue == "match" && rule["conditions"]?.arrayValue?.count == 2)
        #expect(rule["conditions"]?.arrayValue?[0]["observed"]?.arrayValue?.first?["value"]?.stringValue == "HostDown")
        #expect(rule["plan"]?["requests"]?.arrayValue?.first?["request"]?.stringValue == "POST /api/v1/servers/7/stop/")
        for line in trial.lines {
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x1B || $0.value == 0x202E })
        }
    }

    private static let steps = """
        version: 1
        rules:
          - name: ticket
            trigger: alertmanager
            when: event.labels.alertname == "Ticket"
            autonomy: auto
            actions:
              - id: ticket
                action: http.request
                with:
                  url: https://tickets.example.com/api/issues
                  headers: {Authorization: "Bearer ${{ secrets.TOKEN }}"}
                  json: {title: "disk of ${{ event.labels.server }}"}
              - {action: notify, with: {channel: ops, text: "ticket ${{ steps.ticket.body.id }}"}}
          - name: scale-down
            trigger: alertmanager
            when: event.labels.alertname == "Scale"
            group_by: '"web"'
            fleet: server.name.startsWith("web-")
            autonomy: approve
            actions:
              - {action: fleet.scale, with: {min: 1, max: 3, delta: -5, victim: newest}}
        """

    @Test("http.request shows address, headers and body, and secrets as ***")
    func httpRequest() throws {
        let trial = try Fixture.trial(Fixture.body(["alertname": "Ticket", "server": "web-01"]), rules: Self.steps)
        let plan = try #require(trial.events.first?.rules.first?.plan)
        let request = try #require(plan.requests.first)
        #expect(request.line == "POST https://tickets.example.com/api/issues")
        #expect(request.details.contains("Authorization: Bearer ***") && request.details.last == "{\"title\":\"disk of web-01\"}")
        // What a step that was not taken would give is not made up.
        guard case .failed = plan.messages.first?.text else {
            Issue.record("a text: \(plan.messages)")
            return
        }
    }

    @Test("fleet.scale shows one request for each server within the bounds, and says when the set is not known")
    func scale() throws {
        let fleet = [
            Fixture.server(1, "web-1"), Fixture.server(2, "web-2"), Fixture.server(3, "db-1"), Fixture.server(4, "web-3"),
        ]
        let body = Fixture.body(["alertname": "Scale"])
        let plan = try #require(try Fixture.trial(body, fleet: fleet, rules: Self.steps).events.first?.rules.last?.plan)
        #expect(plan.requests.map(\.line) == ["DELETE /api/v1/servers/4/", "DELETE /api/v1/servers/2/"])
        let unknown = try #require(try Fixture.trial(body, rules: Self.steps).events.first?.rules.last?.plan)
        #expect(unknown.requests.map(\.line) == ["DELETE /api/v1/servers/{victim}/"])
        #expect(unknown.requests.first?.details.last == "the servers are not known here")
    }
}
