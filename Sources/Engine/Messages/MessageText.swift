import Model

/// The text of a message on its way into a platform's format: made harmless, and cut to what the platform takes. Pure.
enum MessageText {
    /// A character longer than that is cut between its parts: nothing that people write is, and a text of one character would pass
    /// every limit otherwise.
    private static let longestCharacter = 32

    /// The text without what could reorder or hide it; line feeds and tabs stay.
    static func clean(_ text: String) -> String {
        let unified = text.replacing("\r\n", with: "\n")
        return unified.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).printable }.joined(separator: "\t")
            }
            .joined(separator: "\n")
    }

    /// The text, each of its scalars rendered by `render`, with no more than `limit` units by `count` in all.
    ///
    /// It is cut between characters as people see them, and says so at its end; nothing is cut inside what `render` made of a
    /// scalar. A text without anything to see says so, since platforms refuse it.
    static func fitted(
        _ text: String, limit: Int, count: (String) -> Int, render: (Unicode.Scalar) -> String = { String($0) }
    ) -> String {
        let clean = clean(text)
        guard clean.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else { return rendered("(no text)", render) }
        let pieces = pieces(of: clean).map { rendered($0, render) }
        let sizes = pieces.map(count)
        if sizes.reduce(0, +) <= limit { return pieces.joined() }
        var room = limit - count(rendered(note(shown: pieces.count, of: pieces.count), render))
        var shown = 0
        while shown < pieces.count, sizes[shown] <= room {
            room -= sizes[shown]
            shown += 1
        }
        return pieces.prefix(shown).joined() + rendered(note(shown: shown, of: pieces.count), render)
    }

    private static func rendered(_ text: String, _ render: (Unicode.Scalar) -> String) -> String {
        text.unicodeScalars.map(render).joined()
    }

    private static func note(shown: Int, of all: Int) -> String {
        "\n(cut: \(shown) of \(all) characters)"
    }

    private static func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        for character in text {
            let scalars = character.unicodeScalars
            if scalars.count <= longestCharacter {
                pieces.append(String(character))
            } else {
                pieces += scalars.map { String($0) }
            }
        }
        return pieces
    }

    /// How platforms that are written in JavaScript, Java or C# count.
    static func utf16(_ text: String) -> Int { text.utf16.count }

    /// The bytes that a text takes in JSON.
    static func json(_ text: String) -> Int {
        text.utf8.reduce(0) { $0 + ($1 < 0x20 || $1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1) }
    }

    /// A scalar in Markdown such that it stands for itself: every ASCII punctuation mark behind a backslash, so that there is
    /// neither format nor link, and none that is made of a bare address; and a space that can not be seen behind each `@`, since
    /// some receivers look for names before they look for backslashes.
    static func markdown(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x40: "\\@\u{2060}"
        case 0x21...0x2F, 0x3A...0x3F, 0x5B...0x60, 0x7B...0x7E: "\\" + String(scalar)
        default: String(scalar)
        }
    }

    /// A line in Markdown: spaces at its beginning would make it a block of code.
    static func markdownLines(_ text: String) -> String {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                let rest = line.drop { $0 == " " || $0 == "\t" }
                return String(repeating: "\u{00A0}", count: line.count - rest.count) + String(rest)
            }
            .joined(separator: "\n")
    }
}
