/// Why a document was refused, and where in it.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong; closed, so that it can be a log field and a metric label.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// Longer than ``JSONLimits/maxBytes``, or memory ran out.
        case tooLarge = "too_large"
        /// Nested deeper than ``JSONLimits/maxDepth``.
        case tooDeep = "too_deep"
        /// More values than ``JSONLimits/maxValues``.
        case tooManyValues = "too_many_values"
        /// An object names a member twice; the names are compared by their bytes after unescaping.
        case duplicateName = "duplicate_name"
        /// Bytes that are not UTF-8 (RFC 3629), or an escape of half a surrogate pair.
        case invalidUTF8 = "invalid_utf8"
        /// An integer outside `Int64.min ... UInt64.max`, or a number too large for a `Double`.
        case numberOutOfRange = "number_out_of_range"
        /// Not JSON (RFC 8259).
        case syntax
        /// No value at all.
        case empty
    }

    package let code: Code
    /// The number of bytes before the place of the error.
    package let offset: Int
    /// The line of the place, from 1; 0 when the document was refused unread.
    package let line: Int
    /// The column of the place, from 1, in Unicode scalars; 0 when the document was refused unread.
    package let column: Int
    /// What is wrong, for people: ASCII, bounded; of the document it shows at most one name or one character, escaped.
    package let message: String

    /// Where and what, such as `line 3, column 14: duplicate member name "status"`.
    package var description: String {
        line == 0 ? message : "line \(line), column \(column): \(message)"
    }

    /// An error at a place in a document that was read.
    init(_ code: Code, at offset: Int, in bytes: UnsafeBufferPointer<UInt8>, _ message: String) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.code = code
        self.offset = offset
        self.line = line
        self.column = column
        self.message = message
    }

    /// An error of a document that was not read at all.
    init(unread code: Code, _ message: String) {
        self.code = code
        offset = 0
        line = 0
        column = 0
        self.message = message
    }
}
