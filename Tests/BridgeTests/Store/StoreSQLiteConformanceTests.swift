import Store
import Testing

@Suite("SQLite store: conformance")
struct StoreSQLiteConformanceTests {
    @Test("conforms", arguments: StoreConformance.all)
    func conforms(_ requirement: StoreConformance) async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            try await requirement.check(StoreScenario(store: store))
            await store.close()
        }
    }

    @Test("in memory it conforms too", arguments: StoreConformance.all)
    func conformsInMemory(_ requirement: StoreConformance) async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        try await requirement.check(StoreScenario(store: store))
        await store.close()
    }
}
