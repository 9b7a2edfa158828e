/// Checks of single UTF-8 sequences (RFC 3629, section 4).
enum UTF8Sequence {
    /// The length of the well-formed sequence that begins there; `nil` when there is none: no overlong form, no surrogate,
    /// nothing above U+10FFFF, nothing cut off.
    static func length(at position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let (length, second): (Int, ClosedRange<UInt8>)
        switch bytes[position] {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard bytes.count - position >= length, second.contains(bytes[position + 1]),
            bytes[(position + 1)..<(position + length)].allSatisfy({ $0 & 0xC0 == 0x80 })
        else { return nil }
        return length
    }
}
