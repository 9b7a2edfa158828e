import GRDB
import Glibc

/// Opens the connections of a store and makes sure that they are set as its promises need.
///
/// Exactly one connection writes and checkpoints: SQLite before 3.51.3 can lose or damage data when two do so at once
/// (sqlite.org/wal.html, "The WAL-Reset Bug").
enum Connections {
    /// `VPSB`; tells our files from other databases (sqlite.org/pragma.html#pragma_application_id).
    static let applicationID: Int64 = 0x5650_5342

    /// Opens the writer, brings the schema up to date and checks the settings.
    static func openWriter(path: String, migrations: [Migration]) throws(StoreError) -> Connection {
        try createPrivately(path)
        do {
            var configuration = Configuration()
            configuration.label = "store.writer"
            // A transaction that could not be rolled back must not end the process; the next one rolls it back first.
            configuration.allowsUnsafeTransactions = true
            configuration.busyMode = .timeout(5)
            let writer = try Connection(path: path, configuration: configuration)
            try writer.run { session in
                let migrator = Migrator(session: session, path: path, migrations: migrations)
                // Before the first write: a file that is not ours is left as it is.
                try migrator.checkOwnership()
                // GRDB's own WAL set-up would put `synchronous` back to NORMAL, with which a power cut takes commits that were
                // acknowledged; so the journal is set here, and `synchronous` after it.
                // A new file can give its free pages back; it takes that from before its first page is written.
                if try session.count("PRAGMA page_count") == 0 { try session.script("PRAGMA auto_vacuum = INCREMENTAL") }
                for setting in writerSettings { try session.script(setting) }
                try verify(session)
                try migrator.migrate()
            }
            return writer
        } catch {
            throw StoreError(error)
        }
    }

    /// Opens a read-only connection to a file that has the present schema.
    static func openReader(path: String, migrations: [Migration]) throws(StoreError) -> Connection {
        guard access(path, R_OK) == 0 else {
            throw StoreError(.unusable, "\(path) cannot be read (error \(errno)); check the path and its permissions")
        }
        do {
            var configuration = Configuration()
            configuration.label = "store.reader"
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let reader = try Connection(path: path, configuration: configuration)
            try reader.run { session in
                try Migrator(session: session, path: path, migrations: migrations).checkCurrent()
                for setting in readerSettings { try session.script(setting) }
            }
            return reader
        } catch {
            throw StoreError(error)
        }
    }

    /// Opens a database in memory with the present schema: one connection, which writes and reads.
    static func openMemory(probe: SessionProbe? = nil) throws(StoreError) -> Connection {
        do {
            let connection = try memory()
            try memoryTemplate.get().copy(to: connection)
            try connection.run { session in
                try session.script("PRAGMA foreign_keys = ON")
                if let probe { try session.install(probe) }
            }
            return connection
        } catch {
            throw StoreError(error)
        }
    }

    /// An empty store, from which those in memory are copied page by page: the steps of the schema take many times as long, and rule
    /// tests open a store each.
    private static let memoryTemplate = Result<Connection, any Error> {
        let connection = try memory()
        try connection.run { session in
            try Migrator(session: session, path: "the store in memory", migrations: Migration.all).migrate()
        }
        return connection
    }

    private static func memory() throws -> Connection {
        var configuration = Configuration()
        configuration.label = "store.memory"
        configuration.allowsUnsafeTransactions = true
        return try Connection(path: ":memory:", configuration: configuration)
    }

    private static let writerSettings = [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        // Pages, 4 MiB at most: memory stays flat, the kernel caches the rest.
        "PRAGMA cache_size = -4096",
        // A memory map turns an I/O error into a signal that ends the process.
        "PRAGMA mmap_size = 0",
        // Savepoints and sorts need no directory for temporary files, which a read-only container does not have.
        "PRAGMA temp_store = MEMORY",
        "PRAGMA wal_autocheckpoint = 1000",
        // After a long read let the WAL grow, it gives the space back.
        "PRAGMA journal_size_limit = 67108864",
    ]

    private static let readerSettings = [
        "PRAGMA query_only = ON",
        "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA cache_size = -2048",
        "PRAGMA mmap_size = 0",
        "PRAGMA temp_store = MEMORY",
    ]

    /// Refuses to go on without the settings that "on disk before it is acknowledged" rests on.
    static func verify(_ session: Session) throws {
        let journal = try session.first("PRAGMA journal_mode") { try $0.text() }
        guard journal == "wal" else {
            throw StoreError(
                .unusable, "SQLite did not switch to its write-ahead log; the data directory must be on a local disk")
        }
        for (name, expected) in [("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5_000)] {
            let found = try session.count("PRAGMA \(name)")
            guard found == expected else {
                throw StoreError(
                    .unusable, "SQLite has \(name) = \(found) where \(expected) is needed; this build cannot be used")
            }
        }
    }

    /// Makes the file readable by its owner alone when it is new; SQLite gives its log the same permissions.
    private static func createPrivately(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreError(
                .unwritable, "\(path) cannot be opened for writing (error \(errno)); check its owner and permissions")
        }
        Glibc.close(descriptor)
    }
}
