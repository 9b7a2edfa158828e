/// Comparisons of protocol elements by their bytes: only the letters A to Z have a case.
enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    static func lowercased(_ text: some StringProtocol) -> [UInt8] {
        text.utf8.map(lowercased)
    }

    static func equal(_ left: some StringProtocol, _ right: some StringProtocol, ignoringCase: Bool) -> Bool {
        left.utf8.elementsEqual(right.utf8) { ignoringCase ? lowercased($0) == lowercased($1) : $0 == $1 }
    }

    static func contains(_ words: [String], ignoringCase word: String) -> Bool {
        words.contains { equal($0, word, ignoringCase: true) }
    }

    /// Without the spaces and tabs around it.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let head = bytes.drop(while: isSpace)
        guard let last = head.lastIndex(where: { !isSpace($0) }) else { return [] }
        return head[...last]
    }

    /// Whether the text is a token of RFC 9110, section 5.6.2, such as a header name.
    static func isToken(_ text: String) -> Bool {
        !text.utf8.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// Whether every byte is a visible ASCII character, space excluded.
    static func isVisible(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
