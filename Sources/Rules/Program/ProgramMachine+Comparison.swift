import JSON

/// Comparisons of plain values, without making values of the language.
extension ProgramMachine {
    enum Answer {
        case yes, no
        /// The cost limit was reached.
        case exceeded
        /// Something else has to decide.
        case unknown
    }

    /// The operators are numbered as they stand in ``CELOperator``: `==`, `!=`, then `<`, `<=`, `>`, `>=`.
    @inline(__always)
    mutating func compare(_ name: UInt8, _ left: Register, _ right: Register) -> Answer {
        guard name < 6, left.isPlain, right.isPlain else { return .unknown }
        if name < 2 {
            guard let same = equals(left, right) else { return .exceeded }
            return same == (name == 0) ? .yes : .no
        }
        guard let order = order(left, right) else { return .unknown }
        let answer: Bool
        switch name {
        case 2: answer = order == .less
        case 3: answer = order == .less || order == .equal
        case 4: answer = order == .greater
        default: answer = order == .greater || order == .equal
        }
        return answer ? .yes : .no
    }

    /// `nil` when the cost limit was reached.
    @inline(__always)
    mutating func equals(_ left: Register, _ right: Register) -> Bool? {
        guard left.kind == right.kind else {
            guard meter.spend(tenths: 10) else { return nil }
            return mixedOrder(left, right) == .equal
        }
        switch left.kind {
        case .text:
            guard meter.spend(tenths: 10 + Int(min(left.count, right.count))) else { return nil }
            return left.count == right.count && sameBytes(left, right)
        case .double:
            guard meter.spend(tenths: 10) else { return nil }
            return left.double == right.double
        default:
            guard meter.spend(tenths: 10) else { return nil }
            return left.bits == right.bits
        }
    }

    @inline(__always)
    private func sameBytes(_ left: Register, _ right: Register) -> Bool {
        JSONSlot.sameBytes(left.bits, right.bits, count: left.count)
    }

    /// `nil` when something else has to decide, or the limit was reached: the library then says so again.
    @inline(__always)
    private mutating func order(_ left: Register, _ right: Register) -> CELValue.Ordering? {
        switch (left.kind, right.kind) {
        case (.int, .int): return left.int < right.int ? .less : (left.int == right.int ? .equal : .greater)
        case (.double, .double):
            return left.double < right.double
                ? .less : (left.double > right.double ? .greater : (left.double == right.double ? .equal : .unordered))
        case (.text, .text):
            guard meter.spend(tenths: Int(min(left.count, right.count))) else { return nil }
            let order = JSONSlot.order(left.bits, right.bits, count: min(left.count, right.count))
            if order != 0 { return order < 0 ? .less : .greater }
            return left.count < right.count ? .less : (left.count == right.count ? .equal : .greater)
        default: return mixedOrder(left, right)
        }
    }

    /// The order of numbers of different types; `nil` when one is no number.
    private func mixedOrder(_ left: Register, _ right: Register) -> CELValue.Ordering? {
        guard let left = Self.number(left), let right = Self.number(right) else { return nil }
        return CELValue.numericOrdering(left, right)
    }

    private static func number(_ register: Register) -> CELValue? {
        switch register.kind {
        case .int: .int(register.int)
        case .uint: .uint(register.bits)
        case .double: .double(register.double)
        default: nil
        }
    }

    /// `x in [constants]`: the first equal one counts, and all before it are charged.
    mutating func inConstants(_ instruction: Instruction) -> Bool {
        let set = store.sets[Int(instruction.a)]
        let dest = Int(instruction.dest)
        do throws(EvaluationFailure) {
            try meter.allocate(memory: Int(set.memory))
        } catch {
            _ = fail(error, instruction)
            return false
        }
        let value = registers[dest]
        guard value.isPlain else { return slowInConstants(set, instruction) }
        if !set.table.isEmpty, value.kind == .text { return inTable(set, value, instruction) }
        for index in Int(set.first)..<Int(set.first + set.count) {
            guard let same = equals(constants[index], value) else {
                _ = fail(meter.exceeded, instruction)
                return false
            }
            if same {
                registers[dest] = .bool(true)
                return true
            }
        }
        registers[dest] = .bool(false)
        return true
    }

    private mutating func inTable(_ set: ConstantSet, _ value: Register, _ instruction: Instruction) -> Bool {
        let mask = set.table.count - 1
        var slot = Int(truncatingIfNeeded: TextHash.hash(value.text, seed: 0)) & mask
        var found: Int32 = -1
        while set.table[slot] >= 0 {
            let constant = constants[Int(set.first + set.table[slot])]
            if constant.count == value.count, sameBytes(constant, value) {
                found = set.table[slot]
                break
            }
            slot = (slot + 1) & mask
        }
        var tenths = 0
        for index in 0..<Int(found >= 0 ? found + 1 : set.count) {
            tenths += 10 + Int(min(constants[Int(set.first) + index].count, value.count))
        }
        guard meter.spend(tenths: tenths) else {
            _ = fail(meter.exceeded, instruction)
            return false
        }
        registers[Int(instruction.dest)] = .bool(found >= 0)
        return true
    }

    private mutating func slowInConstants(_ set: ConstantSet, _ instruction: Instruction) -> Bool {
        let items = (Int(set.first)..<Int(set.first + set.count)).map { value(constants[$0], boxed: 0) }
        return slowBinary(CELOperator.in.number, Int(instruction.dest), .list(items), instruction)
    }
}
