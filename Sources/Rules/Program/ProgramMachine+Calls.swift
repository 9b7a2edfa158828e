import JSON

/// Operators and calls.
extension ProgramMachine {
    mutating func binary(_ instruction: Instruction) -> Bool {
        let dest = Int(instruction.dest)
        switch compare(instruction.flag, registers[dest], registers[Int(instruction.a)]) {
        case .yes: registers[dest] = .bool(true)
        case .no: registers[dest] = .bool(false)
        case .exceeded:
            _ = fail(meter.exceeded, instruction)
            return false
        case .unknown: return slowBinary(instruction.flag, dest, value(Int(instruction.a)), instruction)
        }
        return true
    }

    /// The operator as the library knows it.
    mutating func slowBinary(_ name: UInt8, _ dest: Int, _ right: CELValue, _ instruction: Instruction) -> Bool {
        let left = value(dest)
        return attempt(instruction) { meter throws(EvaluationFailure) in
            try CELLibrary.binary(CELOperator.allCases[Int(name)], left, right, meter: &meter)
        }
    }

    /// r[dest] = what the library makes.
    mutating func attempt(
        _ instruction: Instruction, _ body: (inout CELMeter) throws(EvaluationFailure) -> CELValue
    ) -> Bool {
        do throws(EvaluationFailure) {
            set(Int(instruction.dest), try body(&meter))
            return true
        } catch {
            _ = fail(error, instruction)
            return false
        }
    }

    mutating func call(_ instruction: Instruction) -> Bool {
        let dest = Int(instruction.dest)
        if instruction.flag > 0 {
            let text = registers[dest]
            let part = registers[dest + 1]
            if text.kind == .text, part.kind == .text, !text.isOptional, !part.isOptional {
                return textCall(instruction, text, part)
            }
        }
        let site = store.calls[Int(instruction.a)]
        var values: [CELValue] = []
        values.reserveCapacity(Int(instruction.b))
        for index in 0..<Int(instruction.b) { values.append(value(dest + index)) }
        let zones = rules.zones.indices.contains(rule) ? rules.zones[rule] : .fixedOffsetsOnly
        return attempt(instruction) { meter throws(EvaluationFailure) in
            try CELLibrary.call(
                site.function, values, isMember: site.isMember, pattern: site.pattern, zones: zones, meter: &meter)
        }
    }

    /// `startsWith`, `endsWith` and `contains` of two texts, with the library's costs.
    private mutating func textCall(_ instruction: Instruction, _ text: Register, _ part: Register) -> Bool {
        let length = Int(text.count)
        let partLength = Int(part.count)
        let tenths = instruction.flag == 3 ? (length / 10 + 1) * (partLength / 10 + 1) * 10 : partLength
        guard meter.spend(tenths: tenths) else {
            _ = fail(meter.exceeded, instruction)
            return false
        }
        let answer: Bool
        switch instruction.flag {
        case 1: answer = length >= partLength && JSONSlot.sameBytes(text.bits, part.bits, count: part.count)
        case 2:
            answer =
                length >= partLength
                && JSONSlot.sameBytes(text.bits &+ UInt64(length - partLength), part.bits, count: part.count)
        default: answer = JSONSlot.contains(text.bits, length, part.bits, partLength)
        }
        registers[Int(instruction.dest)] = .bool(answer)
        return true
    }

    mutating func hasAlternative(_ instruction: Instruction) -> Bool {
        let dest = Int(instruction.dest)
        let register = registers[dest]
        if register.isOptional {
            if instruction.flag == 0 { registers[dest].isOptional = false }
            return true
        }
        guard register.kind == .boxed, case .optional(let inner?) = boxes[dest] else { return false }
        if instruction.flag == 0 { set(dest, inner) }
        return true
    }

    mutating func tryName(_ instruction: Instruction) -> Bool {
        guard let value = named(instruction.a) else { return false }
        set(Int(instruction.dest), value)
        return true
    }

    func named(_ index: Int32) -> CELValue? {
        let site = store.names[Int(index)]
        if !site.isRooted {
            for prefix in containers where !prefix.utf8.isEmpty {
                if let value = variables.value(named: prefix + site.name) { return value }
            }
        }
        return variables.value(named: site.name) ?? CELType(rawValue: site.name).map(CELValue.type)
    }

    mutating func decideFailed(_ instruction: Instruction) -> Int {
        guard instruction.flag & 2 == 0 else { return loopConditionFailed(Int(instruction.flag >> 2), instruction) }
        return fail(CELLibrary.noOverload(instruction.flag & 1 == 1 ? "||" : "&&", value(Int(instruction.a))), instruction)
    }

    mutating func loopTestFailed(_ instruction: Instruction) -> Int {
        loopConditionFailed(Int(instruction.flag), instruction)
    }

    private mutating func loopConditionFailed(_ macro: Int, _ instruction: Instruction) -> Int {
        let name = CELComprehension.Macro.allCases[macro].rawValue
        return fail(EvaluationFailure(.noSuchOverload, "the condition of `\(name)` is not true or false"), instruction)
    }
}
