import Engine
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Engine: server.create, and what creates may cost")
struct EngineCreateTests {
    /// 30 alerts, and that many times as `VPSBRIDGE_LONG_TESTS` says.
    private static let alerts = 30 * (RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1)

    private static let create = """
        version: 1
        rules:
          - name: vps-create
            trigger: {source: slack, command: vps create, args: [{name: name, required: true, pattern: '^[a-z0-9-]+$'}]}
            permissions: {users: [U012ABCDEF]}
            autonomy: auto
            actions:
              - {id: new, action: server.create, with: {name: "${{ args.name }}", plan_id: 2, os_id: 5, location: us-west}}
              - {action: notify, with: {channel: ops, text: "${{ steps.new.server.name }} is ${{ steps.new.server.status }}"}}
        """

    private func fixture(_ rules: String = create, limits: Limits = Limits(settle: .zero)) throws -> EngineFixture {
        try EngineFixture(rules: rules, servers: [EngineOperation.server], limits: limits)
    }

    @Test("a person's command creates a server, which is the bridge's, and says when it is active")
    func command() async throws {
        let fixture = try fixture()
        try await fixture.command("create web-9")
        #expect(fixture.api.ledger == ["create web-9"])
        #expect(try await fixture.newestRun().lane == .group("vps-create"))
        try await fixture.advance(by: .seconds(30))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(try await fixture.messages().contains("web-9 is active"))
        #expect(try await fixture.store.createdServers().map(\.name) == ["web-9"])
    }

    @Test("a name that is taken buys nothing")
    func taken() async throws {
        let fixture = try fixture()
        try await fixture.command("create web-5")
        #expect(fixture.api.calls(.create) == 0)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .nothingToDo && run.detail.contains("web-5 already"), "\(run.detail)")
    }

    @Test("two servers of the name after a lost answer: parked, with both shown")
    func ambiguous() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .failAfterApply(.lost))
        fixture.api.afterNextCreate { [api = fixture.api, now = fixture.clock.now()] in
            var twin = EngineScale.server(77, "web-9")
            twin.createdAt = now
            api.add(twin)
        }
        try await fixture.command("create web-9")
        try await fixture.advance(by: .seconds(120))
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("77, 20001"), "\(run.detail)")
        #expect(fixture.api.calls(.create) == 1)
        #expect(try await fixture.store.deadLetters(limit: 1).first?.reason == .outcomeUnknown)
    }

    @Test("two servers of the name behind one clean answer: parked when it is active, with both shown", arguments: [true, false])
    func appliedTwice(isScale: Bool) async throws {
        let fixture =
            try isScale
            ? EngineFixture(rules: EngineScale.up, servers: EngineScale.fleet, limits: Limits(settle: .zero)) : fixture()
        let name = isScale ? "web-2" : "web-9"
        fixture.api.afterNextCreate { [api = fixture.api, now = fixture.clock.now()] in
            var twin = EngineScale.server(77, name)
            twin.createdAt = now
            api.add(twin)
        }
        try await isScale ? fixture.alert("firing", server: "web") : fixture.command("create web-9")
        #expect(try await fixture.onlyRun().state == .verifying)
        try await fixture.advance(by: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("20001, 77"), "\(run.detail)")
        #expect(fixture.api.calls(.create) == 1 && fixture.api.calls(.delete) == 0)
        #expect(try await fixture.store.deadLetters(limit: 1).first?.reason == .outcomeUnknown)
    }

    @Test("a new server is done only when a list could be read that shows it alone")
    func aloneInTheList() async throws {
        let fixture = try fixture()
        try await fixture.command("create web-9")
        fixture.api.makeListsIncomplete(true)
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().state == .verifying)
        fixture.api.makeListsIncomplete(false)
        try await fixture.advance(by: .seconds(300))
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("a list that does not show the new server yet does not show it alone", arguments: [true, false])
    func laggingList(hasTwin: Bool) async throws {
        let fixture = try fixture()
        fixture.api.hide([ServerID(rawValue: 77), ServerID(rawValue: 20_001)])
        if hasTwin {
            fixture.api.afterNextCreate { [api = fixture.api, now = fixture.clock.now()] in
                var twin = EngineScale.server(77, "web-9")
                twin.createdAt = now
                api.add(twin)
            }
        }
        try await fixture.command("create web-9")
        try await fixture.advance(by: .seconds(180))
        let waiting = try await fixture.onlyRun()
        #expect(waiting.state == .verifying && waiting.detail.contains("active, but not in the list"), "\(waiting.detail)")
        fixture.api.hide([])
        try await fixture.advance(by: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == (hasTwin ? .parked : .succeeded), "\(run.detail)")
        #expect(!hasTwin || run.detail.contains("20001, 77"), "\(run.detail)")
    }

    @Test("a new server that no list ever shows is not called the only one of its name")
    func neverInTheList() async throws {
        let fixture = try fixture()
        fixture.api.hide([ServerID(rawValue: 20_001)])
        try await fixture.command("create web-9")
        try await fixture.advance(by: .seconds(700))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .unverified, "\(run.detail)")
        #expect(run.detail.contains("not in the list of servers after 600 s; it is left as it is"), "\(run.detail)")
    }

    @Test("the run's short id makes a name of its own")
    func shortID() async throws {
        let fixture = try fixture(Self.create.replacing("${{ args.name }}", with: "${{ args.name }}-${{ run.short_id }}"))
        try await fixture.command("create web", trigger: "t1")
        try await fixture.advance(by: .seconds(30))
        fixture.clock.advance(by: .seconds(3_600))
        try await fixture.command("create web", trigger: "t2")
        let names = fixture.api.names.filter { $0 != "web-5" }
        #expect(Set(names).count == 2 && names.allSatisfy { $0.utf8.count == 14 && $0.hasPrefix("web-") }, "\(names)")
    }

    // MARK: Caps

    @Test("a person is told at once that a cap is spent")
    func capOfCommand() async throws {
        let fixture = try fixture(limits: Limits(cooldown: .zero, settle: .zero, creates: CreateCaps(maxPerDay: 1)))
        try await fixture.command("create web-8", trigger: "t1")
        try await fixture.advance(by: .seconds(30))
        try await fixture.command("create web-9", trigger: "t2")
        #expect(fixture.api.ledger == ["create web-8"])
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.reason == .costCap && run.detail.contains("1 of 1 servers of 24 hours"))
    }

    @Test("nobody is asked for what a cap forbids")
    func capBeforeQuestion() async throws {
        let fixture = try fixture(
            Self.create.replacing("autonomy: auto", with: "approval: {approvers: [U0BOB]}"),
            limits: Limits(settle: .zero, creates: CreateCaps(maxPerDay: 0)))
        try await fixture.command("create web-9")
        #expect(try await fixture.onlyRun().reason == .costCap)
        #expect(try await fixture.store.approvals(onlyOpen: false, limit: 1).isEmpty)
    }

    @Test("with an empty configuration ten servers in a day are the most")
    func floor() throws {
        #expect(Limits().creates == CreateCaps(maxPerDay: 10))
    }

    @Test(
        "an alert's create waits for the cap, within a run too, and goes on when it lifts",
        arguments: [
            CreateCaps(maxPerDay: 1), CreateCaps(maxPerMonth: 1), CreateCaps(maxCostPerMonth: Money(micros: 9_000_000)),
        ])
    func capOfAlert(caps: CreateCaps) async throws {
        let limits = Limits(
            settle: .zero, creates: caps, prices: PriceList(currency: "EUR", plans: [2: Money(micros: 5_000_000)]))
        let fixture = try EngineFixture(rules: EngineScale.delta(2), servers: EngineScale.fleet, limits: limits)
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(1_200))
        #expect(fixture.api.ledger == ["create web-2"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .costCap, "\(run.state) \(run.detail)")
        if caps.maxPerDay != nil {
            try await fixture.keepFiring(server: "web", for: .seconds(86_400), every: .seconds(600))
            #expect(fixture.api.ledger == ["create web-2", "create web-4"])
        } else {
            #expect(run.dueAt == Month(containing: fixture.clock.now()).end)
        }
    }

    @Test("a rule's own cap counts what that rule created, and is not looser than all rules'")
    func ruleCap() async throws {
        let rules = EngineScale.delta(2).replacing(
            "autonomy: auto", with: "autonomy: auto\n    limits: {creates: {max_per_day: 1}}")
        let fixture = try EngineFixture(rules: rules, servers: EngineScale.fleet, limits: Limits(settle: .zero))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(600))
        #expect(fixture.api.ledger == ["create web-2"])
        #expect(try await fixture.onlyRun().detail.contains("rule scale-up: 1 of 1"))
    }

    @Test("random scale-up alerts of several rules, with faults, never buy one server too many")
    func property() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = JSONTestRandom(seed: seed)
        let second = EngineScale.up.replacing("scale-up", with: "other-up").replacing("web-", with: "api-").replacing(
            "HostDown", with: "Idle")
        let rules =
            (EngineScale.up + "\n" + second.split(separator: "\n").dropFirst(2).joined(separator: "\n")).replacing(
                "max: 4", with: "max: 90")
        let limits = Limits(
            cooldown: .zero, fleetBudgets: [Budget(max: 1_000, per: .seconds(3_600))], settle: .zero,
            creates: CreateCaps(maxPerDay: 7, maxCostPerMonth: Money(micros: 60_000_000)),
            prices: PriceList(currency: "EUR", plans: [2: Money(micros: 5_000_000)]))
        let fixture = try EngineFixture(rules: rules, servers: EngineScale.fleet, limits: limits)
        for index in 0..<Self.alerts {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: fixture.api.script(.create, .failAfterApply(.lost))
            case 1: fixture.api.script(.create, .fail(.unreachable))
            case 2:
                fixture.api.script(
                    .create, .fail(APIError(code: .badRequest, certainty: .notExecuted, status: 400, detail: "no")))
            case 3: try await fixture.crash()
            default: break
            }
            let name = ["HostDown", "Idle"][Int.random(in: 0..<2, using: &random)]
            let group = "g\(index)"
            try await fixture.alert("firing", server: group, alertname: name, startedAgo: .zero)
            try await fixture.advance(by: .seconds(Int64.random(in: 0...1_800, using: &random)))
            try await fixture.alert("resolved", server: group, alertname: name)
        }
        let times = try await fixture.store.purchases(from: fixture.began, to: fixture.clock.now() + .seconds(1)).map(\.createdAt)
        #expect(fixture.api.ledger.count <= times.count, "seed \(seed)")
        for (index, time) in times.enumerated() {
            #expect(times[...index].count { $0 > time - .seconds(86_400) } <= 7, "seed \(seed)")
            #expect(times[...index].count { $0 >= Month(containing: time).start } <= 12, "seed \(seed)")
        }
        #expect(times.count >= 7, "seed \(seed)")
    }
}
