import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: from an alert to a healthy server")
struct EngineEpisodeTests {
    @Test("an alert reboots its server once, and the run ends when the problem has been over for healthy_delay")
    func mainJob() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.onlyRun().state == .verifying)
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("resolved")
        #expect(try await fixture.onlyRun().state == .verifying, "one good word is not yet health")
        try await fixture.advance(by: .seconds(119))
        #expect(try await fixture.onlyRun().state == .verifying)
        try await fixture.advance(by: .seconds(10))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded)
        #expect(run.reason == .effective)
        #expect(fixture.api.ledger == ["reboot 12345"])
        let intents = try await fixture.store.intents(of: run.id)
        #expect(intents.map(\.outcome) == [.applied])
    }

    @Test("repeats of an alert make no second run and no second reboot")
    func repeats() async throws {
        let fixture = try EngineFixture()
        let start = fixture.clock.now()
        for _ in 0..<5 {
            try await fixture.alert("firing", startedAgo: .seconds(60) + fixture.clock.now().since(start))
            try await fixture.advance(by: .seconds(30))
        }
        #expect(fixture.api.ledger == ["reboot 12345"])
        _ = try await fixture.onlyRun()
    }

    @Test("a start that moves back is the same problem, one that moves forward is a new one")
    func movedStart() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing", startedAgo: .seconds(60))
        try await fixture.alert("firing", startedAgo: .seconds(600))
        _ = try await fixture.onlyRun()
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("firing", startedAgo: .seconds(1))
        #expect(try await fixture.store.runs(limit: 10).count == 2)
        #expect(fixture.api.ledger == ["reboot 12345"], "the lane and the cooldown hold the second run")
    }

    @Test("each alert is judged by its own status: a resolve of another server changes nothing")
    func otherResolve() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        try await fixture.alert("resolved", server: "db-server-01")
        try await fixture.advance(by: .seconds(300))
        #expect(try await fixture.onlyRun().state == .verifying)
    }

    @Test("a resolve of an earlier occurrence does not close what began after it")
    func lateResolve() async throws {
        let fixture = try EngineFixture(limits: Limits(settle: .seconds(60)))
        try await fixture.alert("firing", startedAgo: .zero)
        let began = fixture.clock.now()
        try await fixture.deliverResolve(endedAt: began - .seconds(30), startedAt: began - .seconds(300))
        try await fixture.advance(by: .seconds(61))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a resolve within `for` or `settle` cancels before anything is sent")
    func resolvedInTime() async throws {
        let fixture = try EngineFixture(limits: Limits(settle: .seconds(60)))
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(59))
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(600))
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled)
        #expect(run.reason == .resolved)
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("`active` alone is not health: without a resolve the next rung is taken, and people are told at the end")
    func climbs() async throws {
        let fixture = try EngineFixture()
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(601))
        #expect(fixture.api.ledger == ["reboot 12345", "stop 12345"])
        try await fixture.keepFiring(for: .seconds(20))
        #expect(fixture.api.ledger == ["reboot 12345", "stop 12345", "start 12345"])
        try await fixture.keepFiring(for: .seconds(640))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed)
        #expect(run.reason == .ineffective)
        #expect(try await fixture.messages() == ["web-server-01 is still down"])
        #expect(fixture.api.ledger == ["reboot 12345", "stop 12345", "start 12345"])
    }

    @Test("a problem that comes back within healthy_delay is not solved")
    func relapse() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(60))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(90))
        let first = try #require(try await fixture.store.runs(limit: 10).last)
        #expect(first.state == .verifying)
        #expect(first.healthySince == nil)
    }

    @Test("an old word of a problem is never acted on; the next repeat wakes the run")
    func staleEvidence() async throws {
        let fixture = try EngineFixture()
        fixture.api.makeListsIncomplete(true)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(3_000))
        fixture.api.makeListsIncomplete(false)
        try await fixture.advance(by: .seconds(600))
        #expect(fixture.api.ledger.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.state == .held)
        #expect(run.reason == .staleEvidence)
        try await fixture.alert("firing", startedAgo: .seconds(3_660))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("stale evidence does not climb either")
    func staleRung() async throws {
        let fixture = try EngineFixture(
            rules: EngineFixture.hostDown.replacing(
                "{timeout: 10m, actions: [server.reboot]}", with: "{timeout: 20m, actions: [server.reboot]}"))
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(3_600))
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.onlyRun().reason == .staleEvidence)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(80))
        #expect(fixture.api.ledger == ["reboot 12345", "stop 12345", "start 12345"])
    }

    @Test("nobody speaks of a problem for episode_timeout: it ends as stale, and its run with it")
    func staleEpisode() async throws {
        let fixture = try EngineFixture(servers: [EngineFixture.db])
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().state == .failed)
        let closed = try await fixture.store.closeStaleEpisodes(
            before: fixture.clock.now() + .seconds(1), now: fixture.clock.now())
        #expect(closed == 1)
    }

    @Test("a probe that finds the server healthy is evidence too")
    func probe() async throws {
        let rules = EngineFixture.hostDown.replacing("    autonomy: auto", with: "    probe: {tcp: 22}\n    autonomy: auto")
        let fixture = try EngineFixture(rules: rules)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().healthySince == nil)
        fixture.prober.answer(true)
        try await fixture.advance(by: .seconds(130))
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("one transaction decides on 100 events, of a delivery in part, so that a flood does not block the senders for long")
    func batches() async throws {
        let fixture = try EngineFixture()
        for delivery in 0..<5 { try await fixture.deliverMany(60, delivery: delivery) }
        for (turn, deliveries) in [2, 3, 2].enumerated() {
            #expect(try await fixture.dispatcher.dispatchOnce() == deliveries)
            #expect(try await fixture.store.counts().openEpisodes == 100 * (turn + 1))
        }
        #expect(try await fixture.dispatcher.dispatchOnce() == 0)
        #expect(try await fixture.store.undispatched(limit: 1).isEmpty)
    }

    @Test("an event that no rule matches is recorded with its reason")
    func unmatched() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing", alertname: "DiskFull")
        let entries = try await fixture.store.auditEntries(run: nil, delivery: DeliveryID(rawValue: 1), limit: 10)
        #expect(entries.map(\.reason) == [.noRuleMatched])
        #expect(try await fixture.store.runs(limit: 10).isEmpty)
    }
}
