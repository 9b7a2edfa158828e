import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: what must not happen along the way")
struct EngineTrapTests {
    private let web = ServerID(rawValue: 12345)

    @Test("a later rung asks again whether anything may be changed at all", arguments: [true, false])
    func laterRungAsksAgain(isProtected: Bool) async throws {
        let fixture = try EngineFixture()
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        fixture.restart { settings in
            if isProtected { settings.protected = ProtectedServers(["web-*"]) } else { settings.live = false }
        }
        try await fixture.keepFiring(for: .seconds(700))
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.onlyRun().reason == (isProtected ? .protected : .notLive))
        #expect(try await fixture.messages() == ["web-server-01 is still down"])
    }

    @Test("a resolve that arrives while the server is being read: nothing is sent")
    func resolvedMeanwhile() async throws {
        let fixture = try EngineFixture()
        let (store, dispatcher) = (fixture.store, fixture.dispatcher)
        let resolve = fixture.resolveBody()
        let now = fixture.clock.now()
        fixture.api.duringNextGet {
            _ = try? await store.accept(
                NewDelivery(source: "alertmanager", receivedAt: now, body: resolve, contentType: "application/json"))
            _ = try? await dispatcher.dispatchOnce()
        }
        try await fixture.alert("firing")
        #expect(fixture.api.ledger.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled)
        #expect(run.reason == .resolved)
    }

    @Test("the problem is over but somebody stopped the server: no further rung")
    func overButStopped() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(30))
        fixture.api.setStatus(web, .stopped)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(1_200))
        let run = try await fixture.onlyRun()
        #expect(run.reason == .unverified)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a server that somebody stopped is not power-cycled, not even when the answer to a stop would be lost")
    func notOursToStart() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        fixture.api.setStatus(web, .stopped)
        fixture.api.script(.stop, .fail(.lost))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.api.ledger.isEmpty)
        #expect(fixture.api.calls(.stop) + fixture.api.calls(.start) == 0)
        #expect(try await fixture.messages() == ["web-server-01 is still down"])
    }

    @Test("a start after our stop that answers and does nothing is left to a person, who is told")
    func startWithoutEffect() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        fixture.api.script(.start, .doNothing)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(1_000))
        #expect(fixture.api.ledger == ["stop 12345", "start 12345"])
        #expect(try await fixture.onlyRun().state == .parked)
        #expect(try await fixture.messages() == ["web-server-01 is still down"])
    }

    @Test("a source that is removed while a start is owed leaves the run to a person")
    func sourceRemovedBeforeStart() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        for _ in 0..<20 { fixture.api.script(.start, .fail(.unreachable)) }
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(30))
        #expect(fixture.api.calls(.start) > 0)
        fixture.removeSources()
        try await fixture.advance(by: .seconds(400))
        #expect(try await fixture.onlyRun().state == .parked)
    }

    @Test("nobody speaks of the problem any more: that is not success")
    func staleIsNotSuccess() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(60))
        let now = fixture.clock.now()
        #expect(try await fixture.store.closeStaleEpisodes(before: now, now: now) == 1)
        try await fixture.advance(by: .seconds(300))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed)
        #expect(run.reason == .unverified)
    }

    @Test("a command whose answer was lost and that changed nothing is not reported as done")
    func lostCommand() async throws {
        let fixture = try EngineFixture(rules: EngineCommandTests.rules)
        fixture.api.script(.reboot, .fail(.lost))
        try await fixture.command("reboot web-server-01")
        try await fixture.advance(by: .seconds(120))
        #expect(try await fixture.onlyRun().reason == .unverified)
        #expect(try await fixture.messages().contains { $0.hasPrefix("Done") } == false)
        #expect(fixture.api.calls(.reboot) == 1)
    }

    @Test("a relapse keeps the first run's evidence fresh: it climbs on and ends")
    func relapseEnds() async throws {
        let rules = EngineFixture.hostDown.replacing(
            "{timeout: 10m, actions: [server.power_cycle]}",
            with: "{timeout: 20m, actions: [server.power_cycle]}\n      - {timeout: 10m, actions: [server.reboot]}")
        let fixture = try EngineFixture(rules: rules)
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(60 * 60))
        let first = try #require(try await fixture.store.runs(limit: 10).last)
        #expect(first.state == .failed)
        #expect(fixture.api.ledger.prefix(4) == ["reboot 12345", "stop 12345", "start 12345", "reboot 12345"])
    }

    @Test("a command that waited on disk for hours is not done any more")
    func oldCommand() async throws {
        let fixture = try EngineFixture(rules: EngineCommandTests.rules)
        try await fixture.deliverCommand("reboot web-server-01")
        fixture.clock.advance(by: .seconds(6 * 3_600))
        try await fixture.settle()
        #expect(try await fixture.onlyRun().state == .expired)
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("`Retry-After: 0` does not make the bridge ask without pause")
    func retryAfterZero() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        let before = fixture.api.calls(.get)
        let now = APIError(code: .rateLimited, certainty: .notExecuted, status: 429, retryAfter: .zero, detail: "Throttled.")
        for _ in 0..<50 { fixture.api.script(.get, .fail(now)) }
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.api.calls(.get) - before < 10)
    }

    @Test("a list that is not found is not a server that is gone")
    func listNotFound() async throws {
        let fixture = try EngineFixture()
        fixture.api.setStatus(web, .rebooting)
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().reason == .serverBusy, "its server is known now")
        for _ in 0..<3 {
            fixture.api.script(
                .list, .fail(APIError(code: .notFound, certainty: .notExecuted, status: 404, detail: "maintenance")))
        }
        try await fixture.advance(by: .seconds(80))
        #expect(try await fixture.onlyRun().state == .held)
        fixture.api.setStatus(web, .active)
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a server that stays on its way long after the rung's time is left to a person, and others can be helped")
    func stuckServer() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        fixture.api.setStatus(web, .rebooting)
        fixture.api.freeze(web)
        try await fixture.keepFiring(for: .seconds(1_300))
        #expect(try await fixture.onlyRun().state == .parked)
        try await fixture.alert("firing", server: "db-server-01")
        #expect(fixture.api.ledger == ["reboot 12345", "reboot 12346"])
    }
}
