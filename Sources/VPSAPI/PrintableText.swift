package import Model

/// Turns bytes from outside into text for people.
package enum PrintableText {
    /// The most bytes of a body that are shown.
    package static let bytesMax = 500

    /// The first 500 bytes as one line: the token struck out (see ``hiding(_:in:)``), what is not UTF-8 as U+FFFD, line ends and tabs as spaces,
    /// controls and invisible characters (which could reorder or hide text in a log) as U+FFFD.
    package static func excerpt(_ bytes: [UInt8], hiding token: Secret) -> String {
        // Struck out before it is cut, so that no piece of a token is left at the cut.
        var shown =
            SecretPattern(token.reveal()).map { replacing($0, in: bytes, upTo: bytesMax + 4) }
            ?? Array(bytes.prefix(bytesMax + 4))
        var end = min(shown.count, bytesMax)
        // Not through the middle of a character, which has at most three continuation bytes.
        for _ in 0..<3 where end > 0 && end < shown.count && shown[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
        shown.removeSubrange(end...)
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: shown, as: UTF8.self).unicodeScalars { text.append(printable(scalar)) }
        return String(text)
    }

    private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.properties.generalCategory {
        case .control: scalar == "\n" || scalar == "\r" || scalar == "\t" ? " " : "\u{FFFD}"
        case .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
        default: scalar
        }
    }

    /// The bytes with every secret struck out, in whatever form it comes back (see ``SecretPattern``), so that what is kept of an
    /// answer does not hold what the request brought.
    package static func hiding(_ secrets: [Secret], in bytes: [UInt8]) -> [UInt8] {
        // The longest first: of one that is part of another nothing may be left.
        let patterns = secrets.map { $0.reveal() }.sorted { $0.count > $1.count }.compactMap(SecretPattern.init)
        return patterns.reduce(bytes) { rest, pattern in replacing(pattern, in: rest) }
    }

    /// Stops when the result has that many bytes.
    private static func replacing(_ pattern: SecretPattern, in bytes: [UInt8], upTo limit: Int = .max) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(min(bytes.count, limit))
        var place = 0
        while place < bytes.count, result.count < limit {
            if let end = pattern.end(in: bytes, from: place) {
                while result.last == UInt8(ascii: "\\") { result.removeLast() }
                result += Array("<redacted>".utf8)
                place = end
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return result
    }
}
