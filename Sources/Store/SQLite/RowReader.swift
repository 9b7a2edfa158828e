import GRDBSQLite
import Model

/// Reads the columns of the row that a statement stands on, from left to right.
///
/// A value that the schema does not allow is an error, never a trap: it means that the file is damaged or was changed by hand.
struct RowReader {
    private let statement: OpaquePointer
    private var index: CInt = 0

    init(_ statement: OpaquePointer) {
        self.statement = statement
    }

    mutating func int() throws -> Int64 {
        try expect(SQLITE_INTEGER)
        return sqlite3_column_int64(statement, advance())
    }

    mutating func text() throws -> String {
        try expect(SQLITE_TEXT)
        let column = advance()
        let start = sqlite3_column_text(statement, column)
        return String(
            decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))), as: UTF8.self)
    }

    mutating func bytes() throws -> [UInt8] {
        try expect(SQLITE_BLOB)
        let column = advance()
        let start = sqlite3_column_blob(statement, column)
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    /// A text to the byte: one that is no UTF-8 gets words behind it, so that it is never taken for what it would be mended to.
    mutating func exactText() throws -> String {
        try expect(SQLITE_TEXT)
        let column = advance()
        let start = sqlite3_column_text(statement, column)
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
        let text = String(decoding: bytes, as: UTF8.self)
        return text.utf8.elementsEqual(bytes) ? text : text + " (no UTF-8)"
    }

    mutating func optionalExactText() throws -> String? { skipNull() ? nil : try exactText() }
    mutating func optionalInt() throws -> Int64? { skipNull() ? nil : try int() }
    mutating func optionalText() throws -> String? { skipNull() ? nil : try text() }
    mutating func number() throws -> Int { Int(try int()) }
    mutating func flag() throws -> Bool { try int() != 0 }
    mutating func key() throws -> String { String(decoding: try bytes(), as: UTF8.self) }
    mutating func time() throws -> Timestamp { Timestamp(microseconds: try int()) }
    mutating func optionalTime() throws -> Timestamp? { try optionalInt().map(Timestamp.init(microseconds:)) }
    mutating func id<ID: NumericIdentifier>(_ type: ID.Type = ID.self) throws -> ID { ID(rawValue: try int()) }
    mutating func optionalID<ID: NumericIdentifier>(_ type: ID.Type = ID.self) throws -> ID? {
        try optionalInt().map(ID.init(rawValue:))
    }

    /// A value of a closed enum.
    mutating func value<Value: RawRepresentable>(_ type: Value.Type = Value.self) throws -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: try text()) else {
            throw StoreError(.unusable, "the database holds a \(Value.self) that this version does not know; restore a copy")
        }
        return value
    }

    mutating func optionalValue<Value: RawRepresentable>(_ type: Value.Type = Value.self) throws -> Value?
    where Value.RawValue == String {
        skipNull() ? nil : try value()
    }

    /// Whether the column at the present position is NULL; does not move on.
    var isNull: Bool { sqlite3_column_type(statement, index) == SQLITE_NULL }

    /// Goes past columns that are not needed.
    mutating func skip(_ count: Int) { index += CInt(count) }

    private mutating func advance() -> CInt {
        defer { index += 1 }
        return index
    }

    private mutating func skipNull() -> Bool {
        guard isNull else { return false }
        index += 1
        return true
    }

    private func expect(_ type: CInt) throws {
        guard sqlite3_column_type(statement, index) == type else {
            throw StoreError(
                .unusable, "the database holds a value that its schema does not allow; keep the file and restore a copy")
        }
    }
}
