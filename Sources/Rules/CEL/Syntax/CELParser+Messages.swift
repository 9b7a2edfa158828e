/// What to say when a token does not fit, with the fix for the mistakes that people make.
extension CELParser {
    /// The present token can not follow the complete expression before it.
    func unexpected(after node: CELNode) -> CELSyntaxError {
        let shown = describe(token)
        switch token.kind {
        case .identifier("and"), .identifier("AND"):
            return CELSyntaxError("`and` is not an operator", hint: "use `&&`", span: token.span)
        case .identifier("or"), .identifier("OR"):
            return CELSyntaxError("`or` is not an operator", hint: "use `||`", span: token.span)
        case .identifier("not"):
            return CELSyntaxError("`not in` is not an operator", hint: "write `!(x in list)`", span: token.span)
        case .identifier("is"):
            return CELSyntaxError("`is` is not an operator", hint: "use `==`", span: token.span)
        case .identifier("contains"), .identifier("matches"), .identifier("startsWith"), .identifier("endsWith"):
            return CELSyntaxError(
                "\(shown) is a function, not an operator", hint: "write `x.\(lexer.text(token.span))(\"…\")`", span: token.span)
        case .symbol(.closeParenthesis), .symbol(.closeBracket), .symbol(.closeBrace):
            return CELSyntaxError("\(shown) closes nothing", span: token.span)
        case .symbol(.colon):
            return CELSyntaxError(
                "`:` belongs to `condition ? a : b` or to a map", hint: "a text that holds `:` needs quotes", span: token.span)
        default:
            return CELSyntaxError("expected an operator before \(shown)", hint: "a text needs quotes: \"…\"", span: token.span)
        }
    }

    /// A value should stand where the present token is.
    func expectedValue() -> CELSyntaxError {
        switch token.kind {
        case .end:
            return CELSyntaxError("the expression ends where a value should follow", span: lastByte)
        case .symbol(.greater) where isDirectlyAfter(.less):
            return CELSyntaxError("`<>` is not an operator", hint: "use `!=`", span: token.span)
        case .quotedIdentifier:
            return CELSyntaxError("backquotes are for fields only", hint: "a text is written \"…\" or '…'", span: token.span)
        default:
            return CELSyntaxError("expected a value before \(describe(token))", span: token.span)
        }
    }

    /// Steps over the mark that closes what was opened, or says what stands there instead.
    mutating func expectClosing(_ closing: CELSymbol, opened: Range<Int>) throws(CELSyntaxError) {
        if try take(closing) { return }
        if case .end = token.kind {
            throw CELSyntaxError(
                "`\(lexer.text(opened))` is not closed", hint: "it ends with `\(closing.rawValue)`", span: opened)
        }
        switch token.kind {
        case .identifier, .symbol(.colon): throw unexpected(after: CELNode(.literal(.null), span: opened))
        default: throw CELSyntaxError("expected `\(closing.rawValue)` before \(describe(token))", span: token.span)
        }
    }

    func reservedHint(_ name: String) -> String? {
        switch name {
        case "if", "else": "a choice is written `condition ? a : b`"
        case "for", "while", "loop": "to walk a list, use `list.all(x, …)`, `list.exists(x, …)` or `list.map(x, …)`"
        default: nil
        }
    }

    private func describe(_ token: CELToken) -> String {
        switch token.kind {
        case .end: "the end"
        default: "`\(String(String.UnicodeScalarView(lexer.text(token.span).unicodeScalars.prefix(40))))`"
        }
    }

    private func isDirectlyAfter(_ symbol: CELSymbol) -> Bool {
        let start = token.span.lowerBound
        return start > 0 && lexer.bytes[start - 1] == symbol.rawValue.utf8.first
    }

    private var lastByte: Range<Int> {
        let count = lexer.bytes.count
        return max(0, count - 1)..<count
    }
}
