package import Model

/// Turns bytes from outside into text for people.
package enum PrintableText {
    /// The most bytes of a body that are shown.
    package static let bytesMax = 500

    /// The first 500 bytes as one line: the token struck out, what is not UTF-8 as U+FFFD, line ends and tabs as spaces,
    /// controls and invisible characters (which could reorder or hide text in a log) as U+FFFD.
    package static func excerpt(_ bytes: [UInt8], hiding token: Secret) -> String {
        let secret = token.reveal()
        // Enough that a token across the cut is seen whole.
        var shown = replacing(secret, in: bytes.prefix(bytesMax + secret.count))
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

    /// The bytes with every secret struck out, so that what is kept of an answer does not hold what the request brought.
    package static func hiding(_ secrets: [Secret], in bytes: [UInt8]) -> [UInt8] {
        // The longest first: of one that is part of another nothing may be left.
        let longestFirst = secrets.map { $0.reveal() }.sorted { $0.count > $1.count }
        return longestFirst.reduce(bytes) { rest, secret in replacing(secret, in: rest[...]) }
    }

    private static func replacing(_ secret: [UInt8], in bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard !secret.isEmpty else { return Array(bytes) }
        var result: [UInt8] = []
        var rest = bytes
        while let first = rest.first {
            if rest.starts(with: secret) {
                result += Array("<redacted>".utf8)
                rest = rest.dropFirst(secret.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
