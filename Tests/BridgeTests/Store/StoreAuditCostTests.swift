import Glibc
import Model
import Testing

@testable import Store

@Suite("Audit chain: what it costs")
struct StoreAuditCostTests {
    /// Time of the writer's own thread, so that what else runs does not count; the bound is for debug builds, the printed figures are
    /// the point.
    @Test("an entry with its hash and its head costs microseconds")
    func cost() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let entry = AuditEntry(
            at: StoreScenario.start, kind: .run, reason: .applied, delivery: DeliveryID(rawValue: 7), run: RunID(rawValue: 9),
            rule: "host-down", server: ServerID(rawValue: 12345), actor: "rule", detail: String(repeating: "d", count: 120))
        let count = 500
        let (hashing, appending, verifying) = try await store.writer.submit { session in
            var last = AuditHash.beginning
            let hashing = Self.threadTime { for id in 0..<count { last = AuditRecord(entry, id: Int64(id), after: last).hash } }
            let appending = try Self.threadTime { for _ in 0..<count { try session.append(entry) } }
            let verifying = try Self.threadTime { _ = try session.verifyAudit(expecting: nil) }
            return (hashing / count, appending / count, verifying / count)
        }
        print("audit, of each entry: hash \(hashing), append with hash and head \(appending), verify \(verifying)")
        #expect(appending < .milliseconds(1), "\(appending)")
        #expect(try await store.verifyAudit(expecting: nil).entries == count)
        await store.close()
    }

    private static func threadTime(_ body: () throws -> Void) rethrows -> Duration {
        func now() -> Duration {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
        }
        let begun = now()
        try body()
        return now() - begun
    }
}
