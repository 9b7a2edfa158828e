/// A condition that has to hold for a rule to match, in a form that can be looked up: a rule whose access predicate does not hold
/// need not be evaluated, since `&&` is false when one side is false and never true when one side fails.
struct AccessPredicate: Sendable {
    enum Test: Sendable {
        /// The value is equal to one of these.
        case keys([IndexKey])
        /// The value is a text that begins so.
        case prefix([UInt8])
        /// The value is a number in this closed range. Bounds are rounded outwards: the condition itself is evaluated anyway.
        case range(low: Double, high: Double)
        /// There is a value.
        case present
    }

    /// The place of the event that is looked at.
    let place: Int32
    let test: Test
    /// The path as the rule writes it, for messages.
    let path: String
    /// Whether the rule is missing a key, rather than false, where the place has no value.
    let isMissingWhenAbsent: Bool
    /// Whether the test holds if, and only if, the condition is true.
    var isExact = true
    /// The condition that is nothing but this predicate, by its position; `nil` when the predicate is a part of one.
    var condition: Int?
}
