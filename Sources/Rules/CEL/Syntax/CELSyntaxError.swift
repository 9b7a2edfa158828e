/// Why a text is not an expression.
struct CELSyntaxError: Error, Sendable, Hashable {
    /// What is wrong, on one line.
    var message: String
    /// What to write instead, when that is known.
    var hint: String?
    /// The part that is meant, in UTF-8 bytes from the beginning of the expression.
    var span: Range<Int>
    /// Whether the expression is too large rather than malformed.
    var isTooLarge: Bool

    init(_ message: String, hint: String? = nil, span: Range<Int>, isTooLarge: Bool = false) {
        self.message = message
        self.hint = hint
        self.span = span
        self.isTooLarge = isTooLarge
    }
}
