import Model
import Testing

@testable import Store

@Suite("Emptying a store in memory")
struct StoreClearTests {
    @Test("it is as one that was just opened, and ids begin anew")
    func isAsNew() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        let unused = try await contents(of: store)
        try await scenario.useEveryVerb(of: store)
        #expect(try await contents(of: store) != unused)
        try await store.clear()
        #expect(try await contents(of: store) == unused)
        #expect(try await scenario.deliver().rawValue == 1)
        let verdict = try await store.reader.read { try $0.verifyAudit(expecting: nil) }
        #expect(verdict.isWhole)
        await store.close()
    }

    @Test("a store in a file is not emptied")
    func isKept() async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            _ = try await StoreScenario(store: store).deliver()
            #expect(await storeFails(.conflict) { try await store.clear() })
            #expect(try await store.undispatched(limit: 9).count == 1)
            await store.close()
        }
    }

    /// How many rows each table has, and what stands in those that a new store fills.
    private func contents(of store: SQLiteStore) async throws -> [String] {
        try await store.reader.read { session in
            let tables = try session.all(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name"
            ) { try $0.text() }
            var contents: [String] = []
            for table in tables {
                let count = try session.count("SELECT count(*) FROM \(table)")
                contents.append("\(table): \(count)")
            }
            contents += try session.all("SELECT name || ' ' || id || ' ' || hex(hash) FROM audit_marks ORDER BY name") {
                try $0.text()
            }
            contents += try session.all("SELECT 'writes ' || writes FROM write_probe") { try $0.text() }
            return contents
        }
    }
}
