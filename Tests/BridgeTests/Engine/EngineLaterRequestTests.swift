import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// What stops all rules stops a request that follows others of its run, too.
@Suite("Engine: requests that follow others of their run")
struct EngineLaterRequestTests {
    enum Obstacle: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case storm
        case maintenance

        var reason: Reason { self == .storm ? .storm : .maintenance }
        var testDescription: String { rawValue }
    }

    /// Which request meets it.
    enum Place: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case laterRung
        case lastRung
        case secondAttempt

        var testDescription: String { rawValue }

        /// How often it was tried before.
        var attempts: Int { self == .secondAttempt ? 1 : 0 }

        var rules: String {
            switch self {
            case .laterRung:
                EngineLaterRequestTests.rules(
                    """
                    - {timeout: 10m, actions: [server.reboot]}
                    - {timeout: 10m, actions: [\(EngineLaterRequestTests.put("x"))]}
                    - {actions: [{action: notify, with: {channel: oncall, text: "still down"}}]}
                    """)
            case .lastRung:
                EngineLaterRequestTests.rules(
                    """
                    - {timeout: 10m, actions: [server.reboot]}
                    - {actions: [\(EngineLaterRequestTests.put("x"))]}
                    """)
            case .secondAttempt:
                EngineLaterRequestTests.rules(
                    """
                    - timeout: 10m
                      actions:
                        - action: http.request
                          with: {method: PUT, url: "https://lb.example.com/x"}
                          retry: {attempts: 3, initial_delay: 2m, max_delay: 4m, statuses: [503]}
                        - server.reboot
                    """)
            }
        }
    }

    static func rules(_ escalation: String) -> String {
        """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            target: event.labels.server
            autonomy: auto
            healthy_delay: 2m
            escalation:
        \(escalation.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
        """
    }

    static func put(_ path: String) -> String {
        "{action: http.request, with: {method: PUT, url: \"https://lb.example.com/\(path)\"}}"
    }

    /// The problem of the first server lasts until then, and is spoken of every five minutes.
    private static func keep(_ fixture: EngineFixture, since start: Timestamp, until end: Timestamp) async throws {
        while fixture.clock.now() < end {
            try await fixture.advance(by: min(.seconds(300), end.since(fixture.clock.now())))
            try await fixture.say("firing", [1], startedAgo: fixture.clock.now().since(start))
            try await fixture.settle()
        }
    }

    @Test(
        "a request waits for the end of a storm and of a maintenance window, wherever it stands, and is sent once then",
        arguments: Obstacle.allCases, Place.allCases)
    func waits(obstacle: Obstacle, place: Place) async throws {
        let fixture = try EngineFixture.watched(5, rules: place.rules, limits: Limits(settle: .zero))
        // Half a minute before the window begins.
        let start = EngineServerGuardTests.sunday - .seconds(1_830)
        fixture.clock.set(start)
        if obstacle == .maintenance {
            let windows = try EngineServerGuardTests.windows("[{schedule: '0 1 * * 0', duration: 2h, reason: kernel}]")
            fixture.restart { $0.maintenance = windows }
        }
        if place == .secondAttempt { fixture.transport.answer(.status(503)) }
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        #expect(fixture.transport.requests.count == place.attempts)
        #expect(fixture.api.ledger == (place == .secondAttempt ? [] : ["reboot 1"]))
        try await fixture.advance(by: .seconds(20))
        var end = EngineServerGuardTests.sunday + .seconds(5_400)
        if obstacle == .storm {
            try await fixture.say("firing", 2...3, startedAgo: .zero)
            try await fixture.settle()
            try await Self.keep(fixture, since: start, until: start + .seconds(900))
            try await fixture.say("resolved", 2...3)
            try await fixture.settle()
            end = fixture.clock.now() + .seconds(600)
        }
        try await Self.keep(fixture, since: start, until: end - .seconds(1))
        #expect(fixture.transport.requests.count == place.attempts)
        let run = try #require(try await fixture.store.runs(limit: 10).last)
        #expect(run.reason == obstacle.reason && run.state == (place == .secondAttempt ? .held : .verifying))
        try await fixture.advance(by: .seconds(61))
        let sent = fixture.transport.requests.dropFirst(place.attempts)
        #expect(sent.map(\.line) == ["PUT https://lb.example.com/x"])
        #expect(sent.allSatisfy { $0.at >= end })
        #expect(fixture.api.ledger == ["reboot 1"])
    }

    @Test("what a rung owes after its change goes out in a storm: what was taken out of service comes back")
    func afterChange() async throws {
        let fixture = try EngineFixture.watched(
            5, rules: Self.rules("- {timeout: 10m, actions: [server.reboot, \(Self.put("back"))]}"), limits: Limits(settle: .zero)
        )
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        try await fixture.advance(by: .seconds(20))
        try await fixture.say("firing", 2...3, startedAgo: .zero)
        try await fixture.settle()
        try await fixture.alert("resolved", server: "web-1")
        try await fixture.advance(by: .seconds(130))
        #expect(try await fixture.state(.storm) != nil)
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/back"])
    }

    @Test("what the last rung sends is owed although the problem is over")
    func problemIsOver() async throws {
        let fixture = try EngineFixture(rules: Place.lastRung.rules)
        try await fixture.alert("firing", startedAgo: .zero)
        fixture.api.freeze(EngineFixture.web.id)
        fixture.api.setStatus(EngineFixture.web.id, .stopped)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(620))
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/x"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .unverified)
    }

    @Test("the requests of a person's command are bound by no storm and no window")
    func commands() async throws {
        let chat = """

              - name: chat-ticket
                trigger:
                  source: slack
                  command: vps ticket
                  args: [{name: server, type: string, required: true, max_length: 63}]
                target: args.server
                autonomy: auto
                permissions: {users: [U012ABCDEF]}
                actions: [\(Self.put("one")), \(Self.put("two"))]
            """
        let fixture = try EngineFixture.watched(5, rules: EngineFixture.hostDown + chat)
        let windows = try EngineServerGuardTests.windows("[{schedule: '* * * * *', duration: 2h, reason: kernel}]")
        fixture.restart { $0.maintenance = windows }
        try await fixture.say("firing", 1...3, startedAgo: .zero)
        try await fixture.settle()
        #expect(try await fixture.state(.storm) != nil)
        try await fixture.command("ticket web-2")
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/one", "PUT https://lb.example.com/two"])
    }

    // MARK: Pauses

    private static let drained = rules("- {timeout: 10m, actions: [\(put("out")), server.reboot, \(put("back"))]}")

    @Test(
        "a request is stopped by a pause of everything, its rule, its source, the run's server and http.request, and by no other",
        arguments: [
            (PauseScope.all, true), (.rule("host-down"), true), (.source("alertmanager"), true),
            (.server(EngineFixture.web.id), true), (.action("http.request"), true), (.rule("host-up"), false),
            (.source("grafana"), false), (.server(EngineFixture.db.id), false), (.action("server.create"), false),
        ])
    func pauses(scope: PauseScope, stops: Bool) async throws {
        let fixture = try EngineFixture(rules: Self.drained)
        try await fixture.pause(scope)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.transport.requests.isEmpty == stops && fixture.api.ledger.isEmpty == stops)
        guard stops else { return }
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .paused)
        try await fixture.resume(scope)
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/out"] && fixture.api.ledger == ["reboot 12345"])
    }

    @Test(
        "a request after the change waits for a pause of requests, not for one of what the change was",
        arguments: [("http.request", true), ("server.reboot", false)])
    func pausesAfterChange(action: String, stops: Bool) async throws {
        let fixture = try EngineFixture(rules: Self.drained)
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.pause(.action(action))
        try await fixture.advance(by: .seconds(20))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(200))
        #expect(fixture.transport.requests.count == (stops ? 1 : 2))
        guard stops else { return }
        #expect(try await fixture.onlyRun().reason == .paused)
        try await fixture.resume(.action(action))
        #expect(fixture.transport.lines.last == "PUT https://lb.example.com/back")
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test(
        "immediately before it leaves, a request goes by its own name, and the two of a power cycle by theirs",
        arguments: [(Intent.Kind.httpRequest, "http.request"), (.operation(.stop), "server.power_cycle")])
    func subject(kind: Intent.Kind, name: String) async throws {
        let fixture = try EngineFixture(
            rules: Self.rules("- {timeout: 10m, actions: [\(Self.put("out")), server.power_cycle]}"))
        try await fixture.deliver("firing", startedAgo: .zero)
        _ = try await fixture.dispatcher.dispatchOnce()
        let now = fixture.clock.now()
        let claimed = try #require(
            try await fixture.store.claimRuns(ClaimRequest(now: now, leaseUntil: now + .seconds(30), limit: 1)).first)
        let intent = Intent(
            id: IntentID(rawValue: 1), run: claimed.run.id, rung: 0, step: 0, kind: kind, server: EngineFixture.web.id,
            preStatus: .active, preUpdatedAt: nil, createdAt: now)
        let subject = fixture.machine(claimed).pauseSubject(of: intent)
        #expect(subject.actions == [name] && subject.servers == [EngineFixture.web.id])
        #expect(subject.rule == "host-down" && subject.source == "alertmanager")
    }
}
