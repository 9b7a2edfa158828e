import Engine
import Model
import RuleTesting
import Testing

@testable import Store

/// Who has the last word of a problem: its sender, its source's own API, the rule's probe, a person.
@Suite("engine: the last word of a problem")
struct EngineLastWordTests {
    // MARK: Pull says that it is gone before the sender does

    enum Word: String, Sendable {
        case gone, resolved, firing, earlier
    }

    private static let told = """

          - name: told
            trigger: {source: alertmanager, status: resolved}
            when: event.labels.alertname == "HostDown"
            autonomy: auto
            actions: [{action: notify, with: {channel: ops, text: over}}]
        """
    private static let waiting = EngineFixture.hostDown.replacing("    target:", with: "    for: 20m\n    target:")

    @Test(
        "rules on the end of a problem run once, by the sender's resolve, also when pull has ended the problem before",
        arguments: [
            ([.gone], 0),
            ([.gone, .resolved], 1),
            ([.gone, .resolved, .resolved], 1),
            // A resolve of an occurrence before it is none of this one.
            ([.gone, .earlier], 0),
            ([.gone, .earlier, .resolved], 1),
            // Spoken of again it is a problem again, and its resolve is the only one.
            ([.gone, .firing], 0),
            ([.gone, .firing, .resolved, .resolved], 1),
            ([.gone, .firing, .gone, .resolved, .resolved], 1),
            ([.resolved, .resolved], 1),
        ] as [([Word], Int)])
    func gone(words: [Word], told: Int) async throws {
        let fixture = try EngineFixture(rules: Self.waiting + Self.told)
        fixture.evidence.answer(.gone, for: "alertmanager")
        try await fixture.alert("firing")
        for word in words {
            switch word {
            case .gone:
                try await fixture.advance(by: .seconds(1_200))
                #expect(try await fixture.store.counts().openEpisodes == 0)
            case .resolved: try await fixture.alert("resolved")
            case .firing: try await fixture.alert("firing")
            case .earlier:
                try await fixture.deliverResolve(
                    endedAt: fixture.began - .seconds(120), startedAt: fixture.began - .seconds(300))
            }
        }
        #expect(try await fixture.messages().count { $0 == "over" } == told)
        #expect(fixture.api.ledger == [])
    }

    @Test("the words come in one delivery's batch: the same", arguments: [1, 2])
    func goneThenBatch(resolves: Int) async throws {
        let fixture = try EngineFixture(rules: Self.waiting + Self.told)
        fixture.evidence.answer(.gone, for: "alertmanager")
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(1_200))
        for _ in 0..<resolves { try await fixture.deliver("resolved") }
        try await fixture.settle()
        #expect(try await fixture.messages().count { $0 == "over" } == 1)
    }

    @Test("a problem that is reported anew, in one batch with the resolve of an occurrence before it, is open")
    func anewInOneBatch() async throws {
        let fixture = try EngineFixture(rules: Self.waiting + Self.told)
        fixture.evidence.answer(.gone, for: "alertmanager")
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(1_200))
        try await fixture.deliver("firing")
        try await fixture.deliverResolve(endedAt: fixture.began - .seconds(120), startedAt: fixture.began - .seconds(300))
        #expect(try await fixture.store.counts().openEpisodes == 1)
        #expect(try await fixture.messages().isEmpty)
    }

    // MARK: A start that moves back

    @Test(
        "a start that moved back, and then a resolve from before the first start: the same in one batch and in three",
        arguments: [(true, 300, 0), (false, 300, 0), (true, 700, 1), (false, 700, 1)] as [(Bool, Int64, Int)])
    func movedBack(inOneBatch: Bool, endedAgo: Int64, open: Int) async throws {
        let fixture = try EngineFixture(limits: Limits(settle: .seconds(60)))
        let now = fixture.clock.now()
        try await fixture.deliver("firing", startedAgo: .zero)
        if !inOneBatch { try await fixture.settle() }
        try await fixture.deliver("firing", startedAgo: .seconds(600))
        if !inOneBatch { try await fixture.settle() }
        try await fixture.deliverResolve(endedAt: now - .seconds(endedAgo), startedAt: now - .seconds(900))
        #expect(try await fixture.store.counts().openEpisodes == open)
    }

    // MARK: The probe finds it healthy, and the alert goes on

    private static let probing = EngineFixture.hostDown.replacing("    target:", with: "    probe: {tcp: 22}\n    target:")

    @Test(
        "a run that ended on its probe's word is followed by another once the cooldown is over and the alert still comes",
        arguments: [true, false])
    func renewed(acted: Bool) async throws {
        let fixture = try EngineFixture(rules: Self.probing)
        fixture.prober.answer(!acted)
        try await fixture.alert("firing")
        fixture.prober.answer(true)
        try await fixture.keepFiring(for: .seconds(180))
        let first = try await fixture.onlyRun()
        #expect(first.state == (acted ? .succeeded : .cancelled) && first.reason == (acted ? .effective : .resolved))
        #expect(fixture.api.ledger == (acted ? ["reboot 12345"] : []))
        let ended = try #require(first.finishedAt)
        fixture.prober.answer(false)
        try await fixture.keepFiring(for: (ended + .seconds(1_799)).since(fixture.clock.now()))
        _ = try await fixture.onlyRun()
        try await fixture.keepFiring(for: .seconds(61))
        #expect(try await fixture.store.runs(limit: 9).count == 2)
        #expect(fixture.api.ledger == (acted ? ["reboot 12345", "reboot 12345"] : ["reboot 12345"]))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(150))
        #expect(try await fixture.newestRun().state == .succeeded)
        #expect(try await fixture.store.counts().openEpisodes == 0)
        let renewable = try await fixture.store.writer.submit { try $0.count("SELECT count(*) FROM runs WHERE is_renewable = 1") }
        #expect(renewable == 1, "the second one ended with its problem")
    }

    @Test("while alert and probe disagree for hours there is one run in a cooldown, one at a time, and nothing is done")
    func disagreement() async throws {
        let fixture = try EngineFixture(rules: Self.probing)
        fixture.prober.answer(true)
        try await fixture.alert("firing")
        for _ in 0..<36 {
            try await fixture.keepFiring(for: .seconds(300))
            #expect(try await fixture.store.runs(limit: 99).count { $0.finishedAt == nil } <= 1)
        }
        let runs = try await fixture.store.runs(limit: 99)
        // A run of two minutes, and the next at the first repeat after 30 minutes more.
        #expect((5...6).contains(runs.count), "\(runs.count)")
        #expect(runs.allSatisfy { $0.state == .held || $0.reason == .resolved } && fixture.api.ledger == [])
    }

    @Test("a run that ended otherwise stays the only one of its problem", arguments: ["did not help", "no probe", "taken over"])
    func only(how: String) async throws {
        let commands = EngineCommandTests.rules.split(separator: "\n").dropFirst(2).joined(separator: "\n")
        let rules = how == "no probe" ? EngineFixture.hostDown : Self.probing
        let fixture = try EngineFixture(rules: rules + "\n" + commands, limits: Limits(cooldown: .seconds(60), settle: .zero))
        try await fixture.alert("firing")
        if how == "taken over" {
            try await fixture.advance(by: .seconds(20))
            try await fixture.command("reboot web-server-01")
        }
        try await fixture.keepFiring(for: .seconds(3 * 3_600), every: .seconds(300))
        let runs = try await fixture.store.runs(limit: 9).filter { $0.rule == "host-down" }
        let reason: Reason = how == "taken over" ? .takenOver : .ineffective
        #expect(runs.map(\.reason) == [reason])
    }

    @Test(
        "what is created or given other fields has its effect by that, whatever the probe says: it is not done again for the problem",
        arguments: [
            (Operation.create, "{name: \"spare-${{ run.short_id }}\", plan_id: 2, os_id: 5, location: us-west}"),
            (.update, "{hostname: new.example.com}"),
        ] as [(Operation, String)])
    func ownEffect(operation: Operation, with: String) async throws {
        let rules = """
            version: 1
            rules:
              - name: change
                trigger: alertmanager
                when: event.labels.alertname == "HostDown"
                target: event.labels.server
                probe: {tcp: 22}
                autonomy: auto
                actions: [{action: server.\(operation.rawValue), with: \(with)}]
            """
        let fixture = try EngineFixture(rules: rules, limits: Limits(cooldown: .seconds(60), settle: .zero))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(2 * 3_600), every: .seconds(300))
        #expect(fixture.api.calls(operation) == 1)
        #expect(try await fixture.onlyRun().reason == .effective)
    }
}
