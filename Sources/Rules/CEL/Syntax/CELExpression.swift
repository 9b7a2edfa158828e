/// A parsed expression: well-formed and within its limits, its names not yet checked.
struct CELExpression: Sendable {
    /// The longest expression, in bytes.
    static let maxBytes = 8_192
    /// The most nodes that an expression may have.
    static let maxNodes = 2_000
    /// How deep parentheses, lists, calls and operators may be inside each other; chains of `&&` and `||` count once.
    static let maxDepth = 128
    /// How many macros (`all`, `map`, …) may be inside each other.
    static let maxLoops = 3

    /// The text it was read from.
    let text: String
    let root: CELNode

    /// Reads an expression.
    ///
    /// - Throws: ``CELSyntaxError`` with the position of the first mistake.
    init(_ text: String) throws(CELSyntaxError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maxBytes else {
            throw CELSyntaxError(
                "the expression is longer than \(Self.maxBytes) bytes", span: 0..<min(1, bytes.count), isTooLarge: true)
        }
        var parser = try CELParser(lexer: CELLexer(bytes: bytes))
        root = try parser.wholeText()
        self.text = text
    }

    /// The text without white space around it, for people.
    var trimmedText: String {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let rest = text.utf8.drop(while: isSpace)
        let end = rest.lastIndex { !isSpace($0) }
        return end.map { String(decoding: rest[...$0], as: UTF8.self) } ?? ""
    }

    init(text: String, root: CELNode) {
        self.text = text
        self.root = root
    }
}
