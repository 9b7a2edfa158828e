import JSON

/// Runs programs. Holds registers that are used again and again; not shared between threads.
///
/// The same program over the same event gives the same value, failure and cost as the tree evaluator gives for the expression.
struct ProgramMachine: ~Copyable {
    let store: ProgramStore
    let registers: UnsafeMutablePointer<Register>
    /// Beside each register, the value of a boxed one.
    var boxes: [CELValue]
    let slots: UnsafeMutablePointer<JSONSlot>
    /// The store's, which lives as long as the machine.
    let code: UnsafeMutablePointer<Instruction>
    let constants: UnsafeMutablePointer<Register>
    let starts: UnsafeMutablePointer<Int32>
    let links: UnsafeMutablePointer<PathLink>
    /// The reading whose slots count.
    var reading: UInt32 = 0
    var reader: (any SlotReader)?
    var variables: any CELVariables
    /// The conditions of every rule, and the rule whose conditions run.
    let rules: ConditionTable
    let codes: UnsafeMutablePointer<RuleCode>
    let conditions: UnsafeMutablePointer<RuleCondition>
    var rule = 0
    /// What shared conditions have said, by program.
    let answers: UnsafeMutablePointer<RememberedAnswer>
    var containers: [String] = [""]
    var meter = CELMeter()
    var loops: [LoopFrame]
    /// Failures that chains remember.
    var remembered: [EvaluationFailure] = []
    /// Why the program failed: a path that is not there, else ``failed``.
    var missingPath: Int32 = -1
    var failed: EvaluationFailure?
    var failedOffset: UInt16 = 0
    /// Whether any box or loop holds a value.
    var isDirty = false

    init(store: ProgramStore, slots: UnsafeMutablePointer<JSONSlot>, rules: ConditionTable) {
        self.store = store
        self.slots = slots
        code = store.code
        constants = store.constants
        starts = store.starts
        links = store.links
        registers = .allocate(capacity: store.maxRegisters)
        registers.initialize(repeating: Register(.null), count: store.maxRegisters)
        boxes = Array(repeating: .null, count: store.maxRegisters)
        loops = Array(repeating: LoopFrame(), count: store.maxLoops)
        variables = CELVariableTable()
        self.rules = rules
        codes = rules.codes
        conditions = rules.conditions
        answers = .allocate(capacity: max(store.programs.count, 1))
        answers.initialize(repeating: RememberedAnswer(reading: 0, cost: 0, holds: false), count: store.programs.count)
    }

    deinit {
        registers.deallocate()
        answers.deallocate()
    }

    /// Runs a program within a limit, in units.
    ///
    /// - Returns: whether it came to its end; else ``failure`` tells why.
    mutating func run(_ number: Int32, limit: Int) -> Bool {
        meter = CELMeter(limit: limit)
        missingPath = -1
        failed = nil
        let code = self.code + Int(starts[Int(number)])
        var position = 0
        while true {
            let instruction = code[position]
            guard meter.spend(tenths: Int(instruction.tenths)) else {
                _ = fail(meter.exceeded, instruction)
                return false
            }
            if instruction.operation == .end { return true }
            let target = step(instruction, position)
            if target >= 0 {
                position = target
            } else if let resume = absorb(position, number) {
                position = resume
            } else {
                return false
            }
        }
    }

    /// Does one step.
    ///
    /// - Returns: where the program goes on; -1 when the step failed.
    @inline(__always)
    private mutating func step(_ instruction: Instruction, _ position: Int) -> Int {
        let dest = Int(instruction.dest)
        switch instruction.operation {
        case .comparePath: return comparePath(instruction) ? position + 1 : -1
        case .loadPath: return loadPath(instruction) ? position + 1 : -1
        case .decide:
            let value = registers[Int(instruction.a)]
            guard value.kind == .bool, !value.isOptional else { return decideFailed(instruction) }
            guard value.bits == UInt64(instruction.flag & 1) else { return position + 1 }
            registers[dest] = value
            return Int(instruction.b)
        case .clear:
            registers[dest] = Register(.null)
            return position + 1
        case .settle:
            guard registers[dest].kind == .failure else {
                registers[dest] = .bool(instruction.flag & 1 == 0)
                return position + 1
            }
            return recall(registers[dest])
        case .jump: return Int(instruction.b)
        case .not:
            guard registers[dest].kind == .bool, !registers[dest].isOptional else {
                return generic(instruction) ? position + 1 : -1
            }
            registers[dest].bits ^= 1
            return position + 1
        case .branch:
            guard registers[dest].kind == .bool, !registers[dest].isOptional else {
                return fail(
                    EvaluationFailure(.noSuchOverload, "the condition before `?` is not true or false"), instruction)
            }
            return registers[dest].bits == 1 ? position + 1 : Int(instruction.b)
        case .inConstants: return inConstants(instruction) ? position + 1 : -1
        case .binary: return binary(instruction) ? position + 1 : -1
        case .call: return call(instruction) ? position + 1 : -1
        case .tryName: return tryName(instruction) ? Int(instruction.b) : position + 1
        case .alternative: return hasAlternative(instruction) ? Int(instruction.b) : position + 1
        case .loopNext: return loopNext(instruction) ? position + 1 : Int(instruction.b)
        case .loopTest:
            let value = registers[dest]
            guard value.kind == .bool, !value.isOptional else { return loopTestFailed(instruction) }
            return value.bits == 1 ? position + 1 : Int(instruction.b)
        case .bindOptional: return bindOptional(instruction, position)
        default: return generic(instruction) ? position + 1 : -1
        }
    }

    // MARK: - Failures

    /// Notes a failure; -1, for whoever says where the program goes on.
    mutating func fail(_ failure: EvaluationFailure, _ instruction: Instruction) -> Int {
        missingPath = -1
        failed = failure
        failedOffset = instruction.offset
        return -1
    }

    /// Why the program failed.
    var failure: EvaluationFailure {
        var failure: EvaluationFailure
        if missingPath >= 0 {
            failure = store.writtenPaths[Int(missingPath)].missing
        } else {
            failure = failed ?? EvaluationFailure(.invalidValue, "the expression has no value")
        }
        if failure.offset == nil { failure.offset = Int(failedOffset) }
        return failure
    }

    /// Remembers the failure of a step within a chain; `nil` when nothing absorbs it.
    private mutating func absorb(_ position: Int, _ number: Int32) -> Int? {
        if missingPath < 0, failed?.kind == .cost { return nil }
        let program = store.programs[Int(number)]
        for index in Int(program.firstRange)..<Int(program.endOfRanges) where store.ranges[index].contains(position) {
            let range = store.ranges[index]
            remember(in: Int(range.register))
            missingPath = -1
            failed = nil
            return Int(range.resume)
        }
        return nil
    }

    /// Keeps the graver of what the register remembers and the present failure.
    private mutating func remember(in register: Int) {
        let rank: UInt32 = missingPath >= 0 ? 0 : UInt32((failed ?? failure).rank)
        if registers[register].kind == .failure, registers[register].count >= rank { return }
        if missingPath >= 0 {
            registers[register] = Register(
                .failure, bits: UInt64(missingPath) << 16 | UInt64(failedOffset), count: rank)
        } else {
            remembered.append(failure)
            registers[register] = Register(.failure, bits: UInt64(remembered.count - 1), count: rank)
            registers[register].isOptional = true
            isDirty = true
        }
    }

    /// Fails again with what a register remembers.
    private mutating func recall(_ register: Register) -> Int {
        if register.isOptional {
            missingPath = -1
            failed = remembered[Int(register.bits)]
        } else {
            missingPath = Int32(truncatingIfNeeded: register.bits >> 16)
            failedOffset = UInt16(truncatingIfNeeded: register.bits)
        }
        return -1
    }

    // MARK: - Values

    /// The value of a register.
    func value(_ register: Int) -> CELValue {
        value(registers[register], boxed: register)
    }

    func value(_ register: Register, boxed box: Int) -> CELValue {
        let plain: CELValue
        switch register.kind {
        case .null, .omitted, .failure: plain = .null
        case .bool: plain = .bool(register.bits == 1)
        case .int: plain = .int(register.int)
        case .uint: plain = .uint(register.bits)
        case .double: plain = .double(register.double)
        case .text: plain = .string(String(decoding: register.text, as: UTF8.self))
        case .array, .object:
            let kind: JSONSlot.Kind = register.kind == .array ? .array : .object
            plain = reader?.value(of: JSONSlot(kind: kind, bits: register.bits, reading: reading)) ?? .null
        case .boxed: plain = boxes[box]
        case .nothing: return .optional(nil)
        }
        return register.isOptional ? .optional(plain) : plain
    }

    /// Puts a value into a register: its bits where it has no heap, else the box.
    mutating func set(_ register: Int, _ value: CELValue) {
        switch value {
        case .null: registers[register] = Register(.null)
        case .bool(let flag): registers[register] = .bool(flag)
        case .int(let number): registers[register] = Register(.int, bits: UInt64(bitPattern: number))
        case .uint(let number): registers[register] = Register(.uint, bits: number)
        case .double(let number): registers[register] = Register(.double, bits: number.bitPattern)
        case .optional(nil): registers[register] = Register(.nothing)
        default:
            boxes[register] = value
            registers[register] = Register(.boxed)
            isDirty = true
        }
    }

    /// Lets go of what runs have left in boxes and loops.
    mutating func clean() {
        guard isDirty else { return }
        isDirty = false
        for index in boxes.indices { boxes[index] = .null }
        for index in loops.indices { loops[index] = LoopFrame() }
        remembered.removeAll(keepingCapacity: true)
        variables = CELVariableTable()
    }
}

/// The state of a loop.
struct LoopFrame {
    /// What is walked; a map's keys, with their values beside them when the macro has two variables.
    var items: [CELValue] = []
    var values: [CELValue] = []
    /// The element that is next.
    var next = 0
    var isMap = false
    var count = 0
    var kept: [CELValue] = []
    var entries: [(key: CELValue, value: CELValue)] = []
}
