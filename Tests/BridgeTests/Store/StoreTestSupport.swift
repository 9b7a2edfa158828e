import Dispatch
import GRDB
import Glibc
import Model
import Synchronization
import Testing

@testable import Store

/// Holds the writer's thread inside a command until a test opens it.
final class StoreTestGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let entered = Mutex(false)

    var isWaiting: Bool { entered.withLock { $0 } }

    func wait() {
        entered.withLock { $0 = true }
        semaphore.wait()
    }

    func open() { semaphore.signal() }
}

/// Counts what happens on several threads.
final class StoreTestCounter: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    func increment() { number.withLock { $0 += 1 } }
}

extension StoreScenario {
    /// Has every statement of the store compiled.
    func useEveryVerb(of store: SQLiteStore) async throws {
        let key = StoreScenario.key("k")
        let delivery = try await deliver(dedupKey: "d")
        let replay = NewDelivery(
            source: "alertmanager", receivedAt: StoreScenario.start, body: [], contentType: "", dedupKey: "d")
        _ = try await store.accept(replay)
        try await dispatch(
            delivery,
            [.open(key, at: StoreScenario.start, startsAt: nil), .refresh(key, at: StoreScenario.at(1), startsAt: nil)],
            runs: [newRun("r", key, delivery)], audit: [StoreScenario.entry("x")],
            deadLetters: [
                DeadLetter(
                    at: StoreScenario.start, reason: .undecodable, event: EventReference(delivery: delivery, index: 0), run: nil,
                    rule: nil, detail: "")
            ], messages: [NewMessage(destination: .channel("ops"), text: "x")])
        try await dispatch(
            deliver(), [.close(key, at: StoreScenario.at(2), ending: .resolved)],
            runs: [newRun("late", key, delivery)])
        try await completeRun("f", lane: 7, at: StoreScenario.at(3))
        let limits = Limits(
            cooldown: .seconds(60), budgets: [Budget(max: 1, per: .seconds(600))],
            fleetBudgets: [Budget(max: 1, per: .seconds(600))])
        let second = try await readyRun("g", lane: 7, at: StoreScenario.at(4))
        for lifted in [
            limits, Limits(cooldown: .zero, budgets: limits.budgets), Limits(cooldown: .zero, fleetBudgets: limits.fleetBudgets),
        ] {
            _ = try await act(second, at: StoreScenario.at(4), limits: lifted)
        }
        try await store.heartbeat([second.id: second.epoch], leaseUntil: StoreScenario.at(90))
        _ = try await act(second, at: StoreScenario.at(5))
        _ = try await store.rescue(now: StoreScenario.at(100), everything: false)
        _ = try await attempt(second, at: StoreScenario.at(101))
        _ = try await store.rescue(now: StoreScenario.at(101), everything: true)
        _ = try await store.closeStaleEpisodes(before: StoreScenario.at(200), now: StoreScenario.at(200))
        for message in try await store.claimMessages(now: StoreScenario.at(200), hiddenUntil: StoreScenario.at(201), limit: 1) {
            try await store.finishMessage(message.id, .retry(at: StoreScenario.at(202)), now: StoreScenario.at(200))
            try await store.finishMessage(message.id, .delivered, now: StoreScenario.at(200))
        }
        let asked = try await ask("asked", id: "aaaaaa")
        _ = try await (vote(asked, "slack:A", at: 205), store.approvals(onlyOpen: true, limit: 1))
        let lapsed = try await ask("lapsed", id: "bbbbbb")
        _ = try await (vote(lapsed, "slack:A", at: 9_000), store.approvals(onlyOpen: false, limit: 1))
        _ = try await claim(at: StoreScenario.at(9_000))
        try await useSteps(of: store)
        try await useTimers(of: store)
        let revision = RuleSetRevision(rawValue: "r")
        try await store.saveRuleSet(
            StoredRuleSet(
                revision: revision, files: [StoredRuleSet.File(name: "a", text: "b")], savedAt: StoreScenario.start))
        try await store.checkWritable()
        try await useRecords(of: store, delivery: delivery)
        _ = try await (store.undispatched(limit: 1), store.openEpisodes([key]), store.run(second.id), store.runs(limit: 1))
        _ = try await (
            store.intents(of: second.id), store.delivery(delivery), store.deadLetters(limit: 1), store.ruleSet(revision)
        )
        _ = try await (store.nextDue(), store.nextMessageDue(), store.counts())
        for (run, delivery) in [(second.id, delivery), (nil, nil)] as [(RunID?, DeliveryID?)] {
            _ = try await store.auditEntries(run: run, delivery: delivery, limit: 1)
        }
    }
}

extension StoreScenario {
    /// Has the statements compiled that schedules, evidence and `after` need.
    private func useTimers(of store: SQLiteStore) async throws {
        let cursors = ["a", "b"].map { ScheduleCursor(rule: $0, schedule: "x", decidedUntil: StoreScenario.start) }
        for kept in [cursors, Array(cursors.prefix(1))] {
            _ = try await store.commit(ScheduleTick(cursors: kept, deliveries: [], audit: []))
        }
        let run = try await readyRun("timers", lane: 11, at: StoreScenario.at(400))
        let key = StoreScenario.key("timers")
        for evidence in [EvidenceChange.seen(key, at: StoreScenario.at(401)), .gone(key, askedAt: StoreScenario.at(402))] {
            _ = try await store.commit(
                RunTransition(now: StoreScenario.at(402), run: run, evidence: evidence, releasesLease: false))
        }
        _ = try await store.episodesAwaitingWord([key])
        try await dispatch(deliver(), [.close(key, at: StoreScenario.at(403), ending: .resolved)])
        let other = try await readyRun("after", lane: 11, at: StoreScenario.at(403))
        var next = other
        next.state = .running
        let guards = Guards(
            limits: StoreScenario.loose, fleetSize: 9, checksCooldown: true, after: ["host-down": .seconds(60)])
        _ = try await attempt(
            next, at: StoreScenario.at(403), intent: .open(StoreScenario.intent(other), guards: guards))
    }

    /// Has the statements compiled that runs with several steps need.
    private func useSteps(of store: SQLiteStore) async throws {
        var run = try await readyRun("steps", lane: 9, at: StoreScenario.at(300))
        run.progress.step = 1
        for change in [
            OwnershipChange.created(
                CreatedServer(
                    id: ServerID(rawValue: 5), name: "web-5", lane: .group("web"), run: run.id, createdAt: StoreScenario.start)),
            .deleted(ServerID(rawValue: 5)),
        ] {
            _ = try await store.commit(
                RunTransition(now: StoreScenario.at(300), run: run, ownership: change, releasesLease: false))
        }
        _ = try await store.createdServers()
    }
}

extension SQLiteStore {
    /// Prunes a kind to its end.
    @discardableResult
    func pruneAll(_ kind: PruneKind, before: Timestamp, now: Timestamp, limit: Int = 100) async throws -> Int {
        var (removed, after) = (0, Int64?(0))
        while let from = after {
            let result = try await prune(PruneStep(kind: kind, before: before, now: now, after: from, limit: limit))
            removed += result.removed
            after = result.next
        }
        return removed
    }
}

extension StoreScenario {
    /// Has the statements compiled that records are kept, cleared and read with.
    private func useRecords(of store: SQLiteStore, delivery: DeliveryID) async throws {
        let now = StoreScenario.at(1_000_000)
        _ = try await store.anchorAudit(before: StoreScenario.at(1), now: now)
        for kind in PruneKind.allCases { try await store.pruneAll(kind, before: StoreScenario.at(1), now: now) }
        let letter = try #require(try await store.keptLetters(onlyOpen: true, limit: 1).first)
        _ = try await store.commit(
            RecordAct(
                now: now, settles: (letter.id, .retried),
                runs: [(newRun("anew", StoreScenario.key("k"), delivery), StoreScenario.entry("anew"))]))
        _ = try await (store.keptLetter(letter.id), store.deliveryLines(limit: 1), store.knownServers(), store.fileSize())
        _ = try await store.deliveries(after: DeliveryID(rawValue: 0), since: StoreScenario.start, limit: 1)
        _ = try await (store.requests(after: IntentID(rawValue: 0), limit: 1), store.unfinishedRules(), store.shrink(pages: 1))
        _ = try await (store.auditMarks(), store.verifyAudit(expecting: nil), store.auditRecords(after: 0, limit: 1))
    }
}

extension Session {
    /// A setting as a text, whatever its type.
    func storeTestPragma(_ name: String) throws -> String? {
        try first("PRAGMA \(name)") { try (try? $0.text()) ?? String($0.int()) }
    }

    /// How SQLite would run a statement.
    func storeTestPlan(_ sql: String) throws -> [String] {
        let values = Array(repeating: SQLValue.null, count: sql.utf8.count { $0 == UInt8(ascii: "?") })
        return try all("EXPLAIN QUERY PLAN \(sql)", values) { row in
            row.skip(3)
            return try row.text()
        }
    }

    /// Whether the schema lets a run go from one state to the other; the run is put into the first one behind the trigger's back.
    func storeTestStep(_ run: RunID, from: RunState, to: RunState) throws -> Bool {
        func finished(_ state: RunState) -> SQLValue { state.isFinal ? .int(1) : .null }
        try execute("DELETE FROM runs WHERE id = ?", [.int(run.rawValue)])
        try execute(
            """
            INSERT INTO runs (id, rule, revision, delivery, event_index, state, detail, rung, due_at, attempts, epoch, is_urgent,
                created_at, finished_at) VALUES (?, 'r', 'v', 1, 0, ?, '', 0, 0, 0, 0, 0, 0, ?)
            """, [.int(run.rawValue), .text(from.rawValue), finished(from)])
        do {
            try execute(
                "UPDATE runs SET state = ?, finished_at = ? WHERE id = ?",
                [.text(to.rawValue), finished(to), .int(run.rawValue)])
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return false
        }
    }
}

extension StoreTestFolder {
    /// Works on the file beside the store, as another program would.
    func edit<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let connection = try DatabaseQueue(path: path)
        defer { try? connection.close() }
        return try connection.inDatabase(body)
    }

    func mode(of name: String) -> mode_t? {
        var status = stat()
        guard stat(folder + "/" + name, &status) == 0 else { return nil }
        return status.st_mode & 0o777
    }

    func read(_ name: String) -> [UInt8]? {
        guard let file = fopen(folder + "/" + name, "r") else { return nil }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: ftell(file))
        rewind(file)
        return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
    }

    func write(_ bytes: [UInt8], to name: String) {
        guard let file = fopen(folder + "/" + name, "w") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}
