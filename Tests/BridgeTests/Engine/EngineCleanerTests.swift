import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing

@testable import Engine

@Suite("Engine: what is old is cleared away")
struct EngineCleanerTests {
    private static func cleaner(
        _ fixture: EngineFixture, _ retention: Retention = Retention(), limits: Limits = Limits(settle: .zero),
        pause: @escaping @Sendable (Duration) async -> Void = { _ in }
    ) -> Cleaner {
        Cleaner(
            store: fixture.store, retention: retention, limits: limits,
            rules: RuleBook(current: fixture.ruleSet, queries: fixture.store), clock: fixture.clock, pause: pause,
            logger: fixture.log.logger)
    }

    @Test("nothing can be kept for a shorter time than something counts or repeats")
    func floors() {
        let least = Retention(deliveries: .zero, runs: .zero, audit: .zero, messages: .zero, deadLetters: .zero)
        #expect(least.deliveries > .seconds(76 * 3_600) && least.runs > .seconds(31 * 86_400) && least.audit >= least.runs)
    }

    /// 1 day of traffic, that many times as `VPSBRIDGE_LONG_TESTS` says.
    private static let factor = RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1

    @Test("a hundred days of traffic keep the file bounded, and the audit whole")
    func bounded() async throws {
        let fixture = try EngineFixture()
        fixture.restart { $0.verifyInterval = .seconds(60) }
        let cleaner = Self.cleaner(
            fixture, Retention(deliveries: .zero, runs: .zero, audit: .zero, messages: .zero, deadLetters: .zero))
        var sizes: [Int] = []
        for day in 0..<100 {
            for batch in 0..<Self.factor { try await fixture.deliverMany(20, delivery: day * Self.factor + batch) }
            if day % 4 == 0 { try await fixture.rescueOnce() }
            fixture.clock.advance(by: .seconds(86_000))
            // Problems of the day go stale.
            _ = try await fixture.store.closeStaleEpisodes(
                before: fixture.clock.now() - .seconds(43_200), now: fixture.clock.now())
            while try await fixture.dispatcher.dispatchOnce() > 0 {}
            if day % 4 == 3 { try await cleaner.sweep() }
            if day >= 39 { sizes.append(try await fixture.store.fileSize().bytes) }
        }
        #expect(try await fixture.store.verifyAudit(expecting: nil).isWhole)
        let first = try #require(sizes.first)
        let most = try #require(sizes.max())
        // From the first days on on which as much goes as comes the file does not grow.
        #expect(most <= first + first / 4, "\(first) bytes, then at most \(most)")
        #expect(try await fixture.store.counts().deliveries < 10 * (Self.factor + 1))
        #expect(try await fixture.store.runs(limit: 1_000).count <= 10)
    }

    @Test("runs stay for as long as the longest budget of the floor, of the rules in force, or of a run at work")
    func windows() async throws {
        let fixture = try EngineFixture()
        let long = Limits(budgets: [Budget(max: 3, per: .seconds(200 * 86_400))], settle: .zero)
        #expect(try await Self.cleaner(fixture, limits: long).longestWindow() == .seconds(200 * 86_400))
        #expect(try await Self.cleaner(fixture).longestWindow() == .seconds(86_400))
        let older = EngineFixture.hostDown.replacing(
            "autonomy: auto", with: "autonomy: auto\n    limits: {budgets: [{max: 1, per: 150d}]}")
        let revision = RuleSetRevision(rawValue: "older")
        try await fixture.store.saveRuleSet(
            StoredRuleSet(revision: revision, files: [.init(name: "a.yaml", text: older)], savedAt: fixture.clock.now()))
        let id = try await fixture.store.accept(
            NewDelivery(source: "alertmanager", receivedAt: fixture.clock.now(), body: [], contentType: ""))
        guard case .stored(let delivery) = id else { return }
        let run = NewRun(
            rule: "host-down", revision: revision, episode: nil, event: EventReference(delivery: delivery, index: 0),
            dueAt: fixture.clock.now(), isUrgent: false, createdAt: fixture.clock.now())
        try await fixture.store.commit(
            DispatchBatch(now: fixture.clock.now(), deliveries: [DispatchedDelivery(id: delivery, runs: [run])]))
        #expect(try await Self.cleaner(fixture).longestWindow() == .seconds(150 * 86_400))
    }

    @Test("clearing away never changes what a guard says: the same histories with and without it do the same")
    func guards() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        for history in 0..<UInt64(Self.factor) {
            var ledgers: [[String]] = []
            for clears in [true, false] {
                let limits = Limits(
                    cooldown: .seconds(3_600), budgets: [Budget(max: 3, per: .seconds(40 * 86_400))],
                    fleetBudgets: [Budget(max: 4, per: .seconds(35 * 86_400))], settle: .zero)
                let fixture = try EngineFixture(limits: limits)
                fixture.restart { $0.verifyInterval = .seconds(60) }
                let cleaner = Self.cleaner(
                    fixture, Retention(deliveries: .zero, runs: .zero, audit: .zero, messages: .zero, deadLetters: .zero),
                    limits: limits)
                var random = EngineCleanerRandom(state: seed &+ history)
                for round in 0..<48 {
                    let server = random.next() % 2 == 0 ? "web-server-01" : "db-server-01"
                    try await fixture.alert("firing", server: server, startedAgo: .zero)
                    try await fixture.advance(by: .seconds(30))
                    try await fixture.alert("resolved", server: server)
                    try await fixture.advance(by: .seconds(Int64(random.next() % (3 * 86_400)) + 200))
                    _ = try await fixture.store.closeStaleEpisodes(
                        before: fixture.clock.now() - .seconds(43_200), now: fixture.clock.now())
                    if clears, round % 6 == 0 { try await cleaner.sweep() }
                }
                ledgers.append(fixture.api.ledger)
                #expect(try await fixture.store.verifyAudit(expecting: nil).isWhole)
            }
            #expect(ledgers[0] == ledgers[1] && !ledgers[0].isEmpty, "seed \(seed), history \(history)")
        }
    }

    @Test("it works in small steps with pauses, and a step is a few milliseconds")
    func smallSteps() async throws {
        let fixture = try EngineFixture()
        for number in 0..<200 {
            _ = try await fixture.store.accept(
                NewDelivery(
                    source: "alertmanager", receivedAt: fixture.clock.now(), body: [UInt8](repeating: 32, count: 40_000),
                    contentType: "\(number)"))
        }
        while try await fixture.dispatcher.dispatchOnce() > 0 {}
        let letters = try await fixture.store.keptLetters(onlyOpen: true, limit: 1_000)
        for letter in letters {
            _ = try await fixture.store.commit(RecordAct(now: fixture.clock.now(), settles: (letter.id, .discarded)))
        }
        fixture.clock.advance(by: .seconds(200 * 86_400))
        let pauses = Mutex(0)
        let removed = try await Self.cleaner(fixture, pause: { _ in pauses.withLock { $0 += 1 } }).sweep()
        #expect(removed[.deliveries] == 200 && removed[.deadLetters] == 200)
        #expect(pauses.withLock { $0 } >= 7, "at most a mebibyte of bodies in a step")
    }
}

/// Numbers of a seed.
private struct EngineCleanerRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
