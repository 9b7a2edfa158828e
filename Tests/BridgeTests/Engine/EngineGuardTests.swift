import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: what keeps it from acting")
struct EngineGuardTests {
    @Test("cooldown: a new problem of the same server waits 30 minutes after the run before it")
    func cooldown() async throws {
        let fixture = try EngineFixture()
        try await fixture.rescueOnce()
        let ended = try #require(try await fixture.onlyRun().finishedAt)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(try await fixture.newestRun().reason == .cooldown)
        try await fixture.keepFiring(for: (ended + .seconds(1_740)).since(fixture.clock.now()))
        #expect(fixture.api.ledger == ["reboot 12345"])
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
    }

    @Test("budget: the fourth rung on one server within 24 hours is refused, and people are told")
    func budget() async throws {
        let fixture = try EngineFixture(limits: Limits(cooldown: .seconds(60), settle: .zero, bootGrace: .zero))
        for _ in 0..<3 {
            try await fixture.rescueOnce()
            try await fixture.advance(by: .seconds(120))
        }
        #expect(fixture.api.ledger.count == 3)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(try await fixture.newestRun().reason == .budgetSpent)
        try await fixture.keepFiring(for: .seconds(3_600 * 20), every: .seconds(600))
        #expect(fixture.api.ledger.count == 3)
        try await fixture.keepFiring(for: .seconds(3_600 * 5), every: .seconds(600))
        #expect(fixture.api.ledger.count >= 4, "held runs are judged again when the budget frees up")
    }

    @Test("one server at a time: the second waits until the first is done")
    func maxConcurrent() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        try await fixture.alert("firing", server: "db-server-01")
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.newestRun().reason == .maxConcurrent)
        try await fixture.advance(by: .seconds(10))
        try await fixture.alert("resolved")
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(180))
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12346"])
    }

    @Test("two rules on one server: never two at once")
    func twoRules() async throws {
        let second = """

              - name: disk-full
                trigger: alertmanager
                when: event.labels.alertname == "DiskFull"
                target: event.labels.server
                autonomy: auto
                actions: [server.reboot]
            """
        let fixture = try EngineFixture(
            rules: EngineFixture.hostDown + second, limits: Limits(maxConcurrent: 10, settle: .zero))
        try await fixture.alert("firing")
        try await fixture.alert("firing", alertname: "DiskFull")
        #expect(try await fixture.newestRun().reason == .serverBusy, "the server is rebooting")
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.newestRun().reason == .laneBusy, "the first run still watches it")
    }

    @Test(
        "the right server or no server",
        arguments: [("no-such-server", Reason.targetNotFound), ("web-server-01/../12346", .targetNotFound)])
    func target(name: String, reason: Reason) async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing", server: name)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed)
        #expect(run.reason == reason)
        #expect(try await fixture.store.deadLetters(limit: 10).map(\.reason) == [reason])
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("a name that two servers have is a dead letter, not a guess")
    func ambiguous() async throws {
        var twin = EngineFixture.db
        twin.name = "web-server-01"
        let fixture = try EngineFixture(servers: [EngineFixture.web, twin])
        try await fixture.alert("firing")
        #expect(try await fixture.store.deadLetters(limit: 10).map(\.reason) == [.targetAmbiguous])
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("a missing target label is a dead letter")
    func missingTarget() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.hostDown.replacing("event.labels.server", with: "event.labels.host"))
        try await fixture.alert("firing")
        #expect(try await fixture.store.deadLetters(limit: 10).map(\.reason) == [.targetMissing])
    }

    @Test("a protected server is left alone", arguments: ["web-server-01", "12345", "web-*"])
    func protected(entry: String) async throws {
        let fixture = try EngineFixture(protected: [entry])
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().reason == .protected)
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("not live: everything is decided, nothing is sent")
    func notLive() async throws {
        let fixture = try EngineFixture(live: false)
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().reason == .notLive)
        #expect(fixture.api.ledger.isEmpty)
        #expect(fixture.api.calls(.reboot) == 0)
    }

    @Test("autonomy observe: the rule says what it would do")
    func observe() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.hostDown.replacing("autonomy: auto", with: "autonomy: observe"))
        try await fixture.alert("firing")
        let run = try await fixture.onlyRun()
        #expect(run.reason == .observeOnly)
        #expect(run.detail.contains("would server.reboot web-server-01 (12345)"))
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("when_server is read before the first rung")
    func whenServer() async throws {
        let rules = EngineFixture.hostDown.replacing(
            "    autonomy: auto", with: "    when_server: [server.status == \"active\"]\n    autonomy: auto")
        let fixture = try EngineFixture(rules: rules)
        fixture.api.setStatus(ServerID(rawValue: 12345), .stopped)
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().reason == .serverConditionFalse)
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("a server that somebody else is rebooting is waited for")
    func serverBusy() async throws {
        let fixture = try EngineFixture()
        fixture.api.setStatus(ServerID(rawValue: 12345), .rebooting)
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().reason == .serverBusy)
        fixture.api.setStatus(ServerID(rawValue: 12345), .active)
        try await fixture.advance(by: .seconds(16))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }
}
