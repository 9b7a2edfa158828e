import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// How the hard cases end, each as its rule's two rungs and the guards say.
@Suite("Engine: how hard cases end")
struct EngineEndingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the API does wrong.
        var faults: [(Operation, FakeServersAPI.Fault)] = []
        /// Until when the problem is spoken of, every five minutes, in minutes; `nil` to the end.
        var spokenUntil: Int?
        /// When the problem is over, in minutes.
        var resolvedAt: Int?
        /// How many minutes before the problem another rule rebooted the server.
        var rebootedBefore: Int?
        let ledger: [String]
        let state: RunState
        let reason: Reason
        /// Whether the last rung's message went out.
        let isTold: Bool
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "a hung guest that stays active: each rung is taken once, then people are told",
            ledger: ["reboot 1", "stop 1", "start 1"],
            state: .failed, reason: .ineffective, isTold: true),
        Case(
            name: "a reboot that does nothing: the power cycle follows and helps", faults: [(.reboot, .doNothing)],
            resolvedAt: 14,
            ledger: ["reboot 1", "stop 1", "start 1"], state: .succeeded, reason: .effective, isTold: false),
        Case(
            name: "a reboot that helps", resolvedAt: 3, ledger: ["reboot 1"], state: .succeeded, reason: .effective, isTold: false
        ),
        Case(
            name: "a resolve that never comes, and no other word either: no second rung on old evidence, and no success",
            spokenUntil: 0, ledger: ["reboot 1"], state: .failed, reason: .unverified, isTold: true),
        Case(
            name: "a cooldown that lapses while the problem lasts: the run that waited acts then", resolvedAt: 25,
            rebootedBefore: 10,
            ledger: ["reboot 1", "reboot 1"], state: .succeeded, reason: .effective, isTold: false),
        Case(
            name: "a problem that ends within the cooldown: nothing more is done", resolvedAt: 10, rebootedBefore: 10,
            ledger: ["reboot 1"], state: .cancelled, reason: .resolved, isTold: false),
        Case(
            name: "a stop that does nothing: no start is owed, people are told",
            faults: [(.reboot, .doNothing), (.stop, .doNothing)],
            ledger: ["reboot 1", "stop 1"], state: .failed, reason: .ineffective, isTold: true),
    ]

    private static let rules =
        EngineFixture.hostDown.replacing(
            "{timeout: 10m, actions: [server.reboot]}", with: "{timeout: 12m, actions: [server.reboot]}")
        + EngineFixture.diskFull

    @Test("ends as the design says", arguments: cases)
    func ending(_ wanted: Case) async throws {
        let fixture = try EngineFixture.watched(20, rules: Self.rules, limits: Limits(maxEventAge: .seconds(600), settle: .zero))
        for (operation, fault) in wanted.faults { fixture.api.script(operation, fault) }
        if let minutes = wanted.rebootedBefore {
            try await fixture.rebootByDiskFull("web-1")
            try await fixture.advance(by: .seconds(minutes * 60 - 160))
        }
        let start = fixture.clock.now()
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        // An hour and a half, minute by minute; of what nobody speaks of any more the rest of a day too.
        let minutes = Array(1...90) + (wanted.spokenUntil == nil ? [] : Array(stride(from: 120, through: 840, by: 30)))
        for minute in minutes {
            try await fixture.advance(by: (start + .seconds(minute * 60)).since(fixture.clock.now()))
            if minute > 90 {
                _ = try await fixture.store.closeStaleEpisodes(
                    before: fixture.clock.now() - .seconds(43_200), now: fixture.clock.now())
                try await fixture.settle()
            }
            if minute == wanted.resolvedAt { try await fixture.alert("resolved", server: "web-1") }
            let isSpokenOf = minute <= wanted.spokenUntil ?? .max && minute < wanted.resolvedAt ?? .max
            if isSpokenOf, minute % 5 == 0 {
                try await fixture.alert("firing", server: "web-1", startedAgo: fixture.clock.now().since(start))
            }
        }
        let run = try #require(try await fixture.store.runs(limit: 10).first { $0.rule == "host-down" })
        #expect(run.state == wanted.state && run.reason == wanted.reason, "\(run.state) \(run.detail)")
        #expect(fixture.api.ledger == wanted.ledger)
        #expect(try await fixture.messages(with: "is still down").count == (wanted.isTold ? 1 : 0))
    }

    @Test("a rung that the server's budget refuses ends the climb: people are told at once, and nothing more is tried")
    func refusedRung() async throws {
        let fixture = try EngineFixture(limits: Limits(budgets: [Budget(max: 1, per: .seconds(86_400))], settle: .zero))
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(700))
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .budgetSpent, "\(run.state) \(run.detail)")
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(try await fixture.messages() == ["web-server-01 is still down"])
    }
}
