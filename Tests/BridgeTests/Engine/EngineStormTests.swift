import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: storms")
struct EngineStormTests {
    struct Fleet: Sendable, CustomTestStringConvertible {
        let size: Int
        let down: Int
        let isStorm: Bool
        var testDescription: String { "\(down) of \(size)" }
    }

    static let fleets = [
        Fleet(size: 1, down: 1, isStorm: false), Fleet(size: 2, down: 1, isStorm: false), Fleet(size: 2, down: 2, isStorm: true),
        Fleet(size: 3, down: 1, isStorm: false), Fleet(size: 3, down: 2, isStorm: true), Fleet(size: 3, down: 3, isStorm: true),
        Fleet(size: 5, down: 1, isStorm: false), Fleet(size: 5, down: 2, isStorm: true), Fleet(size: 10, down: 2, isStorm: true),
        Fleet(size: 11, down: 2, isStorm: false), Fleet(size: 11, down: 3, isStorm: true),
        Fleet(size: 200, down: 39, isStorm: false), Fleet(size: 200, down: 40, isStorm: true),
    ]

    @Test("more than one server and a fifth of the fleet: rules change nothing", arguments: fleets)
    func fleetSizes(fleet: Fleet) async throws {
        let fixture = try EngineFixture.watched(fleet.size)
        try await fixture.say("firing", 1...fleet.down, startedAgo: .zero)
        try await fixture.settle()
        #expect(fixture.api.ledger.isEmpty, "settle")
        #expect((try await fixture.state(.storm) != nil) == fleet.isStorm)
        try await fixture.advance(by: .seconds(61))
        let most = Limits().concurrency(fleetSize: fleet.size)
        #expect(fixture.rebooted.count == (fleet.isStorm ? 0 : min(most, fleet.down)))
        #expect(try await fixture.waiting()[.storm] == (fleet.isStorm ? fleet.down : nil))
        #expect(try await fixture.messages(with: "Storm").count == (fleet.isStorm ? 1 : 0))
        #expect(try await fixture.store.fleetCondition().serversWithProblems == fleet.down)
    }

    @Test(
        "40 of 200 within a minute: nothing with `for: 1m`, at most max_concurrent without, one message, and after the quiet time the rest",
        arguments: [true, false])
    func fortyOfTwoHundred(waits: Bool) async throws {
        let rules =
            waits ? EngineFixture.hostDown.replacing("    autonomy:", with: "    for: 1m\n    autonomy:") : EngineFixture.hostDown
        let fixture = try EngineFixture.watched(200, rules: rules, limits: Limits(settle: .zero))
        var down = Set(1...40)
        for number in 1...40 {
            try await fixture.say("firing", [number], startedAgo: .zero)
            try await fixture.settle()
            try await fixture.advance(by: .milliseconds(1_400))
        }
        let early = fixture.rebooted
        #expect(waits ? early.isEmpty : early == [1, 2])
        #expect(try await fixture.state(.storm)?.detail == "40 of 200 servers have an open problem")
        // For a quarter of an hour nothing moves.
        try await fixture.live(.seconds(900), down: &down, heals: false)
        #expect(fixture.rebooted == early)
        // Thirty come back by themselves; the last ten stay down.
        try await fixture.say("resolved", (1...30).filter(down.contains))
        down.subtract(1...30)
        try await fixture.settle()
        let calmedAt = fixture.clock.now()
        try await fixture.live(.seconds(540), down: &down)
        #expect(fixture.rebooted == early, "still not quiet for ten minutes")
        #expect(try await fixture.messages(with: "The storm is over").isEmpty)
        try await fixture.live(.seconds(60), down: &down)
        let over = try await fixture.messages(with: "The storm is over")
        #expect(over.count == 1)
        let names = (31...40).map { "web-\($0) (\($0))" }.joined(separator: ", ")
        #expect(over.first?.contains("Still down (10): \(names).") == true, "\(over)")
        #expect(fixture.clock.now().since(calmedAt) == .seconds(600))
        try await fixture.live(.seconds(3_600), down: &down)
        let later = fixture.rebooted.dropFirst(early.count)
        #expect(Set(later) == Set(31...40) && later.count == 10, "each once, under the caps")
        #expect(try await fixture.messages(with: "Storm").count == 1)
        #expect(try await fixture.messages(with: "The storm is over").count == 1)
        #expect(down.isEmpty)
    }

    @Test("a storm goes on while problems come and go above the threshold, and outlives a restart")
    func hysteresis() async throws {
        let fixture = try EngineFixture.watched(10)
        try await fixture.say("firing", 1...2, startedAgo: .zero)
        try await fixture.settle()
        let began = try #require(try await fixture.state(.storm)?.since)
        for number in 3...7 {
            // For nine minutes one server alone has a problem.
            try await fixture.say("resolved", [number - 1])
            try await fixture.settle()
            try await fixture.advance(by: .seconds(540))
            try await fixture.say("firing", [number], startedAgo: .zero)
            try await fixture.settle()
            fixture.restart { _ in }
            #expect(try await fixture.state(.storm)?.since == began, "before it was over another one went down")
        }
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.say("resolved", [1, 7])
        try await fixture.settle()
        try await fixture.advance(by: .seconds(599))
        #expect(try await fixture.state(.storm) != nil)
        try await fixture.advance(by: .seconds(1))
        #expect(try await fixture.state(.storm) == nil)
        #expect(try await fixture.messages(with: "No server has an open problem").count == 1)
        #expect(try await fixture.messages(with: "Storm").count == 1)
    }

    @Test("a server that was found by another name than the one it has when its time comes counts once")
    func otherServer() async throws {
        let rules = EngineFixture.hostDown.replacing("    autonomy:", with: "    for: 30m\n    autonomy:")
        let fixture = try EngineFixture.watched(20, rules: rules)
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(try await fixture.onlyRun().server == ServerID(rawValue: 1))
        #expect(try await fixture.onlyRun().state == .pending)
        fixture.api.edit(ServerID(rawValue: 1)) { $0.name = "old" }
        fixture.api.edit(ServerID(rawValue: 2)) { $0.name = "web-1" }
        for _ in 0..<6 {
            try await fixture.advance(by: .seconds(300))
            try await fixture.alert("firing", server: "web-1", startedAgo: fixture.clock.now().since(fixture.began))
        }
        #expect(fixture.api.ledger == ["reboot 2"], "the server that has the name now")
        #expect(try await fixture.store.fleetCondition().serversWithProblems == 1)
    }

    @Test("a server that was found when its run began is looked up anew when the list was missing at its time")
    func lookedUpAnew() async throws {
        let fixture = try EngineFixture.watched(
            20, rules: EngineFixture.hostDown.replacing("    autonomy:", with: "    for: 5m\n    autonomy:"))
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(try await fixture.onlyRun().server == ServerID(rawValue: 1))
        fixture.api.makeListsIncomplete(true)
        try await fixture.advance(by: .seconds(301))
        #expect(try await fixture.onlyRun().reason == .inventoryUnavailable)
        #expect(try await fixture.store.fleetCondition().serversWithProblems == 1)
        fixture.api.edit(ServerID(rawValue: 1)) { $0.name = "old" }
        fixture.api.edit(ServerID(rawValue: 2)) { $0.name = "web-1" }
        fixture.api.makeListsIncomplete(false)
        try await fixture.advance(by: .seconds(310))
        #expect(fixture.api.ledger == ["reboot 2"])
    }

    @Test("an unresolvable target is a dead letter at once, whatever `for` says")
    func earlyDeadLetter() async throws {
        let fixture = try EngineFixture.watched(
            20, rules: EngineFixture.hostDown.replacing("    autonomy:", with: "    for: 30m\n    autonomy:"))
        try await fixture.alert("firing", server: "nobody", startedAgo: .zero)
        #expect(try await fixture.onlyRun().reason == .targetNotFound)
        #expect(try await fixture.store.deadLetters(limit: 10).map(\.reason) == [.targetNotFound])
    }

    @Test("people may in a storm: their command is done, and no storm is seen in commands")
    func commands() async throws {
        let chat = """

              - name: chat-reboot
                trigger:
                  source: slack
                  command: vps reboot
                  args: [{name: server, type: string, required: true, max_length: 63}]
                target: args.server
                autonomy: auto
                permissions: {users: [U012ABCDEF]}
                actions: [server.reboot]
            """
        let fixture = try EngineFixture.watched(5, rules: EngineFixture.hostDown + chat)
        try await fixture.say("firing", 1...3, startedAgo: .zero)
        try await fixture.settle()
        #expect(try await fixture.state(.storm) != nil)
        try await fixture.command("reboot web-2")
        #expect(fixture.api.ledger == ["reboot 2"])
    }

    @Test("a group is not scaled in a storm, and is afterwards")
    func scaling() async throws {
        let rules =
            EngineFixture.hostDown + "\n"
            + EngineScale.up.replacing("\"HostDown\"", with: "\"Load\"").split(separator: "\n").dropFirst(2).joined(
                separator: "\n")
        let fixture = try EngineFixture.watched(
            5, rules: rules.replacing("max: 4", with: "max: 9"), limits: Limits(settle: .zero))
        fixture.restart { $0.limits.settle = .seconds(60) }
        try await fixture.say("firing", 1...3, startedAgo: .zero)
        try await fixture.settle()
        try await fixture.alert("firing", server: "web", alertname: "Load", startedAgo: .zero)
        try await fixture.advance(by: .seconds(61))
        #expect(try await fixture.waiting()[.storm] == 4)
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.say("resolved", 1...3)
        try await fixture.settle()
        try await fixture.advance(by: .seconds(599))
        try await fixture.alert("firing", server: "web", alertname: "Load", startedAgo: fixture.clock.now().since(fixture.began))
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.advance(by: .seconds(30))
        #expect(fixture.api.ledger == ["create web-6"])
    }

    @Test("a later rung waits in its lane while it storms, and is taken afterwards")
    func laterRung() async throws {
        let fixture = try EngineFixture.watched(5, limits: Limits(settle: .zero))
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(fixture.api.ledger == ["reboot 1"])
        try await fixture.advance(by: .seconds(60))
        try await fixture.say("firing", 2...3, startedAgo: .zero)
        try await fixture.settle()
        var down: Set<Int> = [2, 3]
        for _ in 0..<3 {
            try await fixture.advance(by: .seconds(300))
            try await fixture.say("firing", 1...3, startedAgo: fixture.clock.now().since(fixture.began))
            try await fixture.settle()
        }
        #expect(fixture.api.ledger == ["reboot 1"])
        let run = try #require(try await fixture.store.runs(limit: 10).first { $0.server == ServerID(rawValue: 1) })
        #expect(run.state == .verifying && run.reason == .storm)
        try await fixture.say("resolved", down)
        down = []
        try await fixture.settle()
        for _ in 0..<3 {
            try await fixture.advance(by: .seconds(299))
            try await fixture.say("firing", [1], startedAgo: fixture.clock.now().since(fixture.began))
            try await fixture.settle()
        }
        #expect(fixture.api.ledger.starts(with: ["reboot 1", "stop 1"]))
    }
}
