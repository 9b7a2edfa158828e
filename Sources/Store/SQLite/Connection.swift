import GRDB

/// One SQLite connection on its own serial queue, with its compiled statements.
final class Connection: Sendable {
    private let queue: DatabaseQueue
    private let statements = StatementCache()

    init(path: String, configuration: Configuration) throws {
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Runs on the queue and waits for it; only where nothing else runs yet.
    func run<Value>(_ body: (Session) throws -> Value) throws -> Value {
        try queue.inDatabase { try body(Session(database: $0, statements: statements)) }
    }

    /// Runs on the queue, with no transaction open.
    func async(_ body: @escaping @Sendable (Result<Session, any Error>) -> Void) {
        queue.asyncWriteWithoutTransaction { [statements] database in
            body(Result { try Session(database: database, statements: statements) })
        }
    }

    /// Runs on the queue in one snapshot of what is committed.
    func asyncRead(_ body: @escaping @Sendable (Result<Session, any Error>) -> Void) {
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
