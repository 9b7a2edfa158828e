/// Turns an expression's tree into code that gives the same value, the same failure and the same cost.
///
/// A node's cost is charged by the first instruction that its evaluation begins with, as the tree evaluator charges on the way
/// down: so both reach the limit in the same place.
struct ProgramCompiler {
    let options: ProgramOptions
    let store: ProgramStoreBuilder
    var code: [Instruction] = []
    var ranges: [AbsorbedRange] = []
    /// Charged by the next instruction, in tenths of a unit.
    var pendingTenths = 0
    /// Names that macros bind, innermost last, and the registers of their values.
    var locals: [(name: String, register: Int)] = []
    private var registers = 1
    private var loops = 0
    /// How many loops are around the present node.
    private var loopDepth = 0

    init(_ store: ProgramStoreBuilder, _ options: ProgramOptions) {
        self.store = store
        self.options = options
    }

    /// Adds an expression to a store.
    ///
    /// - Returns: the number of its program; expressions that are alike in everything have one.
    static func compile(_ expression: CELExpression, into store: ProgramStoreBuilder, _ options: ProgramOptions) -> Int32 {
        var compiler = ProgramCompiler(store, options)
        compiler.compile(expression.root, to: 0)
        compiler.emit(.end, at: expression.root)
        return store.add(compiler.code, ranges: compiler.ranges, registers: compiler.registers, loops: compiler.loops)
    }

    // MARK: - Emitting

    @discardableResult
    mutating func emit(
        _ operation: Instruction.Operation, flag: Int = 0, to dest: Int = 0, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0,
        at node: CELNode
    ) -> Int {
        code.append(
            Instruction(
                operation: operation, flag: UInt8(truncatingIfNeeded: flag), dest: UInt16(truncatingIfNeeded: dest),
                a: Int32(truncatingIfNeeded: a), b: Int32(truncatingIfNeeded: b), c: Int32(truncatingIfNeeded: c),
                tenths: UInt32(pendingTenths), offset: UInt16(truncatingIfNeeded: node.span.lowerBound)))
        pendingTenths = 0
        registers = max(registers, dest + 1)
        return code.count - 1
    }

    /// The position of the next instruction.
    var here: Int { code.count }

    /// Lets a jump that was emitted before lead to the next instruction.
    mutating func land(_ jump: Int) {
        code[jump].b = Int32(here)
    }

    /// Reserves registers up to that one.
    mutating func use(_ register: Int) {
        registers = max(registers, register + 1)
    }

    // MARK: - Nodes

    mutating func compile(_ node: CELNode, to dest: Int) {
        if emitConstant(node, to: dest) || emitPath(node, to: dest) { return }
        pendingTenths += 10
        switch node.kind {
        case .literal(let value): emit(.constant, to: dest, Int(store.constant(value)), at: node)
        case .identifier(let name, let isRooted): compileName(name, isRooted, node, to: dest)
        case .select(let selection): compileSelection(selection, node, to: dest)
        case .index(let operand, let index, let isOptional):
            compile(operand, to: dest)
            compile(index, to: dest + 1)
            let path = isOptional ? nil : node.path
            emit(.index, flag: isOptional ? 1 : 0, to: dest, dest + 1, Int(store.field("", path: path)), at: node)
        case .call(let call): compileCall(call, node, to: dest)
        case .list(let elements): compileList(elements, node, to: dest)
        case .map(let elements): compileMap(elements, node, to: dest)
        case .conditional(let condition, let then, let otherwise):
            compile(condition, to: dest)
            let branch = emit(.branch, to: dest, at: node)
            compile(then, to: dest)
            let jump = emit(.jump, at: node)
            land(branch)
            compile(otherwise, to: dest)
            land(jump)
        case .and(let operands): compileChain(operands, deciding: false, node, to: dest)
        case .or(let operands): compileChain(operands, deciding: true, node, to: dest)
        case .not(let operand):
            compile(operand, to: dest)
            emit(.not, to: dest, at: node)
        case .negate(let operand):
            compile(operand, to: dest)
            emit(.negate, to: dest, at: node)
        case .binary(let name, let left, let right): compileBinary(name, left, right, node, to: dest)
        case .comprehension(let loop): compileLoop(loop, node, to: dest)
        case .binding(let binding):
            compile(binding.value, to: dest + 1)
            locals.append((binding.name, dest + 1))
            compile(binding.body, to: dest + 2)
            locals.removeLast()
            emit(.move, to: dest, dest + 2, at: node)
        }
    }

    /// `&&` and `||`: each operand's failures are remembered in the result's register.
    private mutating func compileChain(_ operands: [CELNode], deciding: Bool, _ node: CELNode, to dest: Int) {
        emit(.clear, to: dest, at: node)
        var jumps: [Int] = []
        for operand in operands {
            let start = here
            compile(operand, to: dest + 1)
            jumps.append(emit(.decide, flag: deciding ? 1 : 0, to: dest, dest + 1, at: operand))
            absorb(from: start, into: dest)
        }
        if options.fault == .forgetsFailures, !deciding { emit(.clear, to: dest, at: node) }
        emit(.settle, flag: deciding ? 1 : 0, to: dest, at: node)
        for jump in jumps { land(jump) }
    }

    /// Failures of the code from `start` on are remembered in a register, and the program goes on behind it.
    private mutating func absorb(from start: Int, into register: Int) {
        ranges.append(
            AbsorbedRange(start: Int32(start), end: Int32(here), resume: Int32(here), register: Int32(register)))
    }

    private mutating func compileBinary(_ name: CELOperator, _ left: CELNode, _ right: CELNode, _ node: CELNode, to dest: Int) {
        let flag = Int(name.number)
        if name == .in, let (set, tenths) = constantSet(right) {
            compile(left, to: dest)
            pendingTenths += tenths
            emit(.inConstants, to: dest, set, at: node)
            return
        }
        if let path = path(of: left), left.span.lowerBound == node.span.lowerBound, name != .in,
            let constant = constant(right), constant.memory == 0, constant.tenths % 10 == 0, constant.tenths <= 150
        {
            let index = Int(store.constant(constant.value))
            if store.constants[index].isPlain {
                pendingTenths += path.tenths + constant.tenths
                let place = Int(store.writtenPaths[path.index].place)
                // The right side's cost is told apart: it is not charged when the left one fails.
                emit(.comparePath, flag: flag | (constant.tenths / 10) << 4, to: dest, place, path.index, index, at: node)
                return
            }
        }
        compile(left, to: dest)
        compile(right, to: dest + 1)
        emit(.binary, flag: flag, to: dest, dest + 1, at: node)
    }

    // MARK: - Loops

    private mutating func compileLoop(_ loop: CELComprehension, _ node: CELNode, to dest: Int) {
        compile(loop.range, to: dest)
        let flag = Int(loop.macro.number)
        if loop.macro.bindsOptional { return compileBinding(loop, flag, node, to: dest) }
        let depth = loopDepth
        loopDepth += 1
        loops = max(loops, loopDepth)
        emit(.loopBegin, flag: flag | (loop.secondVariable == nil ? 0 : 0x80), to: dest, depth, at: node)
        locals.append((loop.variable, dest + 1))
        if let second = loop.secondVariable { locals.append((second, dest + 2)) }
        use(dest + 2)
        let start = here
        let next = emit(.loopNext, flag: loop.secondVariable == nil ? 0 : 1, to: dest + 1, depth, at: node)
        switch loop.macro {
        case .all, .exists: compileQuantifier(loop, start, next, node, to: dest)
        default:
            if let condition = loop.condition {
                compile(condition, to: dest + 3)
                let test = emit(.loopTest, flag: flag, to: dest + 3, at: condition)
                code[test].b = Int32(start)
            }
            if loop.macro == .existsOne {
                emit(.loopCount, depth, at: node)
            } else if let result = loop.result {
                compile(result, to: dest + 3)
                emit(.loopKeep, flag: flag, to: dest + 3, depth, dest + 1, at: node)
            } else {
                emit(.loopKeep, flag: flag, to: dest + 1, depth, dest + 1, at: node)
            }
            emit(.jump, 0, start, at: node)
            land(next)
            emit(.loopEnd, flag: flag, to: dest, depth, at: node)
        }
        locals.removeLast(loop.secondVariable == nil ? 1 : 2)
        loopDepth -= 1
    }

    private mutating func compileQuantifier(
        _ loop: CELComprehension, _ start: Int, _ next: Int, _ node: CELNode, to dest: Int
    ) {
        guard let condition = loop.condition else { return }
        let deciding = loop.macro == .exists ? 1 : 0
        let body = here
        compile(condition, to: dest + 3)
        let decide = emit(.decide, flag: deciding | 2 | Int(loop.macro.number) << 2, to: dest, dest + 3, at: condition)
        absorb(from: body, into: dest)
        emit(.jump, 0, start, at: node)
        land(next)
        emit(.settle, flag: deciding, to: dest, at: node)
        land(decide)
    }

    private mutating func compileBinding(_ loop: CELComprehension, _ flag: Int, _ node: CELNode, to dest: Int) {
        use(dest + 1)
        let bind = emit(.bindOptional, flag: flag, to: dest, at: node)
        guard let result = loop.result else { return }
        locals.append((loop.variable, dest + 1))
        compile(result, to: dest + 2)
        locals.removeLast()
        emit(.bindResult, flag: flag, to: dest, dest + 2, at: node)
        land(bind)
    }
}

extension CELOperator {
    /// Its number in instructions.
    var number: UInt8 {
        UInt8(truncatingIfNeeded: Self.allCases.firstIndex(of: self) ?? 0)
    }
}

extension CELComprehension.Macro {
    /// Its number in instructions.
    var number: UInt8 {
        UInt8(truncatingIfNeeded: Self.allCases.firstIndex(of: self) ?? 0)
    }
}
