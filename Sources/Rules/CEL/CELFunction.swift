/// The functions of the language, macros aside.
///
/// Names and meanings: cel-spec, "List of Standard Definitions"; optionals: cel-spec, optional types extension.
enum CELFunction: String, Sendable, CaseIterable {
    // Conversions
    case bool, bytes, double, duration, dyn, int, string, timestamp, type, uint
    // Texts and sizes
    case size, startsWith, endsWith, contains, matches
    // Parts of instants and spans
    case getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear
    case getHours, getMinutes, getSeconds, getMilliseconds
    // Optionals
    case optionalOf = "optional.of"
    case optionalNone = "optional.none"
    case optionalOfNonZeroValue = "optional.ofNonZeroValue"
    case hasValue, value, orValue, or

    /// How many arguments it takes when called as `name(…)`; `nil` when it is not called so.
    var globalArity: ClosedRange<Int>? {
        switch self {
        case .bool, .bytes, .double, .duration, .dyn, .int, .string, .timestamp, .type, .uint, .size: 1...1
        case .matches: 2...2
        case .optionalOf, .optionalOfNonZeroValue: 1...1
        case .optionalNone: 0...0
        default: nil
        }
    }

    /// How many arguments it takes when called as `x.name(…)`; `nil` when it is not called so.
    var memberArity: ClosedRange<Int>? {
        switch self {
        case .size, .hasValue, .value: 0...0
        case .startsWith, .endsWith, .contains, .matches, .orValue, .or: 1...1
        case .getFullYear, .getMonth, .getDate, .getDayOfMonth, .getDayOfWeek, .getDayOfYear: 0...1
        case .getHours, .getMinutes, .getSeconds, .getMilliseconds: 0...1
        default: nil
        }
    }
}
