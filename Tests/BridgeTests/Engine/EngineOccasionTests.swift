import Engine
import Model
import RuleTesting
import Store
import Testing

/// Rules on the end of a problem, repetitions, waiting, `after`, `start_stopped`, and what chats are told at the end.
@Suite("engine: ends of problems, repetitions and waits")
struct EngineOccasionTests {
    private static func rule(_ body: String, trigger: String = "alertmanager") -> String {
        """
        version: 1
        rules:
          - name: host-down
            trigger: \(trigger)
            when: event.labels.alertname == "HostDown"
            autonomy: auto
        \(body)
        """
    }

    // MARK: status

    private static let told = "    actions: [{action: notify, with: {channel: ops, text: \"${{ event.status }}\"}}]"

    @Test(
        "a rule sees the statuses that it asks for, a resolve once for each problem that it ended",
        arguments: [("problem", ["problem"]), ("resolved", ["resolved"]), ("any", ["problem", "resolved"])])
    func status(_ status: String, _ messages: [String]) async throws {
        let fixture = try EngineFixture(rules: Self.rule(Self.told, trigger: "{source: alertmanager, status: \(status)}"))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.alert("resolved")
        // A copy from the other half of a cluster, and the resolve of a problem that nobody saw.
        try await fixture.alert("resolved")
        try await fixture.alert("resolved", server: "db-server-01")
        #expect(try await fixture.messages() == messages)
    }

    @Test("a request at the end of a problem does not wait for the cooldown of the one at its beginning")
    func bothRequests() async throws {
        let request = "    actions: [{action: http.request, with: {url: \"https://example.com/${{ event.status }}\"}}]"
        let fixture = try EngineFixture(rules: Self.rule(request, trigger: "{source: alertmanager, status: any}"))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.alert("resolved")
        #expect(fixture.transport.lines == ["GET https://example.com/problem", "GET https://example.com/resolved"])
    }

    @Test("an action on a resolve waits for `settle`, obeys every guard, and is given up when it is late")
    func resolvedAction() async throws {
        let fixture = try EngineFixture(
            rules: Self.rule(
                "    target: event.labels.server\n    actions: [server.reboot]",
                trigger: "{source: alertmanager, status: resolved}"),
            limits: Limits(settle: .seconds(60)))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.alert("resolved")
        #expect(fixture.api.ledger == [])
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.api.ledger == ["reboot 12345"])
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.newestRun().state == .succeeded)
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.newestRun().reason == .cooldown)
        try await fixture.advance(by: .seconds(1_800))
        #expect(try await fixture.newestRun().state == .expired)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test(
        "a problem that is back before its end was acted on cancels what its end had set in motion, another problem does not",
        arguments: [("web-server-01", true), ("db-server-01", false)])
    func backAgain(server: String, isCancelled: Bool) async throws {
        let fixture = try EngineFixture(
            rules: Self.rule(
                "    target: event.labels.server\n    actions: [server.reboot]",
                trigger: "{source: alertmanager, status: resolved}"),
            limits: Limits(settle: .seconds(60)))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("firing", server: server, startedAgo: .zero)
        try await fixture.advance(by: .seconds(30))
        #expect(fixture.api.ledger == (isCancelled ? [] : ["reboot 12345"]))
        let run = try await fixture.onlyRun()
        #expect((run.state == .cancelled && run.reason == .superseded) == isCancelled, "\(run)")
    }

    @Test("of two ends of a problem only the last one is acted on")
    func twoEnds() async throws {
        let fixture = try EngineFixture(
            rules: Self.rule(
                "    target: event.labels.server\n    actions: [server.reboot]",
                trigger: "{source: alertmanager, status: resolved}"),
            limits: Limits(settle: .seconds(60)))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(10))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(20))
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.advance(by: .seconds(40))
        #expect(fixture.api.ledger == ["reboot 12345"])
        let runs = try await fixture.store.runs(limit: 10)
        #expect(runs.count == 2 && runs.count { $0.state == .cancelled && $0.reason == .superseded } == 1, "\(runs)")
    }

    @Test("a request at a problem's end that the problem's return comes before is not sent, one that was sent stays so")
    func backBeforeRequest() async throws {
        let request = "    actions: [{action: http.request, with: {url: \"https://example.com/close\"}, retry: {attempts: 3}}]"
        let fixture = try EngineFixture(rules: Self.rule(request, trigger: "{source: alertmanager, status: resolved}"))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.pause()
        try await fixture.alert("resolved")
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.resume()
        #expect(fixture.transport.lines.isEmpty)
        #expect(try await fixture.onlyRun().reason == .superseded)
        try await fixture.alert("resolved")
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.transport.lines == ["GET https://example.com/close"])
        #expect(try await fixture.newestRun().state == .succeeded)
    }

    // MARK: while_firing

    @Test("the last rung is repeated while the problem lasts, as often as it says, without a lane between")
    func repeats() async throws {
        let fixture = try EngineFixture(
            rules: Self.rule(
                "    target: event.labels.server\n    while_firing: {every: 20m, max: 1}\n    escalation: [{timeout: 10m, actions: [server.reboot]}]"
            ))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(660))
        let waiting = try await fixture.onlyRun()
        #expect(waiting.state == .held && waiting.reason == .waiting)
        try await fixture.keepFiring(for: .seconds(1_200))
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
        try await fixture.keepFiring(for: .seconds(3_600))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .ineffective)
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
    }

    @Test("a repetition is refused by the budget like any action")
    func repeatsUnderBudget() async throws {
        let fixture = try EngineFixture(
            rules: Self.rule(
                "    target: event.labels.server\n    while_firing: {every: 10m, max: 9}\n    limits: {budgets: {max: 2, per: 24h}}\n    escalation: [{timeout: 10m, actions: [server.reboot]}]"
            ))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(6 * 3_600), every: .seconds(300))
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12345"])
        #expect(try await fixture.onlyRun().reason == .budgetSpent)
    }

    @Test("the end of the problem ends the repetitions")
    func repeatsEnd() async throws {
        let fixture = try EngineFixture(rules: Self.rule("    while_firing: {every: 10m, max: 9}\n" + Self.told))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(1_250))
        try await fixture.alert("resolved")
        try await fixture.keepQuiet(for: .seconds(3_600))
        #expect(try await fixture.messages() == ["problem", "problem", "problem"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .resolved)
    }

    @Test(
        "messages beside what is repeated are told at the first time and when they change, a reminder each time",
        arguments: [
            ("{action: http.request, with: {url: \"https://example.com/\"}}", "down", ["down"]),
            (
                "{id: ask, action: http.request, with: {url: \"https://example.com/\"}}", "${{ steps.ask.body.state }}",
                ["one", "two", "one"]
            ),
            ("", "down", ["down", "down", "down", "down", "down"]),
        ])
    func repeatedMessages(request: String, text: String, told: [String]) async throws {
        let steps = (request.isEmpty ? "" : request + ", ") + "{action: notify, with: {channel: ops, text: \"\(text)\"}}"
        let fixture = try EngineFixture(
            rules: Self.rule("    while_firing: {every: 10m, max: 4}\n    actions: [\(steps)]"),
            limits: Limits(cooldown: .seconds(60)))
        for state in ["one", "one", "two", "two", "one"] {
            fixture.transport.answer(.status(200, #"{"state": "\#(state)"}"#))
        }
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(3_600), every: .seconds(300))
        #expect(try await fixture.messages() == told)
    }

    @Test("a group grows again while its problem lasts, up to max")
    func scaleRepeats() async throws {
        let fixture = try EngineFixture(
            rules: EngineScale.up.replacing(
                "    autonomy: auto", with: "    autonomy: auto\n    while_firing: {every: 15m, max: 5}"),
            servers: EngineScale.fleet)
        try await fixture.alert("firing", server: "web", startedAgo: .zero)
        try await fixture.keepFiring(server: "web", for: .seconds(7_200))
        #expect(
            fixture.api.ledger.filter { $0.hasPrefix("create") }.count == 2, "from 2 to the 4 of `max`: \(fixture.api.ledger)")
    }

    // MARK: wait

    @Test("a wait before a first request holds no lane and is ended by the problem's end")
    func waitBefore() async throws {
        let rules = Self.rule(
            "    target: event.labels.server\n    actions: [{action: wait, with: {for: 10m}}, server.reboot]")
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(try await fixture.onlyRun().state == .held)
        #expect(try await fixture.onlyRun().reason == .waiting)
        try await fixture.keepFiring(for: .seconds(599), every: .seconds(100))
        #expect(fixture.api.ledger == [])
        try await fixture.keepFiring(for: .seconds(1))
        #expect(fixture.api.ledger == ["reboot 12345"])
        let other = try EngineFixture(rules: rules)
        try await other.alert("firing", startedAgo: .zero)
        try await other.advance(by: .seconds(300))
        try await other.alert("resolved")
        try await other.advance(by: .seconds(600))
        #expect(other.api.ledger == [])
        #expect(try await other.onlyRun().state == .cancelled)
    }

    @Test("a wait between two requests is kept over a restart, and the steps around it are taken once")
    func waitBetween() async throws {
        let fixture = try EngineFixture(
            rules: Self.rule(
                """
                    actions:
                      - {action: http.request, with: {url: "https://example.com/a"}}
                      - {action: wait, with: {for: 5m}}
                      - {action: http.request, with: {url: "https://example.com/b"}}
                """))
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.transport.lines == ["GET https://example.com/a"])
        fixture.restart { _ in }
        try await fixture.advance(by: .seconds(299))
        #expect(fixture.transport.lines.count == 1)
        fixture.restart { _ in }
        try await fixture.advance(by: .seconds(1))
        #expect(fixture.transport.lines == ["GET https://example.com/a", "GET https://example.com/b"])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    // MARK: after

    @Test("`after` holds a rule until another has been quiet for long enough on the same server, and only there")
    func after() async throws {
        let second = """
              - name: second
                trigger: alertmanager
                when: event.labels.alertname == "Other"
                target: event.labels.server
                autonomy: auto
                limits: {cooldown: 1m, after: {host-down: 2h}}
                actions: [server.power_cycle]
            """
        let fixture = try EngineFixture(
            rules: EngineFixture.hostDown + "\n" + second,
            limits: Limits(cooldown: .seconds(60), settle: .zero))
        try await fixture.rescueOnce()
        try await fixture.advance(by: .seconds(120))
        try await fixture.alert("firing", server: "db-server-01", alertname: "Other", startedAgo: .zero)
        #expect(fixture.api.ledger == ["reboot 12345", "stop 12346"], "another server is not concerned")
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("resolved", server: "db-server-01", alertname: "Other")
        try await fixture.advance(by: .seconds(300))
        try await fixture.alert("firing", alertname: "Other", startedAgo: .zero)
        let run = try await fixture.newestRun()
        #expect(run.state == .held && run.reason == .afterRule, "\(run)")
        #expect(run.dueAt > fixture.clock.now() + .seconds(6_000))
    }

    // MARK: start_stopped

    @Test("a stopped server is started by a power cycle only when the rule says so", arguments: [false, true])
    func startStopped(_ isAllowed: Bool) async throws {
        var server = EngineFixture.web
        server.status = .stopped
        let fixture = try EngineFixture(
            rules: EngineFixture.powerCycle.replacing(
                "    autonomy: auto", with: "    autonomy: auto\n    start_stopped: \(isAllowed)"),
            servers: [server])
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.api.ledger == (isAllowed ? ["start 12345"] : []))
        if !isAllowed { #expect(try await fixture.onlyRun().reason == .refused) }
    }

    // MARK: What the chat is told

    @Test("a command's person is told the rule's own words at the run's end")
    func replies() async throws {
        let rules = """
            version: 1
            rules:
              - name: cycle
                trigger: {source: slack, command: vps cycle, args: [{name: server, required: true}]}
                permissions: {users: [U012ABCDEF]}
                target: args.server
                when_server: server.status == "active"
                actions: [server.power_cycle]
                reply: {accepted: coming, skipped: "left ${{ args.server }} alone", failed: "could not find ${{ args.server }}"}
            """
        var stopped = EngineFixture.db
        stopped.status = .stopped
        let fixture = try EngineFixture(rules: rules, servers: [EngineFixture.web, stopped])
        try await fixture.command("cycle db-server-01", trigger: "a")
        try await fixture.command("cycle nobody", trigger: "b")
        #expect(try await fixture.messages().sorted() == ["could not find nobody", "left db-server-01 alone"])
    }
}

extension EngineFixture {
    /// Time passes and nobody speaks.
    fileprivate func keepQuiet(for span: Duration) async throws { try await advance(by: span) }
}
