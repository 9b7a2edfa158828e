import GRDB
import GRDBSQLite

/// A statement that SQLite compiled, run by the C interface.
///
/// Not GRDB's `Statement`: that one costs several microseconds a run, more than SQLite itself takes for a row, copies bodies
/// through Foundation, and ends texts at U+0000.
final class PreparedStatement {
    private let handle: OpaquePointer
    private let database: OpaquePointer

    init(_ sql: String, on database: OpaquePointer) throws {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(database, sql, -1, CUnsignedInt(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw Self.error(code, database) }
        self.handle = handle
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Runs the statement; `row` sees each row and says whether it wants more.
    func run(_ values: [SQLValue], row: (inout RowReader) throws -> Bool) throws {
        // Both never fail for reasons of their own: a reset repeats the error of the last step, which was thrown then.
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        try bind(values)
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_DONE: return
            case SQLITE_ROW:
                var reader = RowReader(handle)
                guard try row(&reader) else { return }
            case let code: throw Self.error(code, database)
            }
        }
    }

    private func bind(_ values: [SQLValue]) throws {
        guard values.count == Int(sqlite3_bind_parameter_count(handle)) else { throw Self.error(SQLITE_RANGE, database) }
        for (offset, value) in values.enumerated() {
            let index = CInt(offset + 1)
            let code: CInt
            switch value {
            case .null:
                code = sqlite3_bind_null(handle, index)
            case .integer(let number):
                code = sqlite3_bind_int64(handle, index, number)
            case .string(let text):
                let length = CInt(clamping: text.utf8.count)
                code = text.withCString { sqlite3_bind_text(handle, index, $0, length, Self.copies) }
            case .blob(let bytes):
                code = bytes.withUnsafeBytes {
                    $0.isEmpty
                        ? sqlite3_bind_zeroblob(handle, index, 0)
                        : sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), Self.copies)
                }
            }
            guard code == SQLITE_OK else { throw Self.error(code, database) }
        }
    }

    /// `SQLITE_TRANSIENT`, which is a cast that Swift does not import: SQLite copies the value before the call returns.
    private static let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private static func error(_ code: CInt, _ database: OpaquePointer) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(database)))
    }
}
