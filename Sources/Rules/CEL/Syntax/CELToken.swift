/// One word or mark of an expression.
struct CELToken: Sendable {
    enum Kind: Sendable {
        case identifier(String)
        /// A field name in backquotes.
        case quotedIdentifier(String)
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(CELSymbol)
        case end
    }

    var kind: Kind
    /// In UTF-8 bytes from the beginning of the expression.
    var span: Range<Int>
}

/// The marks of the language; longer ones come first, so that `<=` is not read as `<` and `=`.
enum CELSymbol: String, Sendable, CaseIterable {
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case and = "&&"
    case or = "||"
    case less = "<"
    case greater = ">"
    case not = "!"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divide = "/"
    case remainder = "%"
    case question = "?"
    case colon = ":"
    case comma = ","
    case dot = "."
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case openBrace = "{"
    case closeBrace = "}"
}
