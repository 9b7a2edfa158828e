import Model

/// A value that a statement is given. Times are microseconds, flags 0 or 1.
enum SQLValue: Sendable {
    case null
    case integer(Int64)
    case string(String)
    case blob([UInt8])

    static func int(_ number: Int64?) -> SQLValue { number.map(SQLValue.integer) ?? .null }
    static func int(_ number: Int) -> SQLValue { .integer(Int64(number)) }
    static func time(_ instant: Timestamp?) -> SQLValue { int(instant?.microseconds) }
    static func flag(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }

    /// A text that people read. U+0000 becomes U+FFFD, since SQLite's tools end a text at it and would hide what stands behind.
    static func text(_ text: String?) -> SQLValue {
        text.map { .string(kept($0)) } ?? .null
    }

    /// A text as ``text(_:)`` keeps it.
    static func kept(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(decoding: text.utf8.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] }, as: UTF8.self)
    }

    /// A text of a sender's that is compared: its bytes. What SQLite does with texts that hold U+0000 is undefined
    /// (sqlite.org/c3ref/bind_blob.html), and Swift takes some different texts for equal.
    static func key(_ text: String) -> SQLValue { .blob(Array(text.utf8)) }
}
