/// Splits an expression into tokens, one at a time.
///
/// It works on bytes: no grapheme can hide a quote or a brace. It can begin inside a longer text, which is how the end of `${{
/// … }}` is found: a `}}` within a string is not the end.
struct CELLexer {
    let bytes: [UInt8]
    /// Where the next token is looked for.
    var position: Int

    init(bytes: [UInt8], position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// The next token; `.end` at the end of the text, for ever.
    mutating func next() throws(CELSyntaxError) -> CELToken {
        skipSpace()
        guard position < bytes.count else { return CELToken(kind: .end, span: bytes.count..<bytes.count) }
        let byte = bytes[position]
        if Self.isDigit(byte) || (byte == 0x2E && Self.isDigit(peek(1))) { return try number() }
        if let literal = try stringLiteral() { return literal }
        if Self.isIdentifierStart(byte) { return identifier() }
        if byte == 0x60 { return try quotedIdentifier() }
        return try symbol()
    }

    /// The byte that far ahead; zero beyond the end.
    func peek(_ distance: Int) -> UInt8 {
        position + distance < bytes.count ? bytes[position + distance] : 0
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isIdentifierStart(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }

    /// White space and `//` comments.
    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0C, 0x0D: position += 1
            case 0x2F where peek(1) == 0x2F:
                while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            default: return
            }
        }
    }

    private mutating func identifier() -> CELToken {
        let start = position
        while position < bytes.count, Self.isIdentifierStart(bytes[position]) || Self.isDigit(bytes[position]) { position += 1 }
        return CELToken(kind: .identifier(text(start..<position)), span: start..<position)
    }

    /// A field name in backquotes: letters, digits, `_ . - /` and spaces.
    private mutating func quotedIdentifier() throws(CELSyntaxError) -> CELToken {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != 0x60 {
            let byte = bytes[position]
            guard Self.isIdentifierStart(byte) || Self.isDigit(byte) || [0x20, 0x2D, 0x2E, 0x2F].contains(byte) else { break }
            position += 1
        }
        guard peek(0) == 0x60, position > start + 1 else {
            throw CELSyntaxError(
                "a name in backquotes holds letters, digits, `_`, `.`, `-`, `/` and spaces", span: start..<position)
        }
        position += 1
        return CELToken(kind: .quotedIdentifier(text(start + 1..<position - 1)), span: start..<position)
    }

    private mutating func symbol() throws(CELSyntaxError) -> CELToken {
        let start = position
        for symbol in CELSymbol.allCases where bytes[start...].starts(with: symbol.rawValue.utf8) {
            position += symbol.rawValue.utf8.count
            return CELToken(kind: .symbol(symbol), span: start..<position)
        }
        throw unexpectedByte(at: start)
    }

    private func unexpectedByte(at start: Int) -> CELSyntaxError {
        switch bytes[start] {
        case 0x3D:
            return CELSyntaxError("`=` is not an operator", hint: "use `==` to compare", span: start..<start + 1)
        case 0x26:
            return CELSyntaxError("`&` is not an operator", hint: "use `&&` for and", span: start..<start + 1)
        case 0x7C:
            return CELSyntaxError("`|` is not an operator", hint: "use `||` for or", span: start..<start + 1)
        case 0x24:
            return CELSyntaxError(
                "`$` has no meaning in an expression", hint: "this value is an expression already: write it without `${{ }}`",
                span: start..<start + 1)
        default:
            let end = scalarEnd(start)
            let shown = text(start..<end)
            if ["\u{201C}", "\u{201D}", "\u{2018}", "\u{2019}"].contains(where: { $0.utf8.elementsEqual(shown.utf8) }) {
                return CELSyntaxError("typographic quotes do not quote", hint: "use `\"` or `'`", span: start..<end)
            }
            return CELSyntaxError("`\(shown)` has no meaning in an expression", span: start..<end)
        }
    }

    /// The end of the scalar that begins there.
    func scalarEnd(_ start: Int) -> Int {
        var end = start + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
