/// Splits a text into what stands as it is and the expressions in `${{ … }}`.
enum TemplateParser {
    /// The parts of a text; `$${{` gives a literal `${{`.
    ///
    /// The end of an expression is found by the expression's own grammar: `}}` within a text or at the end of maps does not end
    /// it.
    /// - Throws: ``CELSyntaxError`` with its span in the whole text.
    static func parse(_ text: String) throws(CELSyntaxError) -> [Template.Segment] {
        let bytes = Array(text.utf8)
        guard bytes.count <= Template.maxBytes else {
            throw CELSyntaxError("the text is longer than \(Template.maxBytes) bytes", span: 0..<1, isTooLarge: true)
        }
        var segments: [Template.Segment] = []
        var plain: [UInt8] = []
        var position = 0
        func flush() {
            if !plain.isEmpty { segments.append(.text(String(decoding: plain, as: UTF8.self))) }
            plain.removeAll()
        }
        while position < bytes.count {
            let rest = bytes[position...]
            if rest.starts(with: "$${{".utf8) {
                plain.append(contentsOf: "${{".utf8)
                position += 4
            } else if rest.starts(with: "${{".utf8) {
                flush()
                let (expression, end) = try expression(bytes, from: position)
                segments.append(.expression(expression))
                position = end
            } else {
                plain.append(bytes[position])
                position += 1
            }
        }
        flush()
        return segments.isEmpty ? [.text("")] : segments
    }

    private static func expression(_ bytes: [UInt8], from start: Int) throws(CELSyntaxError) -> (CELExpression, end: Int) {
        var parser = try CELParser(lexer: CELLexer(bytes: bytes, position: start + 3))
        if parser.isSymbol(.closeBrace) {
            throw CELSyntaxError("`${{ }}` is empty", hint: "`$${{` writes a literal `${{`", span: start..<start + 3)
        }
        if case .end = parser.token.kind { throw unclosed(start) }
        let root = try parser.expression()
        let close = parser.token.span.lowerBound
        guard parser.isSymbol(.closeBrace), close + 1 < bytes.count, bytes[close + 1] == 0x7D else {
            if case .end = parser.token.kind { throw unclosed(start) }
            if parser.isSymbol(.closeBrace) {
                throw CELSyntaxError("`${{` ends with `}}`, not with `}`", span: close..<close + 1)
            }
            throw parser.unexpected(after: root)
        }
        guard close - start - 3 <= CELExpression.maxBytes else {
            throw CELSyntaxError(
                "the expression is longer than \(CELExpression.maxBytes) bytes", span: start..<start + 3, isTooLarge: true)
        }
        let text = String(decoding: bytes[(start + 3)..<close], as: UTF8.self)
        return (CELExpression(text: text, root: root), close + 2)
    }

    private static func unclosed(_ start: Int) -> CELSyntaxError {
        CELSyntaxError(
            "`${{` is not closed", hint: "it ends with `}}`; `$${{` writes a literal `${{`", span: start..<start + 3)
    }
}
