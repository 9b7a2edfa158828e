import GRDB
import JSON
import Model
import Testing

@testable import Store

@Suite("Audit chain")
struct StoreAuditChainTests {
    /// One way to tamper with a file of ten entries, and what must be told of it.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let told: String

        init(_ name: String, _ sql: String, tells told: String) {
            testDescription = name
            self.sql = sql
            self.told = told
        }
    }

    static let zeros = "x'\(String(repeating: "00", count: 32))'"

    static let tamperings =
        [
            ("at", "at + 1"), ("kind", "'command'"), ("reason", "'applied'"), ("reason", "NULL"), ("delivery", "delivery + 1"),
            ("delivery", "NULL"), ("run", "7"), ("rule", "rule || ' '"), ("rule", "NULL"), ("server", "9"),
            ("actor", "'slack:U1'"),
            ("detail", "detail || char(0)"), ("detail", "CAST(x'ff' AS TEXT)"), ("hash", zeros),
        ].map { Tampering("\($0.0) edited to \($0.1)", "UPDATE audit SET \($0.0) = \($0.1) WHERE id = 4", tells: "entry 4 ") } + [
            Tampering(
                "two neighbouring texts that share a letter",
                "UPDATE audit SET actor = 'ru', detail = 'le' || detail WHERE id = 4",
                tells: "entry 4 "),
            Tampering("one removed", "DELETE FROM audit WHERE id = 4", tells: "entry 5 does not follow from entry 3: 1 between"),
            Tampering(
                "two exchanged",
                "UPDATE audit SET id = 99 WHERE id = 4; UPDATE audit SET id = 4 WHERE id = 5; UPDATE audit SET id = 5 WHERE id = 99",
                tells: "entry 4 "),
            Tampering(
                "one removed and the others moved up",
                "DELETE FROM audit WHERE id = 4; UPDATE audit SET id = id - 1 WHERE id > 4",
                tells: "entry 4 "),
            Tampering(
                "one put in",
                """
                UPDATE audit SET id = 11 WHERE id = 10;
                INSERT INTO audit (id, at, kind, actor, detail, hash) SELECT 10, at, kind, actor, detail, hash FROM audit WHERE id = 9
                """, tells: "entry 10 "),
            Tampering(
                "one put behind the end",
                "INSERT INTO audit (id, at, kind, actor, detail, hash) SELECT 11, at, kind, actor, detail, hash FROM audit WHERE id = 9",
                tells: "entry 11 "),
            Tampering("the end cut off", "DELETE FROM audit WHERE id > 7", tells: "the last ones were cut off"),
            Tampering("everything cut off", "DELETE FROM audit", tells: "the last ones were cut off"),
            Tampering("the beginning cut off", "DELETE FROM audit WHERE id < 4", tells: "entry 4 does not follow"),
            Tampering(
                "the beginning cut off behind a forged anchor",
                """
                UPDATE audit_marks SET id = 3, hash = (SELECT hash FROM audit WHERE id = 3) WHERE name = 'anchor';
                DELETE FROM audit WHERE id < 4
                """, tells: "no entry says that what came before entry 4 was pruned"),
            Tampering(
                "the head moved", "UPDATE audit_marks SET hash = \(zeros) WHERE name = 'head'", tells: "that the head names"),
            Tampering(
                "numbers that are not to be believed",
                "UPDATE audit_marks SET id = -9223372036854775808 WHERE name = 'anchor'; UPDATE audit SET id = 9223372036854775807 WHERE id = 10",
                tells: "entry 9223372036854775807 "),
        ]

    private static func entry(_ number: Int64) -> AuditEntry {
        AuditEntry(
            at: StoreScenario.at(number), kind: .decision, reason: .matched, delivery: DeliveryID(rawValue: number), run: nil,
            rule: "r", server: nil, actor: "rule", detail: "detail \(number)")
    }

    private static func filled(_ folder: StoreTestFolder, entries: Int64 = 10) async throws -> SQLiteStore {
        let store = try SQLiteStore(path: folder.path)
        try await store.audit((1...entries).map(entry), messages: [], now: StoreScenario.start)
        return store
    }

    private static func unlock(_ database: Database) throws {
        try database.execute(sql: "DROP TRIGGER audit_stays; DROP TRIGGER audit_pruned")
    }

    @Test("an untouched file is whole, and an export of it too", arguments: [1, 10, 600])
    func whole(entries: Int64) async throws {
        try await StoreTestFolder.use { folder in
            let store = try await Self.filled(folder, entries: entries)
            let verdict = try await store.verifyAudit(expecting: nil)
            #expect(verdict.isWhole && verdict.entries == Int(entries) && verdict.last.id == entries)
            #expect(try await Self.check(Self.export(store)).isWhole)
            await store.close()
        }
    }

    @Test("what was tampered with in the file is found and told", arguments: tamperings)
    func finds(tampering: Tampering) async throws {
        try await StoreTestFolder.use { folder in
            let store = try await Self.filled(folder)
            await store.close()
            try folder.edit { database in
                try Self.unlock(database)
                try database.execute(sql: tampering.sql)
            }
            let again = try SQLiteStore(path: folder.path)
            let verdict = try await again.verifyAudit(expecting: nil)
            #expect(!verdict.isWhole && verdict.damage.contains { $0.contains(tampering.told) }, "\(verdict.damage)")
            await again.close()
        }
    }

    @Test("an end that was cut off together with the head shows against a head that was kept elsewhere")
    func keptHead() async throws {
        try await StoreTestFolder.use { folder in
            let store = try await Self.filled(folder)
            let kept = try await store.auditMarks().head
            #expect(try await store.verifyAudit(expecting: kept).isWhole)
            await store.close()
            try folder.edit { database in
                try Self.unlock(database)
                try database.execute(
                    sql: """
                        DELETE FROM audit WHERE id > 7;
                        UPDATE audit_marks SET id = 7, hash = (SELECT hash FROM audit WHERE id = 7) WHERE name = 'head'
                        """)
            }
            let again = try SQLiteStore(path: folder.path)
            // Nothing in the file tells it.
            #expect(try await again.verifyAudit(expecting: nil).isWhole)
            #expect(
                try await again.verifyAudit(expecting: kept).damage == [
                    "the head that was given, 10, is not there: the last entries were cut off"
                ])
            // A whole new chain of the same length shows too.
            for number in 8...10 as ClosedRange<Int64> {
                try await again.audit([Self.entry(number + 100)], messages: [], now: StoreScenario.at(number))
            }
            #expect(try await again.verifyAudit(expecting: nil).isWhole)
            #expect(try await again.verifyAudit(expecting: kept).damage == ["entry 10 is not the one of the head that was given"])
            await again.close()
        }
    }

    @Test("the file lets nobody change or remove an entry by mistake")
    func appendOnly() async throws {
        try await StoreTestFolder.use { folder in
            let store = try await Self.filled(folder)
            for sql in ["UPDATE audit SET detail = '' WHERE id = 3", "DELETE FROM audit WHERE id = 3"] {
                await #expect(throws: StoreError.self) { try await store.writer.submit { try $0.execute(sql) } }
            }
            #expect(try await store.verifyAudit(expecting: nil).isWhole)
            await store.close()
        }
    }

    @Test("a command that is undone takes its entries with it, and the chain goes on")
    func rollsBack() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        let scenario = StoreScenario(store: store)
        try await store.audit([Self.entry(1)], messages: [], now: StoreScenario.start)
        #expect(
            await storeFails(.conflict) {
                try await scenario.dispatch(DeliveryID(rawValue: 77), audit: [Self.entry(2)])
            })
        try await store.audit([Self.entry(3)], messages: [], now: StoreScenario.start)
        let verdict = try await store.verifyAudit(expecting: nil)
        #expect(verdict.isWhole && verdict.entries == 2)
        await store.close()
    }

    @Test("entries of an older version are chained when it is brought up")
    func migrates() async throws {
        try await StoreTestFolder.use { folder in
            let older = Array(Migration.all.prefix { $0.name != Migration.recordKeeping.name })
            let store = try SQLiteStore(path: folder.path, options: SQLiteStoreOptions(), migrations: older)
            await store.close()
            try folder.edit { database in
                try database.execute(sql: "BEGIN")
                for number in 1...1_234 {
                    try database.execute(
                        sql: "INSERT INTO audit (id, at, kind, actor, detail) VALUES (?, ?, 'run', 'rule', 'x')",
                        arguments: [number * 2, number])
                }
                try database.execute(sql: "COMMIT")
            }
            let again = try SQLiteStore(path: folder.path)
            try await again.audit([Self.entry(1)], messages: [], now: StoreScenario.start)
            let verdict = try await again.verifyAudit(expecting: nil)
            #expect(verdict.isWhole && verdict.entries == 1_235 && verdict.last.id == 2_469)
            await again.close()
        }
    }

    // MARK: Exports

    private static func export(_ store: SQLiteStore) async throws -> [[UInt8]] {
        let marks = try await store.auditMarks()
        let records = try await store.auditRecords(after: marks.anchor.id, limit: 100_000)
        let values =
            [AuditExport.header(anchor: marks.anchor, isWhole: true)] + records.map(AuditExport.line)
            + [AuditExport.footer(entries: records.count, head: marks.head)]
        return values.map { $0.serialized() }
    }

    private static func check(_ lines: [[UInt8]], expecting: AuditMark? = nil) throws -> AuditCheck.Verdict {
        var check = AuditExportCheck(expecting: expecting)
        for line in lines { try check.take(line) }
        return try check.finish()
    }

    @Test(
        "what was tampered with in an export is found",
        arguments: [
            "edited", "removed", "exchanged", "doubled", "last line cut off", "end cut off", "beginning cut off", "no JSON",
            "more behind",
            "another member", "another instant",
        ])
    func findsInExport(tampering: String) async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        for number in 1...10 as ClosedRange<Int64> {
            try await store.audit([Self.entry(number)], messages: [], now: StoreScenario.at(number))
        }
        var lines = try await Self.export(store)
        await store.close()
        func replace(_ text: String, by other: String) {
            lines[4] = Array(String(decoding: lines[4], as: UTF8.self).replacing(text, with: other).utf8)
        }
        switch tampering {
        case "edited": replace("detail 4", by: "detail 5")
        case "removed": lines.remove(at: 4)
        case "exchanged": lines.swapAt(4, 5)
        case "doubled": lines.insert(lines[4], at: 5)
        case "last line cut off": lines.removeLast()
        case "end cut off": lines.removeSubrange(8...10)
        case "beginning cut off": lines.removeSubrange(1...3)
        case "no JSON": lines[4] = Array("{".utf8)
        case "more behind": lines.append(lines[4])
        case "another member": replace("\"rule\":\"r\"", by: "\"rule\":\"r\",\"more\":1")
        default: replace("Z\"", by: ".0000000Z\"")
        }
        #expect(try !Self.check(lines).isWhole)
    }

    @Test("what is no export is told as that")
    func noExport() {
        #expect(throws: AuditExportCheck.NoExport.self) { try Self.check([]) }
        #expect(throws: AuditExportCheck.NoExport.self) { try Self.check([Array("{}".utf8)]) }
    }

    @Test("the same entry has the same hash on every machine")
    func knownHash() {
        let entry = AuditEntry(
            at: Timestamp(microseconds: 1), kind: .run, reason: nil, delivery: DeliveryID(rawValue: 2), run: nil, rule: "ä",
            server: ServerID(rawValue: 3), actor: "a", detail: "")
        let record = AuditRecord(entry, id: 1, after: .beginning)
        #expect(record.hash.description == "bdfb2b7406498cbaaedde6c1c50d84bb8245f845e6a893319497f84eca3b2e14")
        #expect(AuditMark("1:\(record.hash)") == record.mark && AuditMark("1:") == nil && AuditMark("+1:\(record.hash)") == nil)
    }
}
