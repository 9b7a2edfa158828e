/// Base64 with the standard alphabet (RFC 4648, section 4).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text with its padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[Int(bits >> UInt32(18 - index * 6) & 0x3F)] : 0x3D)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in its one canonical form (RFC 4648, section 3.5): padded, nothing between, no bits that no byte uses; `nil`
    /// for anything else.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 4), let digits = digits(of: text) else { return nil }
        return bytes(of: digits, mayLeaveBits: false)
    }

    /// The bytes of a text with the whole padding or none at all, `nil` for anything else; line breaks are skipped, and bits that no byte
    /// uses are not looked at.
    package static func decodeLeniently(_ text: [UInt8]) -> [UInt8]? {
        let text = text.filter { $0 != 0x0A && $0 != 0x0D }
        guard let digits = digits(of: text), digits.count % 4 != 1, digits.count == text.count || text.count.isMultiple(of: 4)
        else {
            return nil
        }
        return bytes(of: digits, mayLeaveBits: true)
    }

    /// The text without its padding; `nil` when that is longer than two.
    private static func digits(of text: [UInt8]) -> ArraySlice<UInt8>? {
        let padding = text.reversed().prefix { $0 == 0x3D }.count
        return padding <= 2 ? text.dropLast(padding) : nil
    }

    private static func bytes(of digits: ArraySlice<UInt8>, mayLeaveBits: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3 + 2)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            buffer = buffer << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
                buffer &= (1 << bits) - 1
            }
        }
        return buffer == 0 || mayLeaveBits ? bytes : nil
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
