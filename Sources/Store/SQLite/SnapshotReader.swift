import Synchronization

/// Runs reads on a read-only connection, one after the other on its own serial queue, each in a snapshot of what was committed.
package final class SnapshotReader: Sendable {
    private let connection: Connection
    private let isClosed = Mutex(false)

    init(connection: Connection) {
        self.connection = connection
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Session) throws -> Value) async throws(StoreError) -> Value {
        let outcome: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            let isRefused = isClosed.withLock { isClosed in
                if isClosed { return true }
                // Under the lock, so that the connection cannot be closed between the check above and this call.
                connection.asyncRead { session in
                    do {
                        continuation.resume(returning: .success(try body(session.get())))
                    } catch {
                        continuation.resume(returning: .failure(StoreError(error)))
                    }
                }
                return false
            }
            if isRefused { continuation.resume(returning: .failure(StoreError(.closed, "the store was closed"))) }
        }
        return try outcome.get()
    }

    /// Refuses reads from now on; those that wait are still done.
    func close() {
        isClosed.withLock { $0 = true }
    }
}
