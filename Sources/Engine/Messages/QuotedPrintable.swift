/// The encoding of a mail's body (RFC 2045, section 6.7).
enum QuotedPrintable {
    /// The most bytes of a line, its soft line break included.
    static let lineBytes = 76

    /// The text in lines that end with CR LF. No line begins with a dot or with `From `, which servers treat in ways of their own.
    static func encode(_ text: String) -> [UInt8] {
        var encoded: [UInt8] = []
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
            encode(line: Array(String(line).utf8), into: &encoded)
            encoded += [0x0D, 0x0A]
        }
        return encoded
    }

    private static func encode(line: [UInt8], into encoded: inout [UInt8]) {
        var length = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            var piece = piece(byte, isLast: isLast)
            // Room for the `=` of a soft break, save at the end.
            if length + piece.count > lineBytes - (isLast ? 0 : 1) {
                encoded += [UInt8(ascii: "="), 0x0D, 0x0A]
                length = 0
            }
            if length == 0, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "F") {
                piece = Array(("=" + hexadecimal(byte)).utf8)
            }
            encoded += piece
            length += piece.count
        }
    }

    private static func piece(_ byte: UInt8, isLast: Bool) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "="): Array("=3D".utf8)
        // White space at the end of a line is lost on the way.
        case 0x20 where isLast, 0x09: Array(("=" + hexadecimal(byte)).utf8)
        case 0x20...0x7E: [byte]
        default: Array(("=" + hexadecimal(byte)).utf8)
        }
    }

    /// Two digits in upper case.
    static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }
}
