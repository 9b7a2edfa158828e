import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: what pauses by itself, what is owed, and who goes first")
struct EngineStopActionTests {
    // MARK: 402

    @Test("a 402 stops every create until a person resumes, over a restart, and people are told")
    func paymentRequired() async throws {
        let fixture = try EngineFixture(
            rules: EngineScale.up, servers: EngineScale.fleet, limits: Limits(cooldown: .seconds(60), settle: .zero))
        fixture.restart { $0.noticeChannels = ["ops"] }
        fixture.api.script(
            .create, .fail(APIError(code: .paymentRequired, certainty: .notExecuted, status: 402, detail: "no credit")))
        try await fixture.alert("firing", server: "web")
        #expect(try await fixture.onlyRun().reason == .paymentRequired)
        let pauses = try await fixture.store.pauses(at: fixture.clock.now())
        #expect(pauses.map(\.scope) == [.action("server.create")] && pauses.first?.actor == "bridge")
        #expect(try await fixture.messages().contains { $0.contains("resume --action server.create") })
        try await fixture.crash()
        try await fixture.alert("resolved", server: "web")
        try await fixture.advance(by: .seconds(7_200))
        try await fixture.alert("firing", server: "web", startedAgo: .zero)
        try await fixture.keepFiring(server: "web", for: .seconds(600))
        #expect(fixture.api.ledger.isEmpty && fixture.api.calls(.create) == 1)
        #expect(try await fixture.newestRun().reason == .paused)
        try await fixture.resume(.action("server.create"))
        #expect(fixture.api.ledger == ["create web-2"])
    }

    // MARK: The action

    private static let pausing = """
        version: 1
        rules:
          - name: disk-errors
            trigger: alertmanager
            when: event.labels.alertname == "DiskErrors"
            target: event.labels.server
            autonomy: auto
            actions:
              - {action: pause, with: {reason: "disk errors on ${{ event.labels.server }}", for: 1h, SCOPE}}
              - {action: notify, with: {channel: ops, text: paused}}
        """

    @Test(
        "a rule pauses everything, its server or a rule, tells people, and shortens nothing",
        arguments: [
            ("scope: all", PauseScope.all), ("scope: server", .server(EngineFixture.web.id)),
            ("scope: {rule: host-down}", .rule("host-down")),
        ])
    func action(text: String, scope: PauseScope) async throws {
        let rules = Self.pausing.replacing("SCOPE", with: text) + EngineFixture.hostDown.dropFirst("version: 1\nrules:".count)
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing", alertname: "DiskErrors")
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.detail.contains("disk errors on web-server-01"))
        let pause = try #require(try await fixture.store.pauses(at: fixture.clock.now()).first)
        #expect(pause.scope == scope && pause.actor == "rule disk-errors")
        #expect(pause.until == fixture.clock.now() + .seconds(3_600))
        #expect(try await fixture.messages() == ["paused"])
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.keepFiring(for: .seconds(3_601), every: .seconds(600))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a pause after a server action is taken when that helped")
    func afterAction() async throws {
        let rules = EngineFixture.hostDown.replacing(
            "actions: [server.reboot]", with: "actions: [server.reboot, {action: pause, with: {reason: it was down}}]")
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(try await fixture.store.pauses(at: fixture.clock.now()).isEmpty)
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(150))
        #expect(try await fixture.onlyRun().state == .succeeded)
        #expect(try await fixture.store.pauses(at: fixture.clock.now()).map(\.scope) == [.all])
    }

    // MARK: Owed starts

    @Test("a start that is owed leaves before everything that waited beside it", arguments: [true, false])
    func owedFirst(byResume: Bool) async throws {
        // More than a worker claims at once, and too few of the fleet for a storm.
        let servers = (1...120).map { EngineScale.server(Int64($0), "web-\($0)") }
        let rules =
            EngineFixture.hostDown + "\n"
            + EngineFixture.powerCycle.split(separator: "\n").dropFirst(2)
            .joined(separator: "\n").replacing("host-down", with: "hung").replacing("HostDown", with: "Hung")
        let fixture = try EngineFixture(
            rules: rules, servers: servers,
            limits: Limits(fleetBudgets: [Budget(max: 1_000, per: .seconds(3_600))], maxConcurrent: 100, settle: .zero))
        try await fixture.alert("firing", server: "web-9", alertname: "Hung", startedAgo: .zero)
        #expect(fixture.api.ledger == ["stop 9"])
        try await fixture.pause(for: byResume ? nil : .seconds(120))
        for number in 1...20 where number != 9 {
            try await fixture.alert("firing", server: "web-\(number)", startedAgo: .zero)
        }
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.api.ledger == ["stop 9"])
        if byResume { try await fixture.resume() }
        try await fixture.advance(by: .seconds(70))
        #expect(fixture.api.ledger.count == 21)
        #expect(fixture.api.ledger.dropFirst().first == "start 9")
    }

    @Test("people are told once that a start waits")
    func toldOnce() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        fixture.restart { $0.noticeChannels = ["ops"] }
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.pause()
        try await fixture.keepFiring(for: .seconds(1_200), every: .seconds(300))
        #expect(
            try await fixture.messages().count { $0.contains("its start waits") } == 2, "in the rule's channel and the notices")
        #expect(try await fixture.onlyRun().state == .verifying)
    }

    // MARK: People

    @Test("a person's command takes a server from a rule that only watches, and rules wait for 30 minutes")
    func takeOver() async throws {
        let rules =
            EngineFixture.hostDown + "\n"
            + EngineCommandTests.rules.split(separator: "\n").dropFirst(2).joined(separator: "\n")
        let fixture = try EngineFixture(rules: rules, limits: Limits(cooldown: .seconds(60), settle: .zero))
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.api.ledger == ["reboot 12345"])
        try await fixture.advance(by: .seconds(20))
        try await fixture.command("reboot web-server-01")
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
        let runs = try await fixture.store.runs(limit: 2)
        #expect(runs.last?.state == .cancelled && runs.last?.reason == .takenOver)
        #expect(try await fixture.messages().contains { $0.hasPrefix("Careful: server:12345") })
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.store.run(runs[0].id)?.state == .succeeded)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(120))
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(try await fixture.newestRun().reason == .personAtWork)
        try await fixture.keepFiring(for: .seconds(1_500), every: .seconds(300))
        #expect(fixture.api.ledger.count == 2)
        try await fixture.keepFiring(for: .seconds(300))
        #expect(fixture.api.ledger.count == 3)
    }

    @Test("a command waits for a start that a rule owes, and is done then")
    func commandWaitsForOwedStart() async throws {
        let rules =
            EngineFixture.powerCycle + "\n"
            + EngineCommandTests.rules.split(separator: "\n").dropFirst(2).joined(separator: "\n")
        let fixture = try EngineFixture(rules: rules, limits: Limits(settle: .zero))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.command("reboot web-server-01")
        #expect(fixture.api.ledger == ["stop 12345"])
        try await fixture.advance(by: .seconds(120))
        #expect(fixture.api.ledger == ["stop 12345", "start 12345", "reboot 12345"])
    }
}
