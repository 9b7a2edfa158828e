/// Why a text is not an expression.
package struct CELSyntaxError: Error, Sendable, Hashable {
    /// What is wrong, on one line.
    package var message: String
    /// What to write instead, when that is known.
    package var hint: String?
    /// The part that is meant, in UTF-8 bytes from the beginning of the expression.
    package var span: Range<Int>
    /// Whether the expression is too large rather than malformed.
    package var isTooLarge: Bool

    package init(_ message: String, hint: String? = nil, span: Range<Int>, isTooLarge: Bool = false) {
        self.message = message
        self.hint = hint
        self.span = span
        self.isTooLarge = isTooLarge
    }
}
