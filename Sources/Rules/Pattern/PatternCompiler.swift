/// A pattern as a tree.
indirect enum PatternTree: Sendable {
    case empty
    case take(PatternClass)
    case assert(Pattern.Assertion)
    case sequence([PatternTree])
    case choice([PatternTree])
    /// `max` is `nil` for no upper bound.
    case repetition(PatternTree, min: Int, max: Int?)
}

/// Turns a tree into a program (Thompson's construction).
struct PatternCompiler {
    private(set) var program: [Pattern.Instruction] = []
    /// Parts emitted so far: a repetition of nothing adds no instruction, yet has to end too.
    private var emitted = 0

    mutating func append(_ instruction: Pattern.Instruction) throws(PatternError) {
        guard program.count < Pattern.maxInstructions else { throw PatternError("the pattern grows too large") }
        program.append(instruction)
    }

    mutating func emit(_ tree: PatternTree) throws(PatternError) {
        emitted += 1
        guard emitted <= 4 * Pattern.maxInstructions else { throw PatternError("the pattern grows too large") }
        switch tree {
        case .empty: break
        case .take(let set): try append(.take(set))
        case .assert(let assertion): try append(.assert(assertion))
        case .sequence(let parts):
            for part in parts { try emit(part) }
        case .choice(let branches): try emit(choice: branches[...])
        case .repetition(let body, let min, let max):
            for _ in 0..<min { try emit(body) }
            guard let max else { return try emit(loop: body) }
            try emit(optional: body, times: max - min)
        }
    }

    private mutating func emit(choice branches: ArraySlice<PatternTree>) throws(PatternError) {
        var jumps: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                try emit(branch)
                break
            }
            let split = program.count
            try append(.split(0, 0))
            try emit(branch)
            jumps.append(program.count)
            try append(.jump(0))
            program[split] = .split(split + 1, program.count)
        }
        for jump in jumps { program[jump] = .jump(program.count) }
    }

    private mutating func emit(loop body: PatternTree) throws(PatternError) {
        let split = program.count
        try append(.split(0, 0))
        try emit(body)
        try append(.jump(split))
        program[split] = .split(split + 1, program.count)
    }

    private mutating func emit(optional body: PatternTree, times: Int) throws(PatternError) {
        var splits: [Int] = []
        for _ in 0..<times {
            splits.append(program.count)
            try append(.split(0, 0))
            try emit(body)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }
}
