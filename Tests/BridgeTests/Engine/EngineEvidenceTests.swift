import Engine
import Model
import RuleTesting
import Store
import Testing

/// What a source's own API says, and what probes find, before a rung and while its effect is waited for.
@Suite("engine: fresh evidence by pull and probe")
struct EngineEvidenceTests {
    private static let waits = EngineFixture.hostDown.replacing("    target:", with: "    for: 20m\n    target:")
    private static let probing = EngineFixture.hostDown.replacing("    target:", with: "    probe: {tcp: 22}\n    target:")

    /// A rule that waits 20 minutes for a problem that nobody repeats.
    private func stale(_ answer: Evidence?) async throws -> EngineFixture {
        let fixture = try EngineFixture(rules: Self.waits)
        fixture.evidence.answer(answer, for: "alertmanager")
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(1_200))
        return fixture
    }

    @Test("firing: a word that is too old is made fresh, and the rung acts; the problem counts as seen")
    func firing() async throws {
        let fixture = try await stale(.firing)
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(fixture.evidence.asked.count == 1)
        let key = EpisodeKey(source: "alertmanager", fingerprint: "HostDown/web-server-01")
        #expect(try await fixture.store.openEpisodes([key])[key]?.lastSeenAt == fixture.clock.now())
    }

    @Test("no answer, or nobody to ask: stale evidence holds", arguments: [Evidence.unavailable("down"), nil])
    func unavailable(_ answer: Evidence?) async throws {
        let fixture = try await stale(answer)
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .staleEvidence)
        #expect(fixture.api.ledger == [])
        // It is not forgotten: once the source answers again, what is still there is acted on.
        fixture.evidence.answer(.firing, for: "alertmanager")
        try await fixture.advance(by: .seconds(300))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("gone: the problem ends as resolved, and nothing is done")
    func gone() async throws {
        let fixture = try await stale(.gone)
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .resolved)
        #expect(fixture.api.ledger == [])
        let key = EpisodeKey(source: "alertmanager", fingerprint: "HostDown/web-server-01")
        #expect(try await fixture.store.openEpisodes([key]).isEmpty)
    }

    @Test("gone, but the sender spoke meanwhile: its word is younger than the answer, the problem stays open and is acted on")
    func goneTooLate() async throws {
        let fixture = try EngineFixture(rules: Self.waits)
        fixture.evidence.answer(.gone, for: "alertmanager")
        try await fixture.alert("firing", startedAgo: .zero)
        let (store, clock, dispatcher, body) = (fixture.store, fixture.clock, fixture.dispatcher, fixture.firingBody())
        fixture.evidence.duringNextAnswer {
            clock.advance(by: .seconds(1))
            _ = try? await store.accept(
                NewDelivery(source: "alertmanager", receivedAt: clock.now(), body: body, contentType: "application/json"))
            _ = try? await dispatcher.dispatchOnce()
        }
        try await fixture.advance(by: .seconds(1_200))
        let key = EpisodeKey(source: "alertmanager", fingerprint: "HostDown/web-server-01")
        #expect(try await fixture.store.openEpisodes([key])[key] != nil)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("silenced: held while the silence lasts, also when its end is far; then it acts")
    func silenced() async throws {
        let fixture = try EngineFixture(rules: Self.waits)
        let until = fixture.clock.now() + .seconds(7_200)
        fixture.evidence.answer(.silenced(until: until, why: "silenced in Alertmanager"), for: "alertmanager")
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(3_600))
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .silenced)
        #expect(run.detail.contains(until.rfc3339))
        #expect(fixture.api.ledger == [])
        // Somebody lifts it early: that is seen within five minutes.
        fixture.evidence.answer(.firing, for: "alertmanager")
        try await fixture.advance(by: .seconds(300))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a word that is younger than a minute is not looked behind")
    func young() async throws {
        let fixture = try EngineFixture()
        fixture.evidence.answer(.gone, for: "alertmanager")
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.evidence.asked.isEmpty)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("while an effect is waited for: gone and active for the delay is a success, without a resolve")
    func goneAfterwards() async throws {
        let fixture = try EngineFixture()
        fixture.evidence.answer(.firing, for: "alertmanager")
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(90))
        #expect(try await fixture.onlyRun().state == .verifying)
        fixture.evidence.answer(.gone, for: "alertmanager")
        try await fixture.advance(by: .seconds(200))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("silenced between two rungs: the next one waits and the lane stays taken; a firing alert without repeats climbs")
    func silencedBetween() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing", startedAgo: .zero)
        fixture.evidence.answer(.silenced(until: nil, why: "inhibited"), for: "alertmanager")
        try await fixture.advance(by: .seconds(1_200))
        let run = try await fixture.onlyRun()
        #expect(run.state == .verifying && run.reason == .silenced)
        #expect(fixture.api.ledger == ["reboot 12345"])
        fixture.evidence.answer(.firing, for: "alertmanager")
        try await fixture.advance(by: .seconds(310))
        #expect(fixture.api.ledger.prefix(2) == ["reboot 12345", "stop 12345"])
    }

    @Test("evidence never makes the bridge act on what no rule matched")
    func neverMatches() async throws {
        let fixture = try EngineFixture()
        fixture.evidence.answer(.firing, for: "alertmanager")
        try await fixture.alert("firing", alertname: "DiskFull")
        try await fixture.advance(by: .seconds(3_600))
        #expect(try await fixture.store.runs(limit: 10).isEmpty)
        #expect(fixture.evidence.asked.isEmpty && fixture.api.ledger == [])
    }

    // MARK: The probe

    @Test("a probe that finds it unhealthy is fresh evidence: the rung acts although the last word is old")
    func unhealthy() async throws {
        let fixture = try EngineFixture(rules: Self.probing.replacing("    target:", with: "    for: 20m\n    target:"))
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(1_200))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a probe that finds it healthy: nothing is done, and after healthy_delay the run ends as resolved")
    func healthy() async throws {
        let fixture = try EngineFixture(rules: Self.probing)
        fixture.prober.answer(true)
        try await fixture.alert("firing", startedAgo: .zero)
        let held = try await fixture.onlyRun()
        #expect(held.state == .held && held.reason == .probeHealthy)
        try await fixture.advance(by: .seconds(119))
        #expect(try await fixture.onlyRun().state == .held)
        try await fixture.advance(by: .seconds(1))
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .resolved)
        #expect(fixture.api.ledger == [])
    }

    @Test("a probe that finds it healthy and then not: the delay begins anew, and the rung acts")
    func healthyThenNot() async throws {
        let fixture = try EngineFixture(rules: Self.probing)
        fixture.prober.answer(true)
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(60))
        fixture.prober.answer(false)
        try await fixture.advance(by: .seconds(5))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }
}
