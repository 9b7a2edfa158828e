import GRDB

extension StoreError {
    /// What an error of SQLite means to a caller.
    ///
    /// The message is SQLite's own with its result code; it names tables and columns, never values.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            let particulars = "\(error.message ?? "no message") (SQLite result \(error.extendedResultCode.rawValue))"
            switch error.resultCode {
            case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM,
                .SQLITE_PERM:
                self.init(
                    .unwritable,
                    "the disk refused: \(particulars); free space or make it writable, writing then goes on by itself")
            case .SQLITE_CONSTRAINT:
                self.init(.conflict, "the write contradicts what is stored: \(particulars)")
            case .SQLITE_CORRUPT, .SQLITE_NOTADB:
                self.init(.unusable, "the database file is damaged: \(particulars); keep the file and restore a copy")
            default:
                self.init(.unusable, "the database refused a statement: \(particulars)")
            }
        default:
            self.init(.unusable, "the database holds a row that cannot be read; keep the file and restore a copy")
        }
    }
}
