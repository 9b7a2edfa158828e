import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: fleet.scale deletes servers")
struct EngineScaleInTests {
    private static let newest = EngineScale.server(3, "web-3")
    private static let oldest = EngineScale.server(1, "web-1")

    private func fixture(_ rules: String = EngineScale.down, owning owned: [Server] = [newest, oldest]) async throws
        -> EngineFixture
    {
        let fixture = try EngineFixture(rules: rules, servers: EngineScale.fleet, limits: Limits(settle: .zero))
        try await fixture.own(owned)
        return fixture
    }

    private func idle(_ fixture: EngineFixture) async throws {
        try await fixture.alert("firing", server: "web", alertname: "Idle")
    }

    @Test("the newest of ours is drained, deleted, and waited for until it is gone")
    func normal() async throws {
        let fixture = try await fixture()
        let api = fixture.api
        fixture.transport.duringNextRequest { #expect(api.ledger.isEmpty, "the drain goes before the delete") }
        try await idle(fixture)
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/drain/web-3"])
        #expect(api.ledger == ["delete 3"])
        let run = try await fixture.newestRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(try await fixture.messages() == ["2 -> 1"])
        #expect(try await fixture.store.createdServers().map(\.name) == ["web-1"])
    }

    @Test(
        "which one goes",
        arguments: [("newest", "delete 3"), ("oldest", "delete 1"), ("'0 - server.id'", "delete 3"), ("server.name", "delete 1")])
    func victim(key: String, expected: String) async throws {
        let fixture = try await fixture(EngineScale.down.replacing("victim: newest", with: "victim: \(key)"))
        try await idle(fixture)
        #expect(fixture.api.ledger == [expected])
    }

    @Test("servers that the bridge did not create are never deleted")
    func notOurs() async throws {
        let fixture = try await fixture(owning: [Self.oldest])
        try await idle(fixture)
        #expect(fixture.api.ledger == ["delete 1"], "web-3 is newer and not ours")
        let none = try await self.fixture(owning: [])
        try await idle(none)
        #expect(none.api.ledger.isEmpty && none.transport.requests.isEmpty)
        let run = try await none.newestRun()
        #expect(run.state == .failed && run.reason == .notCreatedHere)
        #expect(try await none.messages().count == 1)
    }

    @Test("a protected server is not deleted")
    func protected() async throws {
        let fixture = try await fixture()
        fixture.restart { $0.protected = ProtectedServers(["web-3"]) }
        try await idle(fixture)
        #expect(fixture.api.ledger == ["delete 1"])
    }

    @Test("never below min, and never the other way", arguments: [2, 3])
    func bounds(min: Int) async throws {
        let fixture = try await fixture(EngineScale.down.replacing("min: 1", with: "min: \(min)"))
        try await idle(fixture)
        #expect(fixture.api.ledger.isEmpty && fixture.api.calls(.create) == 0)
        #expect(try await fixture.newestRun().reason == .nothingToDo)
        let greedy = try await self.fixture(EngineScale.delta(-9, in: EngineScale.down))
        try await idle(greedy)
        #expect(greedy.api.ledger == ["delete 3"])
    }

    @Test(
        "a drain that fails stops the scale-in: nothing is deleted, and people are told",
        arguments: [HTTPOutcome.status(400), .refusedConnection])
    func drainFails(outcome: HTTPOutcome) async throws {
        let fixture = try await fixture()
        fixture.transport.answer(outcome, outcome, outcome)
        try await idle(fixture)
        try await fixture.keepIdle(for: .seconds(120))
        #expect(fixture.api.calls(.delete) == 0)
        let run = try await fixture.newestRun()
        #expect(run.state == .failed)
        #expect(try await fixture.messages().first?.contains("it is not deleted") == true)
    }

    @Test("a group that lost a server while another was taken out of service is not shrunk below min")
    func shrankMeanwhile() async throws {
        let fixture = try await fixture()
        let api = fixture.api
        let clock = fixture.clock
        // The list that the choice was made from is of before.
        fixture.transport.duringNextRequest {
            api.remove(Self.oldest.id)
            clock.advance(by: .seconds(1))
        }
        try await idle(fixture)
        try await fixture.keepIdle(for: .seconds(60))
        #expect(fixture.transport.requests.count == 1 && api.ledger.isEmpty)
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.reason == .nothingToDo, "\(run.state) \(run.detail)")
        #expect(try await fixture.messages().first?.contains("it is not deleted") == true)
    }

    @Test("what a drain was answered is read by later steps, and a drain reads earlier ones")
    func drainOutputs() async throws {
        let rules = EngineScale.down
            .replacing("drain:\n", with: "drain:\n            id: out\n")
            .replacing("/drain/${{ victim.name }}", with: "/drain/${{ victim.name }}/${{ steps.all.count }}")
            .replacing("      - id: scale", with: "      - {id: all, action: server.list}\n      - id: scale")
            .replacing("${{ steps.scale.before }} -> ${{ steps.scale.after }}", with: "${{ steps.out.status }}")
        let fixture = try EngineFixture(rules: rules, servers: EngineScale.fleet, limits: Limits(settle: .zero))
        try await fixture.own(EngineScale.fleet)
        try await fixture.alert("firing", server: "web", alertname: "Idle")
        try await fixture.keepIdle(for: .seconds(90))
        #expect(fixture.transport.lines == ["PUT https://lb.example.com/drain/web-3/3"])
        #expect(try await fixture.messages() == ["200"])
    }

    @Test("a drain is tried again when its time has come, then the same server goes")
    func drainRetries() async throws {
        let fixture = try await fixture()
        fixture.transport.answer(.status(503), .cut)
        try await idle(fixture)
        #expect(fixture.api.calls(.delete) == 0)
        try await fixture.keepIdle(for: .seconds(60))
        #expect(fixture.transport.lines.count == 3 && Set(fixture.transport.lines).count == 1)
        #expect(fixture.api.ledger == ["delete 3"])
    }

    @Test("a drain that may have been received and must not be repeated parks the run")
    func drainAmbiguous() async throws {
        let fixture = try await fixture(EngineScale.down.replacing("method: PUT", with: "method: POST"))
        fixture.transport.answer(.cut)
        try await idle(fixture)
        try await fixture.keepIdle(for: .seconds(600))
        #expect(fixture.transport.requests.count == 1)
        #expect(fixture.api.calls(.delete) == 0)
        #expect(try await fixture.newestRun().state == .parked)
    }

    @Test("id and name must match in a fresh read before the first attempt")
    func renamed() async throws {
        let fixture = try await fixture()
        let api = fixture.api
        var renamed = Self.newest
        renamed.name = "precious"
        api.duringNextGet { [renamed] in api.add(renamed) }
        try await idle(fixture)
        #expect(api.calls(.delete) == 0)
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.detail.contains("now precious"))
    }

    @Test("the answer of a delete is lost: the server is looked at before anything is sent again", arguments: [true, false])
    func lostAnswer(tookPlace: Bool) async throws {
        let fixture = try await fixture()
        fixture.api.script(.delete, tookPlace ? .failAfterApply(.lost) : .fail(.lost))
        try await idle(fixture)
        try await fixture.keepIdle(for: .seconds(60))
        #expect(fixture.api.ledger == ["delete 3"])
        #expect(fixture.api.calls(.delete) == (tookPlace ? 1 : 2))
        #expect(try await fixture.newestRun().state == .succeeded)
        #expect(try await fixture.store.createdServers().map(\.name) == ["web-1"])
    }

    @Test("404 to our own delete is done")
    func alreadyGone() async throws {
        let fixture = try await fixture()
        fixture.api.script(.delete, .failAfterApply(APIError(code: .notFound, certainty: .notExecuted, status: 404, detail: "")))
        try await idle(fixture)
        #expect(try await fixture.newestRun().state == .succeeded)
        #expect(fixture.api.calls(.delete) == 1)
    }

    @Test("a server that is still there after its time fails the run")
    func stillThere() async throws {
        let fixture = try await fixture()
        fixture.api.script(.delete, .doNothing)
        try await idle(fixture)
        try await fixture.keepIdle(for: .seconds(700))
        let run = try await fixture.newestRun()
        #expect(run.state == .failed && run.reason == .unverified)
        #expect(fixture.api.calls(.delete) == 1)
    }

    @Test("an incomplete list deletes nothing")
    func blind() async throws {
        let fixture = try await fixture()
        fixture.api.makeListsIncomplete(true)
        try await idle(fixture)
        try await fixture.keepIdle(for: .seconds(300))
        #expect(fixture.api.calls(.delete) == 0 && fixture.transport.requests.isEmpty)
        #expect(try await fixture.newestRun().reason == .inventoryUnavailable)
    }

    @Test("a bridge that dies while its delete is on its way finds out, and one server is deleted", arguments: [true, false])
    func crash(wasSent: Bool) async throws {
        let fixture = try await fixture()
        try await fixture.deliver("firing", server: "web", alertname: "Idle")
        _ = try await fixture.dispatcher.dispatchOnce()
        let claimed = try #require(
            try await fixture.store.claimRuns(
                ClaimRequest(now: fixture.clock.now(), leaseUntil: fixture.clock.now() + .seconds(30), limit: 1)
            ).first)
        var run = claimed.run
        run.state = .running
        run.lane = .group("web")
        run.progress.attempts = 1
        run.progress.scale = ScaleProgress(
            before: 2, desired: 1, current: ScaleProgress.Member(id: Self.newest.id, name: "web-3"), isDrained: true)
        let request = IntentRequest(method: "DELETE", url: "/api/v1/servers/3/", hash: "x", name: "web-3")
        let intent = NewIntent(
            rung: 0, step: 0, kind: .operation(.delete), server: Self.newest.id, preStatus: .active, request: request)
        _ = try await fixture.store.commit(
            RunTransition(now: fixture.clock.now(), run: run, intent: .open(intent, guards: nil), releasesLease: false))
        if wasSent { try await fixture.api.delete(Self.newest.id) }
        fixture.clock.advance(by: .seconds(1))
        #expect(try await fixture.store.rescue(now: fixture.clock.now(), everything: true) == 1)
        try await fixture.settle()
        try await fixture.keepIdle(for: .seconds(60))
        #expect(fixture.api.ledger == ["delete 3"])
        #expect(try await fixture.newestRun().state == .succeeded)
    }
}
