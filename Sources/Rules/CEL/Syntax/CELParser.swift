/// Reads an expression by recursive descent (grammar: cel-spec, "Syntax").
///
/// Recursion is bounded by ``CELExpression/maxDepth``, so that no text can exhaust a thread's stack.
struct CELParser {
    private(set) var lexer: CELLexer
    /// The token that is looked at.
    private(set) var token: CELToken
    private var nesting = 0
    private var nodes = 0

    init(lexer: CELLexer) throws(CELSyntaxError) {
        var lexer = lexer
        token = try lexer.next()
        self.lexer = lexer
    }

    /// An expression that ends where the text ends.
    mutating func wholeText() throws(CELSyntaxError) -> CELNode {
        if case .end = token.kind {
            throw CELSyntaxError("the expression is empty", span: 0..<min(1, lexer.bytes.count))
        }
        let root = try expression()
        guard case .end = token.kind else { throw unexpected(after: root) }
        return root
    }

    /// `condition ? then : otherwise`, or less.
    mutating func expression() throws(CELSyntaxError) -> CELNode {
        guard nesting <= CELExpression.maxDepth else { throw tooDeep(token.span) }
        nesting += 1
        defer { nesting -= 1 }
        let condition = try disjunction()
        guard try take(.question) else { return condition }
        let then = try disjunction()
        guard try take(.colon) else {
            throw CELSyntaxError("expected `:` of `condition ? a : b`", span: token.span)
        }
        let otherwise = try expression()
        return try make(
            .conditional(condition: condition, then: then, otherwise: otherwise),
            condition.span.lowerBound..<otherwise.span.upperBound)
    }

    private mutating func disjunction() throws(CELSyntaxError) -> CELNode {
        var operands = [try conjunction()]
        while try take(.or) { operands.append(try conjunction()) }
        return try chain(operands) { .or($0) }
    }

    private mutating func conjunction() throws(CELSyntaxError) -> CELNode {
        var operands = [try binary(minimum: 1)]
        while try take(.and) { operands.append(try binary(minimum: 1)) }
        return try chain(operands) { .and($0) }
    }

    private mutating func chain(_ operands: [CELNode], _ kind: ([CELNode]) -> CELNode.Kind) throws(CELSyntaxError) -> CELNode {
        guard let first = operands.first, let last = operands.last, operands.count > 1 else { return operands[0] }
        return try make(kind(operands), first.span.lowerBound..<last.span.upperBound)
    }

    /// Operators that bind at least that tightly, left to right.
    private mutating func binary(minimum: Int) throws(CELSyntaxError) -> CELNode {
        var left = try unary()
        while let name = currentOperator, name.precedence >= minimum {
            try advance()
            let right = try binary(minimum: name.precedence + 1)
            left = try make(.binary(name, left, right), left.span.lowerBound..<right.span.upperBound)
        }
        return left
    }

    private var currentOperator: CELOperator? {
        switch token.kind {
        case .symbol(let symbol): CELOperator(rawValue: symbol.rawValue)
        case .identifier(let name) where name.utf8.elementsEqual("in".utf8): .in
        default: nil
        }
    }

    /// `!x`, `-x`, or less; a minus before a number belongs to the number, so that the smallest integer can be written.
    private mutating func unary() throws(CELSyntaxError) -> CELNode {
        var prefixes: [(symbol: CELSymbol, start: Int)] = []
        while case .symbol(let symbol) = token.kind, symbol == .not || symbol == .minus {
            prefixes.append((symbol, token.span.lowerBound))
            try advance()
            guard prefixes.count <= CELExpression.maxDepth else { throw tooDeep(token.span) }
        }
        var node: CELNode
        if let last = prefixes.last, last.symbol == .minus, let literal = negativeLiteral() {
            prefixes.removeLast()
            let start = try make(.literal(literal), last.start..<token.span.upperBound)
            try advance()
            node = try postfix(start)
        } else {
            node = try postfix(try primary())
        }
        for prefix in prefixes.reversed() {
            node = try make(prefix.symbol == .not ? .not(node) : .negate(node), prefix.start..<node.span.upperBound)
        }
        return node
    }

    /// The present number with a minus before it.
    private func negativeLiteral() -> CELValue? {
        switch token.kind {
        case .int(let magnitude) where magnitude <= UInt64(Int64.max) + 1: .int(Int64(truncatingIfNeeded: 0 &- magnitude))
        case .double(let number): .double(-number)
        default: nil
        }
    }

    // MARK: - Tools

    mutating func advance() throws(CELSyntaxError) {
        token = try lexer.next()
    }

    /// Steps over the symbol when it is the present token.
    mutating func take(_ wanted: CELSymbol) throws(CELSyntaxError) -> Bool {
        guard case .symbol(let symbol) = token.kind, symbol == wanted else { return false }
        try advance()
        return true
    }

    mutating func make(_ kind: CELNode.Kind, _ span: Range<Int>) throws(CELSyntaxError) -> CELNode {
        nodes += 1
        guard nodes <= CELExpression.maxNodes else {
            throw CELSyntaxError(
                "the expression has more than \(CELExpression.maxNodes) parts", hint: "split it into several conditions",
                span: span, isTooLarge: true)
        }
        let node = CELNode(kind, span: span)
        guard node.depth <= CELExpression.maxDepth + 1 else { throw tooDeep(span) }
        guard node.loops <= CELExpression.maxLoops else {
            throw CELSyntaxError(
                "more than \(CELExpression.maxLoops) macros are inside each other", span: span, isTooLarge: true)
        }
        return node
    }

    private func tooDeep(_ span: Range<Int>) -> CELSyntaxError {
        CELSyntaxError("the expression is nested more than \(CELExpression.maxDepth) deep", span: span, isTooLarge: true)
    }
}
