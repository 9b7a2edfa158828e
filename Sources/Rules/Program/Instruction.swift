/// One step of a program.
struct Instruction: BitwiseCopyable, Hashable {
    /// What the step does; `dest`, `a`, `b`, `c` and `flag` are the instruction's fields, in `r[…]` registers.
    enum Operation: UInt8, BitwiseCopyable {
        /// r[dest] = constant a; making it takes c bytes of the memory that the expression may use.
        case constant
        /// r[dest] = r[a]
        case move
        /// r[dest] = the event's value at place a; b is the written path. flag 1: an optional; 2: whether it is there; c is then
        /// where the operand stands.
        case loadPath
        /// Compares the event's value at place a, written path b, with constant c; flag is the operator.
        case comparePath
        /// r[dest] = the value of name a.
        case loadName
        /// The same, but without a value the next instruction goes on; with one, b does.
        case tryName
        /// r[dest] = the field a of r[dest]; b is the written path. flag 1: an optional; 2: whether it is there.
        case select
        /// r[dest] = the element r[a] of r[dest]; b is the written path. flag 1: an optional.
        case index
        /// r[dest] = r[dest] op r[a]; flag is the operator.
        case binary
        /// r[dest] = whether r[dest] is among the constants of set a.
        case inConstants
        case not, negate
        /// Makes r[dest] forget what it remembers.
        case clear
        /// Ends a chain that r[a] decides: r[dest] becomes flag, b goes on. Nothing otherwise.
        case decide
        /// Ends a chain that nothing decided: what r[dest] remembers, else the opposite of flag.
        case settle
        case jump
        /// Goes on at b when r[dest] is false.
        case branch
        /// r[dest] = call a of the values from r[dest] on, b of them.
        case call
        /// `orValue` and `or`: when r[dest] has a value, it is the result, and b goes on. flag 1: `or`.
        case alternative
        /// r[dest] = r[a], which `or` (flag 1) needs to be an optional.
        case otherwise
        /// Charges for a list literal of a elements; flag 1: a map of a entries.
        case chargeLiteral
        /// Takes the value out of the optional in r[dest].
        case unwrapElement
        case checkKey
        /// r[dest] = the list of the b values from r[a] on.
        case list
        /// r[dest] = the map of the b keys and values from r[a] on.
        case map
        /// Loop a walks r[dest]; flag is the macro.
        case loopBegin
        /// r[dest] = the next element of loop a; without one, b goes on. flag 1: r[dest + 1] too.
        case loopNext
        /// Goes on at b when r[dest] is false; flag is the macro.
        case loopTest
        /// Counts in loop a.
        case loopCount
        /// Keeps r[dest] in loop a.
        case loopKeep
        /// r[dest] = what loop a has; flag is the macro.
        case loopEnd
        /// `optMap`, `optFlatMap`: r[dest + 1] = the value of the optional r[dest]; without one, b goes on. flag is the macro.
        case bindOptional
        /// r[dest] = r[a], made an optional by `optMap`; flag is the macro.
        case bindResult
        /// Failure a.
        case fail
        /// The program's result is r[0].
        case end
    }

    var operation: Operation
    var flag: UInt8
    var dest: UInt16
    var a: Int32
    var b: Int32
    var c: Int32
    /// What the step costs, in tenths of a unit: its own node of the tree and those above it that begin with it.
    var tenths: UInt32
    /// Where a failure of this step lies in the expression's text.
    var offset: UInt16
}

/// A part of a program whose failures are remembered instead of ending it.
struct AbsorbedRange: BitwiseCopyable, Hashable {
    let start: Int32
    let end: Int32
    /// Where the program goes on.
    let resume: Int32
    /// The register that remembers.
    let register: Int32

    func contains(_ position: Int) -> Bool { position >= Int(start) && position < Int(end) }
}

/// The conditions of one rule, among the conditions of all rules.
struct RuleCode: BitwiseCopyable {
    let first: Int32
    let count: Int32
    /// The condition that the index has found to be true when the rule is a candidate; -1 for none.
    var known: Int32
}

/// A condition of a rule: the number of its program, and whether what it says is remembered for the other rules that have it.
struct RuleCondition: BitwiseCopyable {
    private let bits: Int32

    init(program: Int32, isShared: Bool) {
        bits = isShared ? ~program : program
    }

    var isShared: Bool { bits < 0 }
    var program: Int32 { bits < 0 ? ~bits : bits }
}

/// What a condition has said to an event.
struct RememberedAnswer: BitwiseCopyable {
    /// The reading of the event.
    var reading: UInt32
    /// In units.
    var cost: UInt32
    var holds: Bool
}

/// One compiled expression: a part of the code of a ``ProgramStore``.
struct Program: Sendable {
    let start: Int32
    /// How many registers it needs.
    let registers: Int32
    /// Its absorbed ranges, inner ones before those around them.
    let firstRange: Int32
    let endOfRanges: Int32
    /// How many loops are inside each other.
    let loops: Int32
    /// Whether its result depends on nothing but the event: neither on other names nor on the rule's time zones.
    let isPure: Bool
}
