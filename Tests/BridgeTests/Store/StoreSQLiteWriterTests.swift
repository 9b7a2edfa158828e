import Model
import Testing

@testable import Store

@Suite("SQLite store: the writer")
struct StoreSQLiteWriterTests {
    @Test("callers at once are committed together")
    func groupsCommits() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<512 { group.addTask { try await scenario.deliver() } }
                try await group.waitForAll()
            }
            let statistics = store.writerStatistics
            #expect(statistics.commands == 512 && statistics.commits < 256)
            #expect(try await store.counts().deliveries == 512)
            await store.close()
        }
    }

    @Test("deliveries find the queue full while the engine still has places")
    func fullQueue() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(maxWaiting: 4))
            let scenario = StoreScenario(store: store)
            let gate = StoreTestGate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                // The writer is at work on one command until the gate opens; behind it the queue fills.
                group.addTask { try await store.writer.submit { _ in gate.wait() } }
                while !gate.isWaiting { await Task.yield() }
                for _ in 0..<4 { group.addTask { try await scenario.deliver() } }
                while store.waitingWriters < 4 { await Task.yield() }
                #expect(await storeFails(.full) { try await scenario.deliver() })
                group.addTask { try await store.checkWritable() }
                while store.waitingWriters < 5 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            try await scenario.deliver()
            #expect(try await store.counts().deliveries == 5)
            await store.close()
        }
    }

    @Test("deliveries that wait are bounded in bytes too")
    func fullOfBytes() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(maxWaitingBytes: 100))
            let scenario = StoreScenario(store: store)
            let gate = StoreTestGate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.writer.submit { _ in gate.wait() } }
                while !gate.isWaiting { await Task.yield() }
                group.addTask { try await scenario.deliver(body: String(repeating: "x", count: 60)) }
                while store.waitingWriters < 1 { await Task.yield() }
                #expect(await storeFails(.full) { try await scenario.deliver(body: String(repeating: "x", count: 41)) })
                group.addTask { try await scenario.deliver(body: String(repeating: "x", count: 40)) }
                while store.waitingWriters < 2 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            // One alone may be as large as it is.
            try await scenario.deliver(body: String(repeating: "x", count: 101))
            #expect(try await store.counts().deliveries == 3)
            await store.close()
        }
    }

    @Test("large bodies are committed and read a few at a time")
    func largeBodies() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let body = String(repeating: "x", count: 1 << 20)
            let gate = StoreTestGate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.writer.submit { _ in gate.wait() } }
                while !gate.isWaiting { await Task.yield() }
                for _ in 0..<20 { group.addTask { try await scenario.deliver(body: body) } }
                while store.waitingWriters < 20 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            #expect(store.writerStatistics.commits == 4)
            #expect(try await store.undispatched(limit: 100).count == 16)
            await store.close()
        }
    }

    @Test("what waits when the store is closed is still written; what comes later is refused")
    func closes() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let gate = StoreTestGate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.writer.submit { _ in gate.wait() } }
                while !gate.isWaiting { await Task.yield() }
                group.addTask { try await scenario.deliver() }
                while store.waitingWriters < 1 { await Task.yield() }
                group.addTask { await store.close() }
                while !(await storeFails(.closed) { _ = try await store.counts() }) { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            #expect(await storeFails(.closed) { try await scenario.deliver() })
            #expect(await storeFails(.closed) { _ = try await store.counts() })
            await store.close()
            let again = try SQLiteStore(path: folder.path)
            #expect(try await again.counts().deliveries == 1)
            await again.close()
        }
    }

    @Test("a cancelled caller still learns what became of its write")
    func cancelledCaller() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                let id = try await scenario.deliver()
                return try await store.delivery(id)?.id == id
            }
            #expect(try await task.value)
            await store.close()
        }
    }

    @Test("a command that fails is undone alone, and the others of its batch run once")
    func undoesAlone() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let gate = StoreTestGate()
            let runs = StoreTestCounter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.writer.submit { _ in gate.wait() } }
                while !gate.isWaiting { await Task.yield() }
                group.addTask { try await store.writer.submit { _ in runs.increment() } }
                group.addTask {
                    #expect(
                        await storeFails(.conflict) {
                            try await store.writer.submit { session in
                                try session.append(StoreScenario.entry("undone"))
                                throw StoreError(.conflict, "as the test wants it")
                            }
                        })
                }
                group.addTask { try await scenario.deliver() }
                while store.waitingWriters < 3 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            #expect(runs.value == 1)
            #expect(store.writerStatistics == WriterStatistics(commits: 2, commands: 4))
            #expect(try await store.counts().deliveries == 1)
            #expect(try await store.auditEntries(run: nil, delivery: nil, limit: 9).isEmpty)
            await store.close()
        }
    }

    @Test("a command that breaks its batch without a savepoint fails alone")
    func retriesAlone() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let gate = StoreTestGate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.writer.submit { _ in gate.wait() } }
                while !gate.isWaiting { await Task.yield() }
                group.addTask { try await scenario.deliver() }
                group.addTask {
                    #expect(
                        await storeFails(.conflict) {
                            try await store.writer.submit(isolation: .none) { session in
                                try session.execute("INSERT INTO rule_sets (revision, saved_at) VALUES ('r', 1)")
                                try session.execute("INSERT INTO write_probe (id, writes) VALUES (1, 1)")
                            }
                        })
                }
                group.addTask { try await scenario.deliver() }
                while store.waitingWriters < 3 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            #expect(try await store.counts().deliveries == 2)
            #expect(try await store.reader.read { try $0.count("SELECT count(*) FROM rule_sets") } == 0)
            await store.close()
        }
    }

    // MARK: Pruning

    @Test("pruning leaves what is young, undispatched or needed by an unfinished run")
    func prunes() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            for index in 0..<53 {
                let delivery = try await scenario.deliver(
                    at: StoreScenario.at(Int64(index)), dedupKey: index > 40 ? "\(index)" : nil)
                if index != 5 {
                    try await scenario.dispatch(delivery, runs: index == 9 ? [scenario.newRun("r", nil, delivery)] : [])
                }
            }
            // 0 to 44 without 5 (undispatched) and 9 (needed); the keys of 45 to 49 still keep replays out.
            let now = StoreScenario.at(44) + Session.dedupWindow
            #expect(try await store.pruneAll(.deliveries, before: StoreScenario.at(50), now: now, limit: 10) == 43)
            #expect(try await store.counts().deliveries == 10)
            #expect(try await store.reader.read { try $0.count("SELECT count(*) FROM delivery_bodies") } == 10)
            var run = try #require(try await scenario.claim().first)
            #expect(run.delivery.id == run.run.event.delivery)
            run.run.state = .cancelled
            try await scenario.step(run.run)
            #expect(try await store.pruneAll(.deliveries, before: StoreScenario.at(50), now: now) == 1)
            #expect(try await store.delivery(run.delivery.id) == nil)
            #expect(try await store.pruneAll(.deliveries, before: StoreScenario.at(900), now: now + .seconds(900)) == 8)
            // Ids are not used again.
            #expect(try await scenario.deliver().rawValue == 54)
            await store.close()
        }
    }
}
