import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: what the past of a server, the hour and the source keep from being done")
struct EngineServerGuardTests {
    static let sunday = Timestamp(rfc3339: "2026-11-22T01:30:00Z") ?? Timestamp(seconds: 0)

    static func windows(_ text: String) throws -> [MaintenanceWindow] {
        let collector = DiagnosticCollector()
        let node = try #require(YAMLDocument.parse(text: text, file: "v.yaml").0)
        let windows = MaintenanceWindow.read(node, zoneData: { _ in nil }, collector)
        try #require(collector.diagnostics.isEmpty, "\(collector.diagnostics)")
        return windows
    }

    @Test(
        "flapping: from the sixth beginning within an hour the server is left alone, people are told once, and it is taken up again"
    )
    func flapping() async throws {
        let fixture = try EngineFixture.watched(20, limits: Limits(settle: .seconds(30)))
        for _ in 0..<5 {
            try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
            try await fixture.advance(by: .seconds(20))
            try await fixture.alert("resolved", server: "web-1")
            try await fixture.advance(by: .seconds(280))
        }
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        let sixth = fixture.clock.now()
        try await fixture.advance(by: .seconds(31))
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.newestRun().reason == .flapping)
        for _ in 0..<6 {
            try await fixture.alert("firing", server: "web-1", startedAgo: fixture.clock.now().since(sixth))
            try await fixture.advance(by: .seconds(300))
        }
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.messages(with: "flaps").count == 1)
        try await fixture.alert("firing", server: "web-1", startedAgo: fixture.clock.now().since(sixth))
        try await fixture.advance(by: .seconds(300))
        #expect(fixture.api.ledger == ["reboot 1"], "an hour after the first of the six began")
    }

    @Test(
        "max_unhealthy of a rule or of the fleet: acts while no more servers have a problem, and is woken when one is well again",
        arguments: [true, false])
    func maxUnhealthy(ofRule: Bool) async throws {
        let rules =
            ofRule
            ? EngineFixture.hostDown.replacing("    autonomy:", with: "    limits: {max_unhealthy: 2}\n    autonomy:")
            : EngineFixture.hostDown
        let fixture = try EngineFixture.watched(50, rules: rules)
        if !ofRule { fixture.restart { $0.limits.maxUnhealthy = [.percent(4)] } }
        try await fixture.say("firing", 1...3, startedAgo: .zero)
        try await fixture.settle()
        try await fixture.advance(by: .seconds(61))
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.waiting()[.maxUnhealthy] == 3)
        try await fixture.alert("resolved", server: "web-2")
        #expect(Set(fixture.rebooted) == [1, 3])
    }

    @Test("boot grace: for ten minutes after a reboot by one rule another leaves the server alone")
    func bootGrace() async throws {
        let fixture = try EngineFixture.watched(
            20, rules: EngineFixture.hostDown + EngineFixture.diskFull, limits: Limits(cooldown: .zero, settle: .zero))
        let booted = fixture.clock.now()
        try await fixture.rebootByDiskFull("web-1")
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        let waiting = try await fixture.newestRun()
        #expect(waiting.state == .held && waiting.reason == .bootGrace && waiting.dueAt == booted + .seconds(600))
        try await fixture.advance(by: .seconds(439))
        #expect(fixture.api.ledger == ["reboot 1"])
        try await fixture.advance(by: .seconds(1))
        #expect(fixture.api.ledger == ["reboot 1", "reboot 1"])
    }

    @Test(
        "maintenance: what a window covers waits until it ends, and is done then",
        arguments: [
            ("", true), (", servers: [web-1]", true), (", servers: [web-*]", true), (", servers: ['1']", true),
            (", servers: [db-*]", false), (", rules: [host-down]", true), (", rules: [other]", false),
            (", sources: [alertmanager]", true), (", sources: [other]", false), (", servers: [web-1], rules: [other]", false),
        ])
    func maintenance(more: String, isCovered: Bool) async throws {
        let fixture = try EngineFixture.watched(20, limits: Limits(settle: .zero))
        fixture.clock.set(Self.sunday)
        let windows = try Self.windows("[{schedule: '0 1 * * 0', duration: 2h, reason: kernel\(more)}]")
        fixture.restart { $0.maintenance = windows }
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(fixture.api.ledger == (isCovered ? [] : ["reboot 1"]))
        guard isCovered else { return }
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .maintenance && run.dueAt == Self.sunday + .seconds(5_400))
        #expect(run.detail.contains("kernel"))
        for _ in 0..<9 {
            try await fixture.advance(by: .seconds(599))
            try await fixture.alert("firing", server: "web-1", startedAgo: fixture.clock.now().since(Self.sunday))
        }
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.advance(by: .seconds(10))
        #expect(fixture.api.ledger == ["reboot 1"])
    }

    @Test(
        "a source leads to what `may` lists and to nothing else",
        arguments: [
            (["server.reboot", "server.power_cycle"], true), (["server.reboot"], false), ([], false),
            (["server.power_cycle"], false),
        ])
    func may(actions: [String], isAllowed: Bool) async throws {
        let fixture = try EngineFixture.watched(20, limits: Limits(settle: .zero))
        fixture.restart { $0.mayLeadTo = ["alertmanager": SourcePermission(actions), "other": SourcePermission([])] }
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(fixture.api.ledger == (isAllowed ? ["reboot 1"] : []))
        #expect(try await fixture.onlyRun().reason == (isAllowed ? .applied : .sourceMayNot))
    }

    @Test("two runs that did not help demote the rule: it asks, over a restart, until a person promotes it")
    func demotion() async throws {
        let fixture = try EngineFixture.watched(
            50, rules: EngineFixture.powerCycle.replacing("server.power_cycle", with: "server.reboot"),
            limits: Limits(settle: .zero))
        for number in 1...2 {
            let start = fixture.clock.now()
            try await fixture.alert("firing", server: "web-\(number)", startedAgo: .zero)
            for _ in 0..<3 {
                try await fixture.advance(by: .seconds(240))
                try await fixture.alert("firing", server: "web-\(number)", startedAgo: fixture.clock.now().since(start))
            }
            #expect(try await fixture.newestRun().reason == .ineffective)
            try await fixture.alert("resolved", server: "web-\(number)")
        }
        #expect(fixture.rebooted == [1, 2])
        #expect(try await fixture.messages(with: "asks before it acts").count == 1)
        fixture.restart { _ in }
        try await fixture.alert("firing", server: "web-3", startedAgo: .zero)
        #expect(fixture.rebooted == [1, 2])
        #expect(try await fixture.newestRun().state == .approval)
        let answered = try await fixture.answer(.approve, fixture.question().id, by: .commandLine)
        #expect(answered.isCounted)
        #expect(fixture.rebooted == [1, 2, 3])
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("resolved", server: "web-3")
        try await fixture.advance(by: .seconds(200))
        #expect(try await fixture.store.promote(rule: "host-down", actor: "operator", now: fixture.clock.now()))
        try await fixture.alert("firing", server: "web-4", startedAgo: .zero)
        #expect(fixture.rebooted == [1, 2, 3, 4])
    }
}
