/// Values, names, calls and what may follow them.
extension CELParser {
    /// A literal, a name, a global call, a list, a map or an expression in parentheses.
    mutating func primary() throws(CELSyntaxError) -> CELNode {
        let start = token
        if let literal = try literal() { return literal }
        switch start.kind {
        case .symbol(.openParenthesis):
            try advance()
            let inner = try expression()
            try expectClosing(.closeParenthesis, opened: start.span)
            return inner
        case .symbol(.openBracket): return try list()
        case .symbol(.openBrace): return try map()
        case .symbol(.dot):
            try advance()
            return try name(isRooted: true, from: start.span.lowerBound)
        case .identifier: return try name(isRooted: false, from: start.span.lowerBound)
        default: throw expectedValue()
        }
    }

    private mutating func literal() throws(CELSyntaxError) -> CELNode? {
        let span = token.span
        let value: CELValue
        switch token.kind {
        case .int(let number):
            guard let exact = Int64(exactly: number) else {
                throw CELSyntaxError("the number does not fit a signed 64-bit integer", span: span)
            }
            value = .int(exact)
        case .uint(let number): value = .uint(number)
        case .double(let number): value = .double(number)
        case .string(let text): value = .string(text)
        case .bytes(let bytes): value = .bytes(bytes)
        case .identifier("true"): value = .bool(true)
        case .identifier("false"): value = .bool(false)
        case .identifier("null"): value = .null
        default: return nil
        }
        try advance()
        return try make(.literal(value), span)
    }

    private mutating func name(isRooted: Bool, from start: Int) throws(CELSyntaxError) -> CELNode {
        guard case .identifier(let name) = token.kind else { throw expectedValue() }
        let span = token.span
        if Self.reservedWords.contains(name) {
            throw CELSyntaxError("`\(name)` is a reserved word", hint: reservedHint(name), span: span)
        }
        try advance()
        if name == "not", startsOperand {
            throw CELSyntaxError("`not` is not an operator", hint: "use `!`", span: span)
        }
        if case .symbol(.openParenthesis) = token.kind {
            return try call(name, target: nil, nameSpan: span, from: start)
        }
        return try make(.identifier(name, isRooted: isRooted), start..<span.upperBound)
    }

    /// Whether the present token begins a value, which after a name is never right.
    var startsOperand: Bool {
        switch token.kind {
        case .identifier(let name): name != "in"
        case .int, .uint, .double, .string, .bytes, .quotedIdentifier, .symbol(.openParenthesis): true
        case .end, .symbol: false
        }
    }

    /// Field selections, indexes and member calls that follow a value.
    mutating func postfix(_ operand: CELNode) throws(CELSyntaxError) -> CELNode {
        var node = operand
        while case .symbol(let symbol) = token.kind {
            switch symbol {
            case .dot: node = try selection(node)
            case .openBracket: node = try index(node)
            case .openBrace where node.path != nil && !node.isIndex:
                throw CELSyntaxError(
                    "messages such as `Name{…}` are not supported", hint: "a map is `{\"key\": value}`", span: token.span)
            default: return node
            }
        }
        return node
    }

    private mutating func selection(_ operand: CELNode) throws(CELSyntaxError) -> CELNode {
        try advance()
        let isOptional = try take(.question)
        let span = token.span
        let start = operand.span.lowerBound
        switch token.kind {
        case .identifier(let name):
            guard !["true", "false", "null", "in"].contains(name) else {
                throw CELSyntaxError("`\(name)` can not be a field", hint: "write `[\"\(name)\"]`", span: span)
            }
            try advance()
            if case .symbol(.openParenthesis) = token.kind, !isOptional {
                return try call(name, target: operand, nameSpan: span, from: start)
            }
            return try makeSelection(operand, name, isOptional, isPlain: true, start..<span.upperBound)
        case .quotedIdentifier(let name):
            try advance()
            return try makeSelection(operand, name, isOptional, isPlain: false, start..<span.upperBound)
        default:
            throw CELSyntaxError("expected a field's name after `.`", span: span)
        }
    }

    private mutating func makeSelection(
        _ operand: CELNode, _ field: String, _ isOptional: Bool, isPlain: Bool, _ span: Range<Int>
    ) throws(CELSyntaxError) -> CELNode {
        var qualified: String?
        var isRooted = false
        if isPlain, !isOptional, let base = operand.qualifiedName {
            qualified = "\(base.name).\(field)"
            isRooted = base.isRooted
        }
        let selection = CELNode.Selection(
            operand: operand, field: field, isOptional: isOptional, isTest: false, qualifiedName: qualified, isRooted: isRooted)
        return try make(.select(selection), span)
    }

    private mutating func index(_ operand: CELNode) throws(CELSyntaxError) -> CELNode {
        let opened = token.span
        try advance()
        let isOptional = try take(.question)
        let key = try expression()
        let end = token.span.upperBound
        try expectClosing(.closeBracket, opened: opened)
        return try make(.index(operand: operand, index: key, isOptional: isOptional), operand.span.lowerBound..<end)
    }

    /// The arguments of a call whose name was just read, the call itself, or the macro that it is.
    private mutating func call(
        _ name: String, target: CELNode?, nameSpan: Range<Int>, from start: Int
    ) throws(CELSyntaxError) -> CELNode {
        let opened = token.span
        try advance()
        var arguments: [CELNode] = []
        while !isSymbol(.closeParenthesis) {
            arguments.append(try expression())
            guard try take(.comma) else { break }
        }
        let span = start..<token.span.upperBound
        try expectClosing(.closeParenthesis, opened: opened)
        if let macro = try macro(name, target: target, arguments: arguments, nameSpan: nameSpan, span: span) { return macro }
        if let base = target?.qualifiedName, let function = CELFunction(rawValue: "\(base.name).\(name)") {
            return try make(
                .call(
                    CELCall(
                        name: function.rawValue, function: function, target: nil, arguments: arguments,
                        nameSpan: start..<nameSpan.upperBound)), span)
        }
        let function = CELFunction(rawValue: name)
        return try make(
            .call(CELCall(name: name, function: function, target: target, arguments: arguments, nameSpan: nameSpan)), span)
    }

    private mutating func list() throws(CELSyntaxError) -> CELNode {
        let opened = token.span
        try advance()
        var elements: [CELListElement] = []
        while !isSymbol(.closeBracket) {
            let isOptional = try take(.question)
            elements.append(CELListElement(value: try expression(), isOptional: isOptional))
            guard try take(.comma) else { break }
        }
        let span = opened.lowerBound..<token.span.upperBound
        try expectClosing(.closeBracket, opened: opened)
        return try make(.list(elements), span)
    }

    private mutating func map() throws(CELSyntaxError) -> CELNode {
        let opened = token.span
        try advance()
        var elements: [CELMapElement] = []
        while !isSymbol(.closeBrace) {
            let isOptional = try take(.question)
            let key = try expression()
            guard try take(.colon) else {
                throw CELSyntaxError("expected `:` between a map's key and its value", span: token.span)
            }
            elements.append(CELMapElement(key: key, value: try expression(), isOptional: isOptional))
            guard try take(.comma) else { break }
        }
        let span = opened.lowerBound..<token.span.upperBound
        try expectClosing(.closeBrace, opened: opened)
        return try make(.map(elements), span)
    }

    func isSymbol(_ wanted: CELSymbol) -> Bool {
        if case .symbol(let symbol) = token.kind { return symbol == wanted }
        return false
    }

    static let reservedWords: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "package",
        "namespace",
        "return", "var", "void", "while",
    ]
}

extension CELNode {
    /// The chain of names that this node is, with its leading dot apart; `nil` for anything else.
    var qualifiedName: (name: String, isRooted: Bool)? {
        switch kind {
        case .identifier(let name, let isRooted): (name, isRooted)
        case .select(let selection): selection.qualifiedName.map { ($0, selection.isRooted) }
        default: nil
        }
    }

    var isIndex: Bool {
        if case .index = kind { return true }
        return false
    }
}
