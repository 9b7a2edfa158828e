/// How expressions are compiled.
struct ProgramOptions {
    /// What is known at load.
    enum Fault: Sendable {
        case none
        /// A failure on the left of `&&` is forgotten when the right side is true.
        case forgetsFailures
        /// A constant `<=` is folded as `<`.
        case foldsOffByOne
    }

    /// Whether parts that are constant are evaluated at load.
    var foldsConstants = true
    /// The name whose parts come from slots; without one, all names are looked up while the program runs.
    var eventName: String?
    /// Names whose values are known at load, such as `vars`.
    var constants: [String: CELValue] = [:]
    var zones: CELTimeZones = .fixedOffsetsOnly
    /// A seeded fault, for tests that prove that a comparison finds one.
    var fault: Fault = .none
}
