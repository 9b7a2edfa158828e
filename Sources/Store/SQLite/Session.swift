import GRDB
import GRDBSQLite

/// A connection while its serial queue runs: statements by their text, compiled once per connection.
///
/// The verbs of the store are extensions of this type; each runs inside the transaction that ``GroupCommit`` (or a read) opened.
struct Session {
    private let database: Database
    private let handle: OpaquePointer
    private let statements: StatementCache

    init(database: Database, statements: StatementCache) throws {
        guard let handle = database.sqliteConnection else { throw StoreError(.closed, "the store was closed") }
        self.database = database
        self.handle = handle
        self.statements = statements
    }

    /// Runs a statement to its end.
    /// - Returns: how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        try statement(sql).run(values) { _ in true }
        return Int(sqlite3_changes(handle))
    }

    /// Inserts a row and returns its id.
    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 {
        try execute(sql, values)
        return lastInsertedID
    }

    var lastInsertedID: Int64 { sqlite3_last_insert_rowid(handle) }

    func all<Value>(
        _ sql: String, _ values: [SQLValue] = [], _ decode: (inout RowReader) throws -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        try statement(sql).run(values) { row in
            found.append(try decode(&row))
            return true
        }
        return found
    }

    /// Reads rows for as long as `isEnough` does not say so of what was read.
    func all<Value>(
        _ sql: String, _ values: [SQLValue], until isEnough: (Value) -> Bool, _ decode: (inout RowReader) throws -> Value
    ) throws -> [Value] {
        var found: [Value] = []
        try statement(sql).run(values) { row in
            let value = try decode(&row)
            found.append(value)
            return !isEnough(value)
        }
        return found
    }

    /// Reads every row, one in memory at a time.
    func each(_ sql: String, _ values: [SQLValue] = [], _ body: (inout RowReader) throws -> Void) throws {
        try statement(sql).run(values) { row in
            try body(&row)
            return true
        }
    }

    func first<Value>(
        _ sql: String, _ values: [SQLValue] = [], _ decode: (inout RowReader) throws -> Value
    ) throws -> Value? {
        var found: Value?
        try statement(sql).run(values) { row in
            found = try decode(&row)
            return false
        }
        return found
    }

    /// The one number that a statement yields; 0 where it yields none.
    func count(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        try first(sql, values) { try $0.number() } ?? 0
    }

    func exists(_ sql: String, _ values: [SQLValue]) throws -> Bool {
        try first(sql, values) { _ in true } ?? false
    }

    // Transactions are begun and ended by GRDB, which keeps its own account of them.

    func begin() throws {
        rollback()
        try database.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
    }

    func commit() throws {
        try statements.probe?.willCommit()
        try database.cachedStatement(sql: "COMMIT").execute()
        try statements.probe?.didCommit()
    }

    /// Undoes the transaction, if SQLite has not done so already.
    func rollback() { try? database.rollback() }

    var isInsideTransaction: Bool { database.isInsideTransaction }

    /// Runs statements of which nothing is read: a migration, a setting.
    func script(_ sql: String) throws { try database.execute(sql: sql) }

    /// Puts a probe in; statements that were compiled before are compiled anew.
    func install(_ probe: SessionProbe) throws {
        for text in probe.scripts { try script(text) }
        statements.removeAll()
        statements.probe = probe
    }

    /// The texts of the statements that were run so far.
    var statementTexts: [String] { Array(statements.statements.keys) }

    private func statement(_ sql: String) throws -> PreparedStatement {
        if let known = statements.statements[sql] { return known }
        let compiled = try PreparedStatement(statements.probe?.statement(sql) ?? sql, on: handle)
        statements.statements[sql] = compiled
        return compiled
    }
}

/// The compiled statements of one connection.
///
/// `@unchecked Sendable` because it is only touched on the serial queue of its connection, which ``Connection`` sees to.
final class StatementCache: @unchecked Sendable {
    fileprivate var statements: [String: PreparedStatement] = [:]
    /// `nil` but in a proof.
    fileprivate var probe: SessionProbe?

    /// Gives the statements back to SQLite, which does not close a connection that has any.
    func removeAll() {
        statements.removeAll()
    }
}
