import GRDB
import Model
import Testing

@testable import Store

@Suite("SQLite store")
struct StoreSQLiteTests {
    // MARK: Settings that durability rests on

    @Test("the writer commits with fsync, to a write-ahead log, with foreign keys and a busy timeout")
    func writerSettings() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let expected = [
                ("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1"), ("busy_timeout", "5000"),
                ("mmap_size", "0"),
                ("wal_autocheckpoint", "1000"), ("query_only", "0"), ("cache_size", "-4096"), ("temp_store", "2"),
            ]
            for (name, value) in expected {
                let found = try await store.writer.submit { try $0.storeTestPragma(name) }
                #expect(found == value, "\(name)")
            }
            await store.close()
        }
    }

    @Test("the reader can neither write nor checkpoint")
    func readerSettings() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            for (name, value) in [("query_only", "1"), ("wal_autocheckpoint", "0"), ("mmap_size", "0")] {
                #expect(try await store.reader.read { try $0.storeTestPragma(name) } == value, "\(name)")
            }
            #expect(
                await storeFails(.unwritable) {
                    try await store.reader.read { try $0.proveWritable() }
                })
            await store.close()
        }
    }

    @Test("a read of a store in memory does not set `query_only`, after which SQLite compiles all statements anew")
    func memoryReads() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        #expect(try await store.reader.read { try $0.storeTestPragma("query_only") } == "0")
        await store.close()
    }

    @Test(
        "a connection that is not set for durability is refused",
        arguments: ["synchronous = NORMAL", "foreign_keys = OFF", "journal_mode = DELETE"])
    func refusesWeakSettings(setting: String) async throws {
        try await StoreTestFolder.use { folder in
            let writer = try Connections.openWriter(path: folder.path, migrations: Migration.all)
            try writer.run { session in
                try Connections.verify(session)
                try session.script("PRAGMA \(setting)")
                #expect(throws: StoreError.self) { try Connections.verify(session) }
            }
            writer.close()
        }
    }

    // MARK: Opening

    @Test("everything is there after the store was closed and opened again")
    func reopens() async throws {
        try await StoreTestFolder.use { folder in
            var store = try SQLiteStore(path: folder.path)
            var scenario = StoreScenario(store: store)
            let run = try await scenario.readyRun("f", lane: 7)
            let waiting = try await scenario.deliver(dedupKey: "k")
            let counts = try await store.counts()
            await store.close()
            // The log was brought into the database, and nothing else is left but the lock file.
            #expect(folder.files.sorted() == ["store.db", "store.db.lock"])
            store = try SQLiteStore(path: folder.path)
            scenario = StoreScenario(store: store)
            #expect(try await store.counts() == counts)
            #expect(try await store.run(run.id) == run)
            #expect(try await store.undispatched(limit: 9).map(\.id) == [waiting])
            await store.close()
        }
    }

    @Test("what was acknowledged is there after a crash")
    func survivesCrash() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let run = try await scenario.readyRun("f", lane: 7)
            for _ in 0..<20 { try await scenario.deliver() }
            try await StoreTestFolder.use { crashed in
                // As they are while the store is open: nothing was closed, and the log was not brought into the database.
                for name in ["store.db", "store.db-wal"] { crashed.write(try #require(folder.read(name)), to: name) }
                let again = try SQLiteStore(path: crashed.path)
                #expect(try await again.counts() == store.counts())
                #expect(try await again.run(run.id) == run)
                await again.close()
            }
            await store.close()
        }
    }

    @Test("the files are their owner's alone")
    func permissions() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            try await store.checkWritable()
            for name in folder.files { #expect(folder.mode(of: name) == 0o600, "\(name)") }
            await store.close()
        }
    }

    @Test("a second opening is refused while the first lasts")
    func locks() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: folder.path) }
            #expect(error?.code == .unusable && error?.message.contains("another process") == true)
            await store.close()
            let second = try SQLiteStore(path: folder.path)
            await second.close()
        }
    }

    @Test("a newer version's database is refused and left as it is")
    func newerVersion() async throws {
        try await StoreTestFolder.use { folder in
            await (try SQLiteStore(path: folder.path)).close()
            try folder.edit { try $0.execute(sql: "PRAGMA user_version = 99") }
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: folder.path) }
            #expect(error?.code == .unusable && error?.message.contains("newer version") == true)
            #expect(try folder.edit { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 99)
        }
    }

    @Test(
        "a file that is not a store is refused",
        arguments: ["CREATE TABLE photos (id INTEGER)", "PRAGMA application_id = 7; PRAGMA user_version = 1"])
    func foreignFile(sql: String) async throws {
        try await StoreTestFolder.use { folder in
            try folder.edit { try $0.execute(sql: sql) }
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: folder.path) }
            #expect(error?.code == .unusable)
            #expect(try folder.edit { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "delete")
        }
    }

    @Test("a damaged file is refused with what to do")
    func damagedFile() async throws {
        try await StoreTestFolder.use { folder in
            folder.write(Array(repeating: UInt8(ascii: "x"), count: 8_192), to: "store.db")
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: folder.path) }
            #expect(error?.code == .unusable && error?.message.contains("restore a copy") == true)
        }
    }

    @Test("a missing folder is unwritable")
    func missingFolder() {
        let error = #expect(throws: StoreError.self) { try SQLiteStore(path: "/nonexistent/store.db") }
        #expect(error?.code == .unwritable)
    }

    @Test("a migration copies a database with content first; one that fails changes nothing")
    func migrates() async throws {
        try await StoreTestFolder.use { folder in
            var store = try SQLiteStore(path: folder.path)
            try await StoreScenario(store: store).deliver()
            await store.close()
            let broken = Migration(name: "broken", sql: "CREATE TABLE later (x INTEGER) STRICT; SELECT nonsense")
            #expect(throws: StoreError.self) {
                try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: Migration.all + [broken])
            }
            store = try SQLiteStore(path: folder.path)
            #expect(try await store.counts().deliveries == 1)
            await store.close()
            let next = Migration(name: "next", sql: "CREATE TABLE later (x INTEGER) STRICT")
            store = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: Migration.all + [next])
            #expect(try await store.counts().deliveries == 1)
            await store.close()
            #expect(
                folder.files.contains("store.db.schema-\(Migration.all.count)")
                    && !folder.files.contains { $0.hasSuffix("partial") })
            #expect(throws: StoreError.self) { try SQLiteStore(path: folder.path) }
        }
    }

    @Test("a database of the first schema is brought up with its runs, and takes questions")
    func migratesFirstSchema() async throws {
        try await StoreTestFolder.use { folder in
            var store = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: [.initial])
            let delivery = try await StoreScenario(store: store).deliver()
            await store.close()
            store = try SQLiteStore(path: folder.path)
            let asked = try await StoreScenario(store: store).ask("f", id: "aaaaaa")
            #expect(try await store.delivery(delivery) != nil)
            #expect(try await store.approval(asked.id) == asked)
            #expect(folder.files.contains("store.db.schema-1"))
            await store.close()
        }
    }

    @Test("intents of an older schema are brought forward, open ones too, and their numbers are not used again")
    func migratesIntents() async throws {
        try await StoreTestFolder.use { folder in
            let older = Array(Migration.all.prefix { $0.name != Migration.steps.name })
            let first = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: older)
            try await StoreScenario(store: first).deliver()
            await first.close()
            try folder.edit { database in
                try database.execute(
                    sql: """
                        INSERT INTO runs (id, rule, revision, delivery, event_index, state, detail, lane, rung, due_at, attempts, epoch,
                            is_urgent, created_at) VALUES (1, 'r', 'v', 1, 0, 'unknown', '', 'server:7', 0, 0, 0, 0, 0, 0);
                        INSERT INTO intents (id, run, lane, rung, step, operation, server, pre_status, created_at, outcome, finished_at,
                            counts) VALUES (3, 1, 'server:7', 0, 0, 'stop', 7, 'active', 5, 'applied', 6, 1);
                        INSERT INTO intents (id, run, lane, rung, step, operation, server, pre_status, created_at, counts)
                            VALUES (8, 1, 'server:7', 0, 1, 'start', 7, 'stopped', 9, 0);
                        INSERT INTO intents (id, run, lane, rung, step, operation, server, pre_status, created_at, outcome, finished_at,
                            counts) VALUES (9, 1, 'server:7', 0, 1, 'start', 7, 'stopped', 9, 'refused', 9, 0);
                        DELETE FROM intents WHERE id = 9;
                        """)
            }
            let store = try SQLiteStore(path: folder.path)
            let intents = try await store.intents(of: RunID(rawValue: 1))
            #expect(intents.map(\.id.rawValue) == [3, 8])
            #expect(intents.map(\.kind) == [.operation(.stop), .operation(.start)])
            #expect(intents.map(\.outcome) == [.applied, nil] && intents.map(\.server?.rawValue) == [7, 7])
            #expect(intents.map(\.preStatus) == [.active, .stopped] && intents.map(\.request) == [nil, nil])
            var run = try #require(try await store.run(RunID(rawValue: 1)))
            run.state = .verifying
            let scenario = StoreScenario(store: store)
            try await scenario.step(run, intent: .close(IntentID(rawValue: 8), .applied))
            run.state = .running
            let next = NewIntent(
                rung: 0, step: 0, kind: .httpRequest, request: IntentRequest(method: "GET", url: "https://a.example/", hash: ""))
            let opened = try await scenario.step(run, intent: .open(next, guards: nil))
            #expect(opened?.id.rawValue == 10)
            await store.close()
        }
    }

    @Test("another process reads beside the store, and when the store is closed; it changes nothing")
    func readsBeside() async throws {
        try await StoreTestFolder.use { folder in
            #expect(throws: StoreError.self) { try SQLiteQueries(path: folder.path) }
            #expect(folder.files.isEmpty)
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let beside = try SQLiteQueries(path: folder.path)
            let run = try await scenario.makeRun("f")
            #expect(try await beside.run(run.id) == run)
            #expect(await storeFails(.unwritable) { try await beside.reader.read { try $0.proveWritable() } })
            await store.close()
            #expect(try await beside.run(run.id) == run)
            #expect(try await SQLiteQueries(path: folder.path).counts().runs == [.pending: 1])
            let again = try SQLiteStore(path: folder.path)
            #expect(try await again.run(run.id) == run)
            await again.close()
        }
    }

    @Test("a reader refuses an older and a newer schema", arguments: [0, 99])
    func readerChecksSchema(version: Int) async throws {
        try await StoreTestFolder.use { folder in
            await (try SQLiteStore(path: folder.path)).close()
            try folder.edit { try $0.execute(sql: "PRAGMA user_version = \(version)") }
            let error = #expect(throws: StoreError.self) { try SQLiteQueries(path: folder.path) }
            #expect(error?.code == .unusable)
        }
    }

    // MARK: The schema

    @Test("the trigger over run states agrees with RunState for all pairs")
    func triggerAgrees() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let run = try await StoreScenario(store: store).makeRun("f")
            for from in RunState.allCases {
                for to in RunState.allCases {
                    let isAllowed = try await store.writer.submit { try $0.storeTestStep(run.id, from: from, to: to) }
                    #expect(isAllowed == from.mayBecome(to), "\(from) to \(to)")
                }
            }
            await store.close()
        }
    }

    @Test("the table of run states follows the code at the next start")
    func transitionsFollowTheCode() async throws {
        try await StoreTestFolder.use { folder in
            await (try SQLiteStore(path: folder.path)).close()
            try folder.edit { try $0.execute(sql: "DELETE FROM run_transitions WHERE from_state = 'held'") }
            let store = try SQLiteStore(path: folder.path)
            let wanted = RunState.allCases.flatMap { from in RunState.allCases.filter { from.mayBecome($0) } }.count
            #expect(try await store.reader.read { try $0.count("SELECT count(*) FROM run_transitions") } == wanted)
            await store.close()
        }
    }

    @Test("the schema knows every value of the closed enums")
    func enumsAgree() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let schema = try await store.reader.read { session in
                try session.all("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL") { try $0.text() }.joined()
            }
            let values =
                RunState.allCases.map(\.rawValue) + Model.Operation.allCases.map(\.rawValue)
                + Intent.Outcome.allCases.map(\.rawValue) + Episode.Ending.allCases.map(\.rawValue)
                + ApprovalRequest.State.allCases.map(\.rawValue) + ApprovalVote.Verdict.allCases.map(\.rawValue)
            for value in values { #expect(schema.contains("'\(value)'")) }
            await store.close()
        }
    }

    @Test("no statement reads a whole table, save those that count or list all")
    func usesIndexes() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            try await StoreScenario(store: store).useEveryVerb(of: store)
            let texts = try await store.writer.submit { $0.statementTexts } + store.reader.read { $0.statementTexts }
            #expect(texts.count > 60)
            for sql in Set(texts) where !sql.hasPrefix("PRAGMA") {
                let steps = try await store.writer.submit { try $0.storeTestPlan(sql) }
                for step in steps where step.hasPrefix("SCAN") && !step.contains("USING") {
                    #expect(Self.mayReadAll.contains { sql.hasPrefix($0) }, "\(sql): \(step)")
                }
                #expect(!steps.contains { $0.contains("TEMP B-TREE FOR ORDER BY") } || sql.contains(" OR "), "\(sql): \(steps)")
            }
            await store.close()
        }
    }

    private static let mayReadAll = [
        "SELECT count(*)", "SELECT state, count(*)", "SELECT from_state", "SELECT d.id, d.received_at", "SELECT at, kind",
        "SELECT r.id, r.rule, r.revision", "SELECT r.id, r.rule, r.delivery", "SELECT a.id, a.run", "SELECT rule, schedule",
        // Tables of two rows, of a row for each demoted rule, and of one for each problem of a server.
        "SELECT kind, since", "SELECT min(due_at) FROM fleet_states", "SELECT rule, demoted_at", "SELECT DISTINCT p.server",
        // Newest first by the key, or what only the command line and an hourly look on the reader ask.
        "SELECT d.id, d.source, d.received_at, (SELECT length", "SELECT server, server_name, max(id)",
        "SELECT revision FROM rule_sets", "SELECT DISTINCT rule",
    ]
}
