/// Counts the work of one evaluation and stops it at a limit.
///
/// Deterministic: the same expression over the same event costs the same everywhere, so that a replay gives the same answer.
/// One unit is about one step of the evaluator; ten bytes of text are one unit.
struct CELMeter: Sendable {
    /// The work that one expression may take, in units. 100,000 units are a few milliseconds.
    static let defaultLimit = 100_000
    /// The longest text and byte string that an expression may make, in bytes.
    static let maxTextBytes = 65_536
    /// The longest list or map that an expression may make, in elements.
    static let maxElements = 10_000
    /// All that one evaluation may make, in bytes; an element counts 16.
    static let maxMemory = 1_048_576

    /// In tenths of a unit.
    private var spentTenths = 0
    private let limitTenths: Int
    private var memory = 0

    init(limit: Int = CELMeter.defaultLimit) {
        limitTenths = min(max(0, limit), 1_000_000_000) * 10
    }

    /// The work so far in units, rounded up.
    var spent: Int { (spentTenths + 9) / 10 }

    mutating func charge(units: Int) throws(EvaluationFailure) {
        try charge(tenths: units * 10)
    }

    /// For reading that much text.
    mutating func charge(bytes: Int) throws(EvaluationFailure) {
        try charge(tenths: bytes)
    }

    /// For making a text of that length.
    mutating func allocate(text bytes: Int) throws(EvaluationFailure) {
        guard bytes <= Self.maxTextBytes else { throw Self.textTooLong }
        try charge(tenths: bytes)
        try allocate(memory: bytes)
    }

    static let textTooLong = EvaluationFailure(.cost, "the expression makes a text longer than \(maxTextBytes) bytes")

    /// For making a list or map of that many elements.
    mutating func allocate(elements count: Int) throws(EvaluationFailure) {
        try Self.check(elements: count)
        try charge(tenths: count)
        try allocate(memory: count * 16)
    }

    /// Refuses a list or map that is being made and has too many elements already.
    static func check(elements count: Int) throws(EvaluationFailure) {
        guard count <= maxElements else {
            throw EvaluationFailure(.cost, "the expression makes a list or map of more than \(maxElements) elements")
        }
    }

    private mutating func allocate(memory bytes: Int) throws(EvaluationFailure) {
        memory += bytes
        guard memory <= Self.maxMemory else {
            throw EvaluationFailure(.cost, "the expression makes values of more than \(Self.maxMemory) bytes")
        }
    }

    private mutating func charge(tenths: Int) throws(EvaluationFailure) {
        let (sum, overflow) = spentTenths.addingReportingOverflow(tenths)
        spentTenths = overflow ? .max : sum
        guard spentTenths <= limitTenths else {
            spentTenths = limitTenths
            throw EvaluationFailure(.cost, "the expression needs more than \(limitTenths / 10) cost units")
        }
    }
}
