/// The text that every match of a pattern begins with.
enum PatternPrefix {
    /// The literal bytes after a leading `^`; empty when there are none, or it can not be told simply.
    static func literal(of pattern: String) -> [UInt8] {
        let bytes = Array(pattern.utf8)
        // An alternative anywhere could be one of the whole pattern.
        guard bytes.first == UInt8(ascii: "^"), !bytes.contains(UInt8(ascii: "|")) else { return [] }
        var literal: [UInt8] = []
        var index = 1
        while index < bytes.count {
            var byte = bytes[index]
            var width = 1
            if byte == UInt8(ascii: "\\"), index + 1 < bytes.count, isMark(bytes[index + 1]) {
                byte = bytes[index + 1]
                width = 2
            } else if !isLetterOrDigit(byte), !plainMarks.contains(byte) {
                break
            }
            // A repetition may be of no time at all.
            if index + width < bytes.count, repetitions.contains(bytes[index + width]) { break }
            literal.append(byte)
            index += width
        }
        return literal
    }

    private static let repetitions: Set<UInt8> = Set("*+?{".utf8)
    private static let plainMarks: Set<UInt8> = Set("-_/:@ ,=;<>!#%&~'\"".utf8)

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        CELLexer.isDigit(byte) || (byte != UInt8(ascii: "_") && CELLexer.isIdentifierStart(byte))
    }

    /// Whether a backslash before it means the mark itself.
    private static func isMark(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !isLetterOrDigit(byte) && byte != UInt8(ascii: "_")
    }
}
