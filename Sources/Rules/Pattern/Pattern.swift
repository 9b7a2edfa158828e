/// A regular expression that is matched in time linear in the text (RE2's syntax, Thompson's construction, Pike's machine).
///
/// Nothing in it backtracks: the work is at most the text's length times the program's, and it is charged while it is done.
/// Case is folded by simple mappings; a match is anywhere in the text unless the pattern is anchored.
struct Pattern: Sendable {
    /// The longest pattern, in bytes.
    static let maxBytes = 512
    /// The largest program, in instructions; bounds what `{n,m}` can blow up.
    static let maxInstructions = 10_000

    /// One step of the program.
    enum Instruction: Sendable {
        /// Takes one scalar of the class.
        case take(PatternClass)
        /// Goes on at both.
        case split(Int, Int)
        case jump(Int)
        case assert(Assertion)
        case accept
    }

    /// What must hold between two scalars.
    enum Assertion: Sendable, Hashable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, notWordBoundary
    }

    let program: [Instruction]

    /// Compiles a pattern.
    ///
    /// - Throws: ``PatternError`` with what is wrong; patterns that are too long or grow too large are refused too.
    init(_ text: String) throws(PatternError) {
        guard text.utf8.count <= Self.maxBytes else { throw PatternError("the pattern is longer than \(Self.maxBytes) bytes") }
        var parser = PatternParser(text)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.emit(tree)
        try compiler.append(.accept)
        program = compiler.program
    }

    /// A program that was compiled elsewhere; it ends with `accept`.
    init(program: [Instruction]) {
        self.program = program
    }

    /// Whether the pattern matches anywhere in the text.
    func matches(_ text: String, meter: inout CELMeter) throws(EvaluationFailure) -> Bool {
        var machine = PatternMachine(program: program)
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            machine.enter(0, between: previous, and: scalar)
            if machine.hasAccepted { return true }
            try meter.charge(bytes: machine.work)
            machine.step(over: scalar)
            machine.settle()
            previous = scalar
        }
        machine.enter(0, between: previous, and: nil)
        try meter.charge(bytes: machine.work)
        return machine.hasAccepted
    }
}

/// Why a text is not a pattern.
struct PatternError: Error, Sendable, Hashable {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// All ways through the program at once: a set of places, so that no place is ever tried twice for one scalar.
private struct PatternMachine {
    private let program: [Pattern.Instruction]
    /// Instructions that take a scalar and are waited at.
    private var waiting: [Int] = []
    /// Where the last scalar led; entered when the next one is known, since assertions look at both sides.
    private var arrived: [Int] = []
    /// For every instruction the round in which it was last entered.
    private var marks: [Int]
    private var round = 1
    private(set) var hasAccepted = false
    /// Instructions touched since the last step, for the meter.
    private(set) var work = 0
    private var stack: [Int] = []

    init(program: [Pattern.Instruction]) {
        self.program = program
        marks = [Int](repeating: 0, count: program.count)
    }

    /// Goes on from all places that the last scalar led to, and begins anew at `start`.
    mutating func enter(_ start: Int, between previous: Unicode.Scalar?, and next: Unicode.Scalar?) {
        work = 1
        waiting.removeAll(keepingCapacity: true)
        for place in arrived { follow(place, previous, next) }
        follow(start, previous, next)
    }

    /// Takes one scalar wherever it is waited for.
    mutating func step(over scalar: Unicode.Scalar) {
        arrived.removeAll(keepingCapacity: true)
        for place in waiting {
            if case .take(let set) = program[place], set.contains(scalar) { arrived.append(place + 1) }
        }
    }

    /// Begins the next round.
    mutating func settle() {
        round += 1
    }

    private mutating func follow(_ place: Int, _ previous: Unicode.Scalar?, _ next: Unicode.Scalar?) {
        stack.append(place)
        while let place = stack.popLast() {
            guard marks[place] != round else { continue }
            marks[place] = round
            work += 1
            switch program[place] {
            case .take: waiting.append(place)
            case .jump(let target): stack.append(target)
            case .split(let first, let second):
                stack.append(second)
                stack.append(first)
            case .assert(let assertion):
                if Self.holds(assertion, previous, next) { stack.append(place + 1) }
            case .accept: hasAccepted = true
            }
        }
    }

    private static func holds(_ assertion: Pattern.Assertion, _ previous: Unicode.Scalar?, _ next: Unicode.Scalar?) -> Bool {
        switch assertion {
        case .textStart: previous == nil
        case .textEnd: next == nil
        case .lineStart: previous == nil || previous == "\n"
        case .lineEnd: next == nil || next == "\n"
        case .wordBoundary: isWord(previous) != isWord(next)
        case .notWordBoundary: isWord(previous) == isWord(next)
        }
    }

    private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return PatternClass.word.contains(scalar)
    }
}
