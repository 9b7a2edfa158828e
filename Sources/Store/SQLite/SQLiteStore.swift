import Dispatch
import Model

/// The store in one SQLite file, for one process on one machine.
///
/// Writes are committed in groups by one connection on its own serial queue (``GroupCommit``) with `synchronous = FULL`; reads
/// run on a read-only connection on another, so that neither ever blocks Swift's thread pool. When the disk is full or fails,
/// writers get `StoreError.unwritable`, and writing goes on by itself once the disk does. After an error of `fsync` nothing is
/// retried: SQLite rolls the transaction back, and the next one writes its pages anew.
package final class SQLiteStore: Sendable {
    let writer: GroupCommit
    package let reader: SnapshotReader
    private let connections: [Connection]
    /// Released after the connections are closed; a store in memory has none.
    private let lock: StoreLock?

    /// Opens the file at `path`, makes it when it is missing, and brings its schema up to date.
    ///
    /// Blocks until that is done; called at start. The directory must exist, on a local disk.
    /// - Throws: `StoreError.unusable` when the file is damaged, a newer version's, not a store, or in use by another process;
    ///   `.unwritable` when the disk refuses.
    package convenience init(path: String, options: SQLiteStoreOptions = SQLiteStoreOptions()) throws(StoreError) {
        try self.init(path: path, options: options, migrations: Migration.all)
    }

    init(path: String, options: SQLiteStoreOptions, migrations: [Migration]) throws(StoreError) {
        lock = try StoreLock(databasePath: path)
        let writeConnection = try Connections.openWriter(path: path, migrations: migrations)
        let readConnection = try Connections.openReader(path: path, migrations: migrations)
        // In the order in which they are closed: the last one checkpoints, and only the writer may.
        connections = [readConnection, writeConnection]
        writer = GroupCommit(connection: writeConnection, options: options)
        reader = SnapshotReader(connection: readConnection)
    }

    /// Opens an empty store in memory: the same schema, verbs and guards, kept nowhere and gone when it is closed.
    ///
    /// For rules that are tried on a virtual clock. Reads and writes share one connection. Safe to use as any other store.
    /// - Throws: `StoreError.unusable` when SQLite can not be used.
    package init(inMemory options: SQLiteStoreOptions, probe: SessionProbe? = nil) throws(StoreError) {
        let connection = try Connections.openMemory(probe: probe)
        lock = nil
        connections = [connection]
        writer = GroupCommit(connection: connection, options: options)
        reader = SnapshotReader(connection: connection)
    }

    /// Empties a store in memory: as it was when it was opened, but for the statements that are compiled by now.
    ///
    /// For proofs that need a store for each of many histories: compiling takes longer than a history. To be called when nothing else
    /// uses the store.
    /// - Throws: `StoreError.conflict` for a store in a file, which is never emptied.
    package func clear() async throws(StoreError) {
        guard lock == nil else { throw StoreError(.conflict, "a store in a file is not emptied") }
        try await writer.submit { try $0.clear() }
    }

    /// Finishes what waits, then closes the file and lets go of its lock; calls after it get `StoreError.closed`.
    package func close() async {
        writer.close()
        reader.close()
        await withCheckedContinuation { continuation in
            // Closing waits for the connection's queue, which must not happen on Swift's threads.
            DispatchQueue(label: "store.close").async { [connections, lock] in
                for connection in connections { connection.close() }
                lock?.release()
                continuation.resume()
            }
        }
    }

    /// What the writer has done since the store was opened.
    package var writerStatistics: WriterStatistics { writer.statistics }

    /// How many writers wait for a commit now.
    package var waitingWriters: Int { writer.waiting }
}
