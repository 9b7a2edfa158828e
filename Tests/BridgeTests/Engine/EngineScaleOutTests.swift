import Engine
import JSON
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: fleet.scale creates servers")
struct EngineScaleOutTests {
    private func fixture(
        _ rules: String = EngineScale.up, servers: [Server] = EngineScale.fleet, live: Bool = true,
        limits: Limits = Limits(settle: .zero)
    ) throws -> EngineFixture {
        try EngineFixture(rules: rules, servers: servers, live: live, limits: limits)
    }

    @Test("one server is created under the lowest free number, waited for, remembered as ours, and told of")
    func normal() async throws {
        let fixture = try fixture()
        try await fixture.alert("firing", server: "web")
        #expect(fixture.api.ledger == ["create web-2"])
        let waiting = try await fixture.onlyRun()
        #expect(waiting.state == .verifying && waiting.lane == .group("web"))
        #expect(try await fixture.messages().isEmpty, "a 201 is not yet success")
        try await fixture.advance(by: .seconds(15))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(try await fixture.messages() == ["2 -> 3"])
        let intents = try await fixture.store.intents(of: run.id)
        #expect(intents.map(\.outcome) == [.applied])
        #expect(intents.first?.request?.name == "web-2")
        #expect(intents.first?.request?.body?["plan_id"]?.intValue == 2)
        let created = try await fixture.store.createdServers()
        #expect(created.map(\.name) == ["web-2"] && created.first?.lane == .group("web"))
    }

    @Test(
        "bounds: never above max, one step at a time, each server waits for the one before",
        arguments: [(1, 3), (2, 4), (9, 4)])
    func bounds(delta: Int, expected: Int) async throws {
        let fixture = try fixture(EngineScale.delta(delta))
        try await fixture.alert("firing", server: "web")
        #expect(fixture.api.ledger == ["create web-2"])
        try await fixture.keepFiring(server: "web", for: .seconds(120), every: .seconds(30))
        #expect(fixture.api.names.count { $0.hasPrefix("web-") } == expected)
        #expect(fixture.api.ledger == ["create web-2", "create web-4"].prefix(expected - 2).map { $0 })
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("a group that is full has nothing to do and says so")
    func full() async throws {
        let servers = EngineScale.fleet + [EngineScale.server(4, "web-4"), EngineScale.server(5, "web-5")]
        let fixture = try fixture(servers: servers)
        try await fixture.alert("firing", server: "web")
        #expect(fixture.api.ledger.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .nothingToDo && run.detail.contains("at most 4"))
    }

    @Test("from an incomplete or an empty list nothing is created", arguments: [true, false])
    func blind(isEmpty: Bool) async throws {
        let fixture = try fixture(servers: isEmpty ? [] : EngineScale.fleet)
        fixture.api.makeListsIncomplete(!isEmpty)
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(600))
        #expect(fixture.api.ledger.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .inventoryUnavailable)
        if isEmpty { return }
        fixture.api.makeListsIncomplete(false)
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        #expect(fixture.api.ledger == ["create web-2"])
    }

    @Test(
        "what VPS.org refuses fails the run, and its channel is told",
        arguments: [
            (402, APIError.Code.paymentRequired, Reason.paymentRequired), (400, .badRequest, .refused),
            (409, .conflict, .refused),
        ])
    func refused(status: Int, code: APIError.Code, reason: Reason) async throws {
        let fixture = try fixture()
        fixture.api.script(
            .create,
            .fail(APIError(code: code, certainty: code == .conflict ? .unknown : .notExecuted, status: status, detail: "no")))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(600))
        #expect(fixture.api.calls(.create) == 1)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == reason)
        #expect(try await fixture.messages().first?.contains("did not create web-2: \(status) no") == true)
    }

    @Test("a create that certainly did not happen is tried again and counts once", arguments: [APIError.unreachable, .slowDown])
    func notExecuted(error: APIError) async throws {
        let fixture = try fixture(limits: Limits(fleetBudgets: [Budget(max: 1, per: .seconds(3_600))], settle: .zero))
        fixture.api.script(.create, .fail(error))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(120))
        #expect(fixture.api.ledger == ["create web-2"])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    // MARK: The outcome is not known

    @Test("a lost answer of a create that took place: found by its name, adopted, bought once")
    func lostAnswer() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .failAfterApply(.lost))
        try await fixture.alert("firing", server: "web")
        #expect(try await fixture.onlyRun().state == .unknown)
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        #expect(fixture.api.calls(.create) == 1)
        #expect(try await fixture.onlyRun().state == .succeeded)
        #expect(try await fixture.store.createdServers().map(\.name) == ["web-2"])
    }

    @Test("a list that lags is waited for: the server that shows late is adopted")
    func laggingList() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .failAfterApply(.lost))
        fixture.api.hide([ServerID(rawValue: 20_001)])
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(280))
        #expect(try await fixture.onlyRun().state == .unknown)
        fixture.api.hide([])
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        #expect(fixture.api.calls(.create) == 1)
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("no server after the whole window on complete lists: asked for once more under the same name, then a person decides")
    func neverSeen() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .fail(.lost), .fail(.lost))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(290))
        #expect(fixture.api.calls(.create) == 1, "not before the window is over")
        try await fixture.keepFiring(server: "web", for: .seconds(30))
        #expect(fixture.api.calls(.create) == 2)
        let id = try await fixture.onlyRun().id
        #expect(Set(try await fixture.store.intents(of: id).map(\.request?.name)) == ["web-2"])
        try await fixture.keepFiring(server: "web", for: .seconds(3_600))
        #expect(fixture.api.calls(.create) == 2)
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("asked for twice"))
        #expect(try await fixture.messages().count == 1)
    }

    @Test("an incomplete list never proves that nothing was created")
    func incompleteProvesNothing() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .fail(.lost))
        try await fixture.alert("firing", server: "web")
        fixture.api.makeListsIncomplete(true)
        try await fixture.keepFiring(server: "web", for: .seconds(3_000))
        #expect(fixture.api.calls(.create) == 1)
        #expect(try await fixture.onlyRun().state == .unknown)
    }

    @Test("a server of that name that is older than the request is not ours")
    func older() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .fail(.lost))
        try await fixture.alert("firing", server: "web")
        fixture.api.add(EngineScale.server(77, "web-2"))
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("older than the request"))
        #expect(try await fixture.store.createdServers().isEmpty)
    }

    @Test("several servers of that name: a person decides, with the candidates named")
    func several() async throws {
        let fixture = try fixture()
        fixture.api.script(.create, .failAfterApply(.lost))
        try await fixture.alert("firing", server: "web")
        var twin = EngineScale.server(77, "web-2")
        twin.createdAt = fixture.clock.now()
        fixture.api.add(twin)
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("77, 20001"))
        #expect(fixture.api.calls(.create) == 1)
    }

    @Test("a bridge that dies between intent and answer looks before it buys", arguments: [true, false])
    func crash(wasSent: Bool) async throws {
        let fixture = try fixture()
        let api = fixture.api
        try await fixture.deliver("firing", server: "web")
        _ = try await fixture.dispatcher.dispatchOnce()
        let claimed = try #require(
            try await fixture.store.claimRuns(
                ClaimRequest(now: fixture.clock.now(), leaseUntil: fixture.clock.now() + .seconds(30), limit: 1)
            ).first)
        var run = claimed.run
        run.state = .running
        run.lane = .group("web")
        run.progress.scale = ScaleProgress(before: 2, desired: 3)
        let create = CreateServer(name: "web-2", planID: 2, osID: 5, location: "us-west")
        let request = IntentRequest(method: "POST", url: "/api/v1/servers/", hash: "x", name: "web-2", body: create.body)
        _ = try await fixture.store.commit(
            RunTransition(
                now: fixture.clock.now(), run: run,
                intent: .open(
                    NewIntent(rung: 0, step: 0, kind: .operation(.create), request: request),
                    guards: Guards(limits: Limits(), fleetSize: 3, checksCooldown: true)), releasesLease: false))
        if wasSent { _ = try await api.create(create) }
        fixture.clock.advance(by: .seconds(1))
        #expect(try await fixture.store.rescue(now: fixture.clock.now(), everything: true) == 1)
        try await fixture.settle()
        try await fixture.keepFiring(server: "web", for: .seconds(420))
        #expect(api.ledger == ["create web-2"])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("a new server that does not become active in time fails the run, is told of, and is left as it is")
    func neverActive() async throws {
        let fixture = try fixture()
        try await fixture.alert("firing", server: "web")
        fixture.api.freeze(ServerID(rawValue: 20_001))
        try await fixture.keepFiring(server: "web", for: .seconds(700))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .unverified)
        #expect(fixture.api.names.contains("web-2"))
        #expect(try await fixture.messages().first?.contains("provisioning after 600 s") == true)
        #expect(try await fixture.store.createdServers().map(\.name) == ["web-2"])
    }

    // MARK: Guards

    @Test("observe, and a bridge that is not live, say what they would do", arguments: [true, false])
    func observes(isLive: Bool) async throws {
        let fixture = try fixture(
            isLive ? EngineScale.up.replacing("autonomy: auto", with: "autonomy: observe") : EngineScale.up, live: isLive)
        try await fixture.alert("firing", server: "web")
        #expect(fixture.api.calls(.create) == 0)
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.detail.hasPrefix("would create 1 of 2 servers of group:web"))
    }

    @Test("the cooldown is the group's: a second problem of it waits, another group does not")
    func cooldown() async throws {
        let rules = EngineScale.up.replacing(
            "server.name.startsWith(\"web-\")", with: "server.name.startsWith(event.labels.server)"
        )
        .replacing("name: \"web-${{ slot }}\"", with: "name: \"${{ event.labels.server }}-${{ slot }}\"")
        let fixture = try fixture(rules)
        try await fixture.alert("firing", server: "web")
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("resolved", server: "web")
        try await fixture.alert("firing", server: "web", startedAgo: .zero)
        #expect(try await fixture.newestRun().reason == .cooldown)
        try await fixture.alert("firing", server: "db")
        #expect(fixture.api.ledger == ["create web-2", "create db-2"])
    }

    @Test("each create spends one unit of the fleet's budgets, also in the middle of a run")
    func fleetBudget() async throws {
        let fixture = try fixture(
            EngineScale.delta(2), limits: Limits(fleetBudgets: [Budget(max: 1, per: .seconds(3_600))], settle: .zero))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(1_800))
        #expect(fixture.api.ledger == ["create web-2"])
        #expect(try await fixture.onlyRun().reason == .fleetBudgetSpent)
        try await fixture.keepFiring(server: "web", for: .seconds(2_400))
        #expect(fixture.api.ledger == ["create web-2", "create web-4"])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("a problem that ends in the middle stops after the server at work")
    func endsEarly() async throws {
        let fixture = try fixture(EngineScale.delta(2))
        try await fixture.alert("firing", server: "web")
        try await fixture.alert("resolved", server: "web")
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.api.ledger == ["create web-2"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.detail.contains("web-2 (20001), then no more"))
    }

    @Test("two rules on one group: the second waits for the lane")
    func lane() async throws {
        let fixture = try fixture(EngineScale.both)
        try await fixture.alert("firing", server: "web")
        fixture.clock.advance(by: .seconds(1))
        try await fixture.alert("firing", server: "web", alertname: "Idle")
        let second = try await fixture.newestRun()
        #expect(second.reason == .laneBusy, "\(second)")
        #expect(fixture.api.ledger == ["create web-2"])
        try await fixture.keepFiring(server: "web", for: .seconds(60), every: .seconds(10))
        #expect(try await fixture.newestRun().reason == .cooldown)
        #expect(fixture.api.ledger == ["create web-2"])
    }

    @Test(
        "a template that can not be rendered, or is no server, fails before any request",
        arguments: ["${{ event.labels.nothing }}-${{ slot }}", "${{ event.labels.alertname + ' ' }}${{ slot }}"])
    func template(name: String) async throws {
        let fixture = try fixture(EngineScale.up.replacing("web-${{ slot }}", with: name))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(120))
        #expect(fixture.api.calls(.create) == 0)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .templateError)
    }

    @Test("a request after the create reads what was created")
    func after() async throws {
        let rules = EngineScale.up.replacing(
            "      - action: notify",
            with: """
                      - action: http.request
                        with: {method: PUT, url: "https://lb.example.com/in/${{ steps.scale.servers[0].name }}"}
                      - action: notify
                """)
        let fixture = try fixture(rules)
        try await fixture.alert("firing", server: "web")
        #expect(fixture.transport.requests.isEmpty)
        try await fixture.advance(by: .seconds(20))
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/in/web-2"])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }
}
