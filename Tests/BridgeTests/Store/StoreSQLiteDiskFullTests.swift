import GRDB
import Glibc
import Model
import Store
import Testing

@Suite("SQLite store: a full disk")
struct StoreSQLiteDiskFullTests {
    @Test(
        "what was acknowledged stays, writers are told, and writing goes on when space returns",
        .enabled(if: storeTestMayMount, "needs root and permission to mount a small tmpfs"))
    func recovers() async throws {
        try await StoreTestFolder.use { folder in
            try #require(mount("tmpfs", folder.folder, "tmpfs", 0, "size=3m") == 0)
            defer { umount2(folder.folder, Int32(MNT_DETACH)) }
            let filler = Array(repeating: UInt8(1), count: 1_000_000)
            folder.write(filler, to: "filler")
            let store = try SQLiteStore(path: folder.path)
            let scenario = StoreScenario(store: store)
            let body = String(repeating: "x", count: 50_000)
            var kept = 0
            var failure: StoreError?
            while failure == nil && kept < 100 {
                do {
                    try await scenario.deliver(body: body)
                    kept += 1
                } catch {
                    failure = error as? StoreError
                }
            }
            #expect(failure?.code == .unwritable && kept > 5)
            // Callers at once are all told, and reads go on.
            let refused = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { await storeFails(.unwritable) { try await scenario.deliver(body: body) } } }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(refused == 20)
            #expect(try await store.undispatched(limit: 100).count == kept)
            // The same store, without being opened again.
            unlink(folder.folder + "/filler")
            for _ in 0..<5 { try await scenario.deliver(body: body) }
            #expect(try await store.undispatched(limit: 100).count == kept + 5)
            await store.close()
            #expect(try folder.edit { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        }
    }
}

/// Whether this process may mount; found out by doing it.
private let storeTestMayMount: Bool = {
    guard geteuid() == 0 else { return false }
    var template = Array("/tmp/vpsbridge-mount-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { return false }
    defer { rmdir(made) }
    guard mount("tmpfs", made, "tmpfs", 0, "size=1m") == 0 else { return false }
    return umount2(made, Int32(MNT_DETACH)) == 0
}()
