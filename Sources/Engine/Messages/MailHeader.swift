import CurlTransport

/// Values of a mail's headers; none of them can hold a line end that does not fold (RFC 5322, section 2.2.3).
enum MailHeader {
    /// The most bytes of an encoded word (RFC 2047, section 2).
    private static let wordBytes = 75

    /// An unstructured value: as it is when that is short, printable ASCII, else in encoded words.
    static func text(_ text: String) -> String {
        let line = oneLine(text)
        // What looks like an encoded word would be decoded.
        let isPlain = line.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !containsEncodedWord(line)
        return isPlain && line.utf8.count <= 200 ? line : encodedWords(line)
    }

    /// An address with the name beside it.
    static func mailbox(_ address: MailAddress, name: String?) -> String {
        guard let name = name.map(oneLine), !name.isEmpty else { return address.text }
        let isPlain = name.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !containsEncodedWord(name)
        guard isPlain, name.utf8.count <= 60 else { return "\(encodedWords(name)) <\(address)>" }
        let quoted = name.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return "\"\(quoted)\" <\(address)>"
    }

    /// The beginning of the text, cut between characters, with a note in place of the rest.
    static func cut(_ text: String, limit: Int) -> String {
        let beginning = text.prefix(limit)
        return beginning.endIndex == text.endIndex ? text : beginning + "…"
    }

    /// With spaces in place of every control character, line ends first of all.
    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
                        ? " " : scalar
                }))
    }

    private static func containsEncodedWord(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.dropLast().contains { bytes[$0] == UInt8(ascii: "=") && bytes[$0 + 1] == UInt8(ascii: "?") }
    }

    /// Encoded words of whole characters' bytes, folded.
    private static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var word = ""
        for scalar in text.unicodeScalars {
            let encoded = String(scalar).utf8.map(encodedByte).joined()
            if word.utf8.count + encoded.utf8.count > wordBytes - "=?utf-8?q??=".utf8.count {
                words.append(word)
                word = ""
            }
            word += encoded
        }
        if !word.isEmpty { words.append(word) }
        return words.map { "=?utf-8?q?\($0)?=" }.joined(separator: "\r\n ")
    }

    /// Only what stands for itself wherever an encoded word may stand, in a name too (RFC 2047, section 5).
    private static func encodedByte(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            String(Unicode.Scalar(byte))
        case 0x20: "_"
        default: "=" + QuotedPrintable.hexadecimal(byte)
        }
    }
}
