import GRDB
import Model
import Testing

@testable import Store

@Suite("Clearing away")
struct StorePruneTests {
    private static let day: Int64 = 86_400

    /// Ends the problems of those runs.
    private func close(_ numbers: Range<Int>, in scenario: StoreScenario) async throws {
        for number in numbers {
            try await scenario.dispatch(
                scenario.deliver(), [.close(StoreScenario.key("f\(number)"), at: StoreScenario.at(20), ending: .resolved)])
        }
    }

    @Test("ended runs go with all that belongs to them; the newest of a rule, unfinished ones and young ones stay")
    func runs() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        for number in 0..<12 as Range<Int64> {
            try await scenario.completeRun("f\(number)", lane: number, at: StoreScenario.at(number * Self.day))
        }
        try await close(0..<12, in: scenario)
        let waiting = try await scenario.makeRun("waits", at: StoreScenario.at(1))
        let asked = try await scenario.ask("asked", id: "aaaaaa")
        _ = try await scenario.vote(asked, "slack:A", at: 205)
        let now = StoreScenario.at(100 * Self.day)
        // Seven are not among the newest five.
        #expect(try await store.pruneAll(.runs, before: StoreScenario.at(90 * Self.day), now: now, limit: 3) == 7)
        #expect(try await store.run(waiting.id)?.state == .pending)
        #expect(try await store.run(asked.run) != nil)
        let left = try await store.reader.read { session in
            try ["runs", "intents"].map { try session.count("SELECT count(*) FROM \($0)") }
        }
        #expect(left == [7, 5])
        await store.close()
    }

    @Test("a run of a problem that is still open stays, so that a repeat begins no second one")
    func openProblem() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        for number in 0..<12 as Range<Int64> {
            try await scenario.completeRun("f\(number)", lane: number, at: StoreScenario.at(number))
        }
        let now = StoreScenario.at(1_000)
        try await close(1..<12, in: scenario)
        #expect(try await store.pruneAll(.runs, before: StoreScenario.at(900), now: now) == 6)
        let repeated = try await scenario.deliver()
        try await scenario.dispatch(
            repeated, [.refresh(StoreScenario.key("f0"), at: now, startsAt: nil)],
            runs: [scenario.newRun("host-down", StoreScenario.key("f0"), repeated)], now: now)
        #expect(try await store.runs(limit: 100).count == 6, "the oldest and the newest five")
        await store.close()
    }

    @Test("a young run stays however many its rule has had")
    func youngRuns() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        for number in 0..<12 as Range<Int64> {
            try await scenario.completeRun("f\(number)", lane: number, at: StoreScenario.at(number))
        }
        try await close(0..<12, in: scenario)
        #expect(try await store.pruneAll(.runs, before: StoreScenario.at(3), now: StoreScenario.at(100)) == 3)
        await store.close()
    }

    @Test("a run that ended lately stays, however long ago it began")
    func longRuns() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        try await scenario.completeRun("f0", lane: 0, at: StoreScenario.at(1), end: StoreScenario.at(50))
        for number in 1...6 as ClosedRange<Int64> {
            try await scenario.completeRun("f\(number)", lane: number, at: StoreScenario.at(60 + number))
        }
        try await close(0..<7, in: scenario)
        #expect(try await store.pruneAll(.runs, before: StoreScenario.at(10), now: StoreScenario.at(100)) == 0)
        await store.close()
    }

    @Test("a delivery stays until it was decided on, while a run of it is at work, and while its sender may repeat its key")
    func deliveries() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        let (plain, worked, undecided) = try await (scenario.deliver(), scenario.deliver(), scenario.deliver())
        let keyed = try await scenario.deliver(dedupKey: "k")
        for delivery in [plain, keyed] { try await scenario.dispatch(delivery) }
        try await scenario.dispatch(worked, runs: [scenario.newRun("r", nil, worked)])
        for (hours, gone) in [(60, plain), (77, keyed)] as [(Int64, DeliveryID)] {
            let now = StoreScenario.at(hours * 3_600)
            #expect(try await store.pruneAll(.deliveries, before: StoreScenario.at(5), now: now) == 1)
            #expect(try await store.delivery(gone) == nil)
        }
        for kept in [worked, undecided] { #expect(try await store.delivery(kept) != nil) }
        await store.close()
    }

    @Test("problems go when they are over and no run is left of them")
    func episodes() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        for name in ["over", "open", "of a run", "young"] {
            try await scenario.dispatch(
                scenario.deliver(), [.open(StoreScenario.key(name), at: StoreScenario.start, startsAt: nil)])
        }
        let delivery = try await scenario.deliver()
        try await scenario.dispatch(
            delivery,
            ["over", "of a run"].map { .close(StoreScenario.key($0), at: StoreScenario.at(5), ending: .resolved) }
                + [.close(StoreScenario.key("young"), at: StoreScenario.at(50), ending: .resolved)],
            runs: [scenario.newRun("r", StoreScenario.key("of a run"), delivery)])
        #expect(try await store.pruneAll(.episodes, before: StoreScenario.at(10), now: StoreScenario.at(100)) == 1)
        #expect(try await store.reader.read { try $0.count("SELECT count(*) FROM episodes") } == 3)
        await store.close()
    }

    @Test("a delivery of an open dead letter stays until runs of its age go; a settled letter holds nothing")
    func deadLetters() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        let deliveries = try await [scenario.deliver(), scenario.deliver()]
        for delivery in deliveries {
            try await scenario.dispatch(
                delivery,
                deadLetters: [
                    DeadLetter(
                        at: StoreScenario.start, reason: .targetNotFound, event: EventReference(delivery: delivery, index: 0),
                        run: nil,
                        rule: "r", detail: "")
                ])
        }
        let now = StoreScenario.at(100)
        let letters = try await store.keptLetters(onlyOpen: true, limit: 9)
        _ = try await store.commit(RecordAct(now: now, settles: (letters[0].id, .discarded)))
        func prune(lettersBefore: Int64) async throws -> Int {
            try await store.prune(
                PruneStep(
                    kind: .deliveries, before: StoreScenario.at(50), lettersBefore: StoreScenario.at(lettersBefore), now: now,
                    limit: 10)
            ).removed
        }
        #expect(try await prune(lettersBefore: -50) == 1)
        #expect(try await store.delivery(deliveries[0]) != nil)
        #expect(try await prune(lettersBefore: 10) == 1)
        #expect(try await store.pruneAll(.deadLetters, before: StoreScenario.at(99), now: now) == 0)
        #expect(try await store.pruneAll(.deadLetters, before: StoreScenario.at(101), now: StoreScenario.at(102)) == 1)
        #expect(try await store.keptLetters(onlyOpen: false, limit: 9).map(\.settlement) == [nil])
        await store.close()
    }

    @Test("messages that wait stay; servers that were created and are there stay")
    func others() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        try await store.audit(
            [], messages: ["a", "b"].map { NewMessage(destination: .channel("ops"), text: $0) }, now: StoreScenario.start)
        let taken = try await store.claimMessages(now: StoreScenario.start, hiddenUntil: StoreScenario.at(1), limit: 1)
        try await store.finishMessage(taken[0].id, .delivered, now: StoreScenario.at(1))
        let run = try await scenario.readyRun("f", lane: 1)
        for (id, isGone) in [(5, true), (6, false)] as [(Int64, Bool)] {
            let created = CreatedServer(
                id: ServerID(rawValue: id), name: "web-\(id)", lane: .group("web"), run: run.id, createdAt: StoreScenario.start)
            for change in [OwnershipChange.created(created)] + (isGone ? [.deleted(created.id)] : []) {
                _ = try await store.commit(
                    RunTransition(now: StoreScenario.start, run: run, ownership: change, releasesLease: false))
            }
        }
        for kind in [PruneKind.messages, .createdServers] {
            #expect(try await store.pruneAll(kind, before: StoreScenario.start, now: StoreScenario.at(50)) == 0)
            #expect(try await store.pruneAll(kind, before: StoreScenario.at(10), now: StoreScenario.at(50)) == 1)
        }
        #expect(try await store.createdServers().map(\.name) == ["web-6"])
        #expect(try await store.counts().waitingMessages == 1)
        await store.close()
    }

    @Test("a rule set stays while it is in force, came into force lately, or judged what is kept")
    func ruleSets() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        for name in ["in force", "unused", "of a delivery", "of a run", "taken again"] {
            try await store.saveRuleSet(
                StoredRuleSet(
                    revision: RuleSetRevision(rawValue: name), files: [.init(name: "a", text: name)], savedAt: StoreScenario.start
                ))
        }
        try await store.saveRuleSet(
            StoredRuleSet(revision: RuleSetRevision(rawValue: "taken again"), files: [], savedAt: StoreScenario.at(60)))
        let delivery = try await scenario.deliver()
        var run = scenario.newRun("r", nil, delivery)
        run.revision = RuleSetRevision(rawValue: "of a run")
        try await store.commit(
            DispatchBatch(
                now: StoreScenario.start, revision: RuleSetRevision(rawValue: "of a delivery"),
                deliveries: [DispatchedDelivery(id: delivery, runs: [run])]))
        let result = try await store.prune(
            PruneStep(
                kind: .ruleSets, before: StoreScenario.at(50), now: StoreScenario.at(100), limit: 9,
                keeping: [RuleSetRevision(rawValue: "in force")]))
        #expect(result.removed == 1)
        #expect(try await store.ruleSet(RuleSetRevision(rawValue: "unused")) == nil)
        for name in ["in force", "of a delivery", "of a run", "taken again"] {
            #expect(try await store.ruleSet(RuleSetRevision(rawValue: name))?.files.first?.text == name)
        }
        await store.close()
    }

    // MARK: The audit

    private static func audit(_ store: SQLiteStore, _ instants: [Int64]) async throws {
        for (index, instant) in instants.enumerated() {
            try await store.audit(
                [
                    AuditEntry(at: StoreScenario.at(instant), kind: .run, reason: nil, actor: "rule", detail: "\(index)")
                ], messages: [], now: StoreScenario.at(instant))
        }
    }

    @Test("the audit is cut off behind an anchor that an entry speaks for, and is whole before, between and after")
    func anchors() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        try await Self.audit(store, Array(1...40))
        let now = StoreScenario.at(100)
        // Nothing goes without an anchor.
        #expect(try await store.pruneAll(.audit, before: now, now: now) == 0)
        #expect(try await store.anchorAudit(before: StoreScenario.at(31), now: now) == 30)
        #expect(try await store.verifyAudit(expecting: nil).isWhole)
        #expect(try await store.prune(PruneStep(kind: .audit, before: now, now: now, limit: 7)).removed == 7)
        #expect(try await store.verifyAudit(expecting: nil).isWhole)
        #expect(try await store.pruneAll(.audit, before: now, now: now, limit: 7) == 23)
        let verdict = try await store.verifyAudit(expecting: nil)
        #expect(verdict.isWhole && verdict.entries == 11 && verdict.anchor.id == 30)
        #expect(try await store.anchorAudit(before: StoreScenario.at(31), now: now) == 0)
        // A second pass: the younger anchor's entry counts.
        #expect(try await store.anchorAudit(before: StoreScenario.at(36), now: now) == 5)
        #expect(try await store.verifyAudit(expecting: nil).isWhole)
        // Everything may go but the entry of the anchor itself.
        #expect(try await store.anchorAudit(before: StoreScenario.at(1_000), now: StoreScenario.at(1_000)) == 7)
        try await store.pruneAll(.audit, before: now, now: now)
        let last = try await store.verifyAudit(expecting: nil)
        #expect(last.isWhole && last.entries == 1)
        await store.close()
    }

    @Test("entries of the future do not keep the audit from being cut off; those of the past behind young ones wait")
    func clocks() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        try await Self.audit(store, [1, 2, 9_999_999, 3, 60, 4, 61])
        #expect(try await store.anchorAudit(before: StoreScenario.at(50), now: StoreScenario.at(100)) == 4)
        #expect(try await store.verifyAudit(expecting: nil).isWhole)
        await store.close()
    }

    @Test("what was tampered with is never cut off")
    func keepsDamage() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        try await Self.audit(store, Array(1...10))
        try await store.writer.submit { session in
            try session.script("DROP TRIGGER audit_stays")
            try session.execute("UPDATE audit SET detail = 'x' WHERE id = 4")
        }
        #expect(
            await storeFails(.conflict) {
                _ = try await store.anchorAudit(before: StoreScenario.at(8), now: StoreScenario.at(100))
            })
        #expect(try await store.auditMarks().anchor == .beginning)
        await store.close()
    }

    // MARK: The file

    @Test("a new file gives what is freed back, in steps; an older one keeps it and uses it again")
    func shrinks() async throws {
        for isOlder in [false, true] {
            try await StoreTestFolder.use { folder in
                if isOlder {
                    try folder.edit { try $0.execute(sql: "PRAGMA auto_vacuum = NONE; VACUUM; CREATE TABLE x (y); DROP TABLE x") }
                    try folder.edit { try $0.execute(sql: "PRAGMA application_id = 0; PRAGMA user_version = 0") }
                }
                let store = try SQLiteStore(path: folder.path)
                let scenario = StoreScenario(store: store)
                for _ in 0..<40 { try await scenario.dispatch(scenario.deliver(body: String(repeating: "x", count: 100_000))) }
                let full = try await store.fileSize()
                let now = StoreScenario.start + .seconds(10 * Self.day)
                #expect(try await store.pruneAll(.deliveries, before: StoreScenario.at(5), now: now) == 40)
                #expect(try await store.fileSize().freeBytes > 3_000_000)
                var left = 1
                for _ in 0..<2_000 where left > 0 { left = try await store.shrink(pages: 64) }
                let after = try await store.fileSize()
                #expect(isOlder ? after.bytes == full.bytes : after.bytes < full.bytes / 4 && after.freeBytes == 0)
                for _ in 0..<40 { try await scenario.dispatch(scenario.deliver(body: String(repeating: "x", count: 100_000))) }
                #expect(try await store.fileSize().bytes <= full.bytes + 65_536)
                await store.close()
            }
        }
    }
}
