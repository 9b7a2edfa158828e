import GRDB
import Model
import Testing

@testable import Store

/// What the schema step `words` brings, and runs that a person began anew beside it.
@Suite("SQLite store: renewed runs and stops of an older schema")
struct StoreSQLiteWordsTests {
    struct Stop: Sendable, CustomTestStringConvertible {
        let name: String
        var operation = "stop"
        var step = 0
        var outcome: String? = "applied"
        var rung = 1
        var rules: String? = "actions: [server.power_cycle]"
        let owes: Bool

        var testDescription: String { name }
    }

    private static let stops = [
        Stop(name: "an applied stop of a rule with a power cycle", owes: true),
        Stop(name: "one that is on its way", outcome: nil, owes: true),
        Stop(name: "one that counts as sent", outcome: "assumed_sent", owes: true),
        Stop(name: "one whose rules are not kept", rules: nil, owes: true),
        Stop(name: "a stop of rules without a power cycle", rules: "actions: [server.stop]", owes: false),
        Stop(name: "one that was refused", outcome: "refused", owes: false),
        Stop(name: "a reboot", operation: "reboot", owes: false),
        Stop(name: "a stop of an earlier rung", rung: 0, owes: false),
        Stop(name: "a second step", step: 1, owes: false),
    ]

    @Test("a stop that was in flight when a file of an older schema is brought up owes its start", arguments: stops)
    func owesStart(stop: Stop) async throws {
        try await StoreTestFolder.use { folder in
            let older = Array(Migration.all.prefix { $0.name != Migration.stop.name })
            let first = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: older)
            try await StoreScenario(store: first).deliver()
            await first.close()
            try folder.edit { database in
                try database.execute(
                    sql: """
                        INSERT INTO runs (id, rule, revision, delivery, event_index, state, reason, detail, lane, server, rung, due_at,
                            attempts, epoch, is_urgent, created_at)
                            VALUES (1, 'r', 'v', 1, 0, 'verifying', 'paused', '', 'server:7', 7, 1, 0, 0, 0, 0, 0)
                        """)
                try database.execute(
                    sql: """
                        INSERT INTO intents (id, run, lane, rung, step, operation, server, pre_status, created_at, outcome, finished_at,
                            counts) VALUES (3, 1, 'server:7', ?, ?, ?, 7, 'active', 5, ?, ?, 1)
                        """, arguments: [stop.rung, stop.step, stop.operation, stop.outcome, stop.outcome.map { _ in 6 }])
                if let rules = stop.rules {
                    try database.execute(sql: "INSERT INTO rule_sets (revision, saved_at) VALUES ('v', 0)")
                    try database.execute(
                        sql: "INSERT INTO rule_set_files (revision, position, name, text) VALUES ('v', 0, 'a', CAST(? AS BLOB))",
                        arguments: [rules])
                }
            }
            let store = try SQLiteStore(path: folder.path)
            #expect(try await store.pausedRuns(limit: 9).map(\.owesStart) == [stop.owes && stop.outcome != nil])
            await store.close()
            let rungs = try folder.edit { try Int.fetchAll($0, sql: "SELECT rung FROM power_cycles WHERE run = 1") }
            #expect(rungs == (stop.owes ? [1] : []))
        }
    }

    @Test("a file that has the table already keeps what is in it, and an ended run's stop owes nothing")
    func keeps() async throws {
        try await StoreTestFolder.use { folder in
            let older = Array(Migration.all.prefix { $0.name != Migration.words.name })
            let first = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: older)
            try await StoreScenario(store: first).deliver()
            await first.close()
            try folder.edit { database in
                for (id, state, finished) in [(1, "verifying", nil), (2, "failed", 9)] as [(Int, String, Int?)] {
                    try database.execute(
                        sql: """
                            INSERT INTO runs (id, rule, revision, delivery, event_index, state, detail, lane, server, rung, due_at, attempts,
                                epoch, is_urgent, created_at, finished_at) VALUES (?, 'r', 'v', 1, ?, ?, '', ?, 7, 0, 0, 0, 0, 0, 0, ?)
                            """, arguments: [id, id, state, "server:\(id)", finished])
                    try database.execute(
                        sql: """
                            INSERT INTO intents (run, lane, rung, step, operation, server, pre_status, created_at, outcome, finished_at, counts)
                                VALUES (?, 'server:7', 0, 0, 'stop', 7, 'active', 5, 'applied', 6, 1)
                            """, arguments: [id])
                }
                try database.execute(sql: "INSERT INTO power_cycles (run, rung) VALUES (1, 0)")
            }
            let store = try SQLiteStore(path: folder.path)
            await store.close()
            let kept = try folder.edit { try Row.fetchAll($0, sql: "SELECT run, rung FROM power_cycles") }
            #expect(kept.map { ($0["run"] as Int?) ?? 0 } == [1])
        }
    }

    @Test("while a run that a person began anew is at work, a repeat begins no other")
    func besideReplay() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let first = try await scenario.makeRun("f")
            var run = try #require(try await scenario.claim().first?.run)
            run.state = .cancelled
            var ending = RunTransition(now: StoreScenario.at(100), run: run, releasesLease: true)
            ending.isRenewable = true
            _ = try await store.commit(ending)
            let key = StoreScenario.key("f")
            let anew = scenario.newRun("host-down", key, run.event.delivery)
            let begun = try await store.commit(RecordAct(now: StoreScenario.at(200), runs: [(anew, StoreScenario.entry("anew"))]))
            #expect(begun.count == 1)
            let delivery = try await scenario.deliver(at: StoreScenario.at(9_000))
            try await scenario.dispatch(
                delivery, runs: [scenario.newRun("host-down", key, delivery)], now: StoreScenario.at(9_000))
            let runs = try await store.runs(limit: 9).filter { $0.episode == first.episode }
            #expect(runs.count == 2 && runs.count { $0.finishedAt == nil } == 1)
            await store.close()
        }
    }
}
