/// Reads a store's file without being its owner: for commands that look while the bridge runs, or when it does not.
///
/// Writes nothing and never checkpoints. The file is not made when it is missing.
package final class SQLiteQueries: SnapshotQueries {
    package let reader: SnapshotReader

    /// Opens the file at `path` for reading; blocks until that is done.
    /// - Throws: `StoreError.unusable` when there is no such file, or it is not a store with the schema of this version.
    package init(path: String) throws(StoreError) {
        reader = SnapshotReader(connection: try Connections.openReader(path: path, migrations: Migration.all))
    }
}
