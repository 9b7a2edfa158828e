/// Why an expression has no value.
///
/// Carries names and types, never a value of the event: failures reach logs and chats.
package struct EvaluationFailure: Error, Sendable, Hashable {
    /// What kind of failure it is.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A key or list element is not there. In a rule's condition this is `missing`: not matched, and shown.
        case missing
        /// A value is of a type that can not be used there.
        case type
        /// No operator or function of that name takes these types.
        case noSuchOverload = "no_such_overload"
        /// A result does not fit its type, among them dates outside the years 1 to 9999.
        case overflow
        /// A division or remainder by zero.
        case divisionByZero = "division_by_zero"
        /// A text can not be converted: a number, date, span, pattern, time zone or encoding.
        case invalidValue = "invalid_value"
        /// A name is not known.
        case unknownName = "unknown_name"
        /// The expression needs more work or memory than it may have; nothing absorbs this.
        case cost
    }

    /// What kind of failure it is; ``Kind/missing`` is the one that is no mistake.
    package var kind: Kind
    /// What happened, on one line.
    package var message: String
    /// For `missing`, the path that is not there, such as `event.labels.env`.
    package var path: String?
    /// Where in the expression's text it happened, in UTF-8 bytes from its beginning.
    package var offset: Int?

    /// A failure without a place; the evaluator adds it.
    package init(_ kind: Kind, _ message: String, path: String? = nil, offset: Int? = nil) {
        self.kind = kind
        self.message = message
        self.path = path
        self.offset = offset
    }

    /// Of two failures of `&&`, `||` or a list of conditions, the one that is reported, whatever their order: the cost limit,
    /// then any other error, then a missing key; the first of two of one rank.
    static func graver(_ first: EvaluationFailure?, _ second: EvaluationFailure) -> EvaluationFailure {
        guard let first else { return second }
        return second.rank > first.rank ? second : first
    }

    private var rank: Int {
        switch kind {
        case .missing: 0
        case .cost: 2
        default: 1
        }
    }
}
