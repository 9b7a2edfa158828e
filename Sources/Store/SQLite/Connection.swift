import GRDB
import GRDBSQLite

/// One SQLite connection on its own serial queue, with its compiled statements.
final class Connection: Sendable {
    private let queue: DatabaseQueue
    private let statements = StatementCache()
    private let isReadOnly: Bool
    /// Whether it waits for no disk. What is put on its queue is done at once then, by the caller's thread: it takes less time than to
    /// go to another thread and back.
    let isInMemory: Bool

    init(path: String, configuration: Configuration) throws {
        isReadOnly = configuration.readonly
        isInMemory = path.utf8.elementsEqual(":memory:".utf8)
        var configuration = configuration
        configuration.prepareDatabase { database in
            // GRDB notes by an authorizer what each statement touches, for its observations, which nothing here uses. It is asked for
            // every column of every statement that is compiled, and costs as much as SQLite's own part of that.
            sqlite3_set_authorizer(database.sqliteConnection, nil, nil)
        }
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Runs on the queue and waits for it; only where nothing else runs yet.
    func run<Value>(_ body: (Session) throws -> Value) throws -> Value {
        try queue.inDatabase { try body(Session(database: $0, statements: statements)) }
    }

    /// Runs on the queue, with no transaction open; one in memory has done it when this returns.
    func async(_ body: @escaping @Sendable (Result<Session, any Error>) -> Void) {
        if isInMemory {
            return queue.inDatabase { [statements] database in
                body(Result { try Session(database: database, statements: statements) })
            }
        }
        queue.asyncWriteWithoutTransaction { [statements] database in
            body(Result { try Session(database: database, statements: statements) })
        }
    }

    /// Runs on the queue in one snapshot of what is committed.
    ///
    /// One that writes too, as that of a store in memory does, reads between two transactions: nothing else is on its queue meanwhile.
    func asyncRead(_ body: @escaping @Sendable (Result<Session, any Error>) -> Void) {
        // GRDB would set `query_only` around each read, after which SQLite compiles every statement of the connection anew: a tenfold
        // cost (sqlite.org/c3ref/stmt_status.html, SQLITE_STMTSTATUS_REPREPARE counts them).
        guard isReadOnly else { return async(body) }
        queue.asyncRead { [statements] database in
            body(Result { try Session(database: database.get(), statements: statements) })
        }
    }

    /// Puts all that it holds in the place of what another connection holds; blocks its thread.
    func copy(to other: Connection) throws {
        try queue.backup(to: other.queue)
    }

    /// Waits for what is on the queue and closes; blocks its thread.
    func close() {
        queue.inDatabase { [statements] _ in statements.removeAll() }
        try? queue.close()
    }
}
