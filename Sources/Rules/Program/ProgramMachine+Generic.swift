/// The steps that are not worth a way of their own: literals, computed fields and elements, loops.
extension ProgramMachine {
    mutating func generic(_ instruction: Instruction) -> Bool {
        let dest = Int(instruction.dest)
        switch instruction.operation {
        case .constant: return constant(instruction)
        case .move:
            copy(Int(instruction.a), to: dest)
            return true
        case .loadName: return loadName(instruction)
        case .select: return select(instruction)
        case .index: return index(instruction)
        case .not:
            let value = value(dest)
            return attempt(instruction) { _ throws(EvaluationFailure) in try CELLibrary.not(value) }
        case .negate:
            let value = value(dest)
            return attempt(instruction) { _ throws(EvaluationFailure) in try CELLibrary.negated(value) }
        case .fail:
            _ = fail(store.failures[Int(instruction.a)], instruction)
            return false
        case .chargeLiteral, .unwrapElement, .checkKey, .list, .map: return literal(instruction)
        default: return loop(instruction)
        }
    }

    private mutating func constant(_ instruction: Instruction) -> Bool {
        if instruction.c > 0 {
            do throws(EvaluationFailure) {
                try meter.allocate(memory: Int(instruction.c))
            } catch {
                _ = fail(error, instruction)
                return false
            }
        }
        let constant = constants[Int(instruction.a)]
        if constant.kind == .boxed {
            set(Int(instruction.dest), store.boxes[Int(constant.bits)])
        } else {
            registers[Int(instruction.dest)] = constant
        }
        return true
    }

    mutating func copy(_ source: Int, to dest: Int) {
        registers[dest] = registers[source]
        if registers[source].kind == .boxed { boxes[dest] = boxes[source] }
    }

    private mutating func loadName(_ instruction: Instruction) -> Bool {
        if let value = named(instruction.a) {
            set(Int(instruction.dest), value)
            return true
        }
        let name = store.names[Int(instruction.a)].name
        _ = fail(EvaluationFailure(.unknownName, "unknown name `\(name)`"), instruction)
        return false
    }

    private mutating func select(_ instruction: Instruction) -> Bool {
        let site = store.fields[Int(instruction.a)]
        let operand = value(Int(instruction.dest))
        return attempt(instruction) { _ throws(EvaluationFailure) in
            if instruction.flag == 2 { return .bool(try CELLibrary.has(site.name, in: operand)) }
            return try CELLibrary.select(site.name, of: operand, isOptional: instruction.flag == 1, path: site.path)
        }
    }

    private mutating func index(_ instruction: Instruction) -> Bool {
        let path = store.fields[Int(instruction.b)].path
        let operand = value(Int(instruction.dest))
        let key = value(Int(instruction.a))
        return attempt(instruction) { meter throws(EvaluationFailure) in
            try CELLibrary.index(operand, at: key, isOptional: instruction.flag == 1, path: path, meter: &meter)
        }
    }

    // MARK: - Literals

    private mutating func literal(_ instruction: Instruction) -> Bool {
        let dest = Int(instruction.dest)
        let count = Int(instruction.b)
        do throws(EvaluationFailure) {
            switch instruction.operation {
            case .chargeLiteral:
                if instruction.flag == 1 {
                    try CELLibrary.chargeMap(Int(instruction.a), meter: &meter)
                } else {
                    try CELLibrary.chargeList(Int(instruction.a), meter: &meter)
                }
            case .unwrapElement:
                if let inner = try CELLibrary.optionalElement(value(dest)) {
                    set(dest, inner)
                } else {
                    registers[dest] = Register(.omitted)
                }
            case .checkKey: try CELLibrary.checkKey(value(dest))
            case .list:
                let elements = Int(instruction.a)..<Int(instruction.a) + count
                set(dest, .list(elements.filter { registers[$0].kind != .omitted }.map { value($0) }))
            default: set(dest, try CELLibrary.map(entries(from: Int(instruction.a), count)))
            }
            return true
        } catch {
            _ = fail(error, instruction)
            return false
        }
    }

    private func entries(from first: Int, _ count: Int) -> [(key: CELValue, value: CELValue)] {
        var entries: [(key: CELValue, value: CELValue)] = []
        for index in 0..<count where registers[first + index * 2 + 1].kind != .omitted {
            entries.append((value(first + index * 2), value(first + index * 2 + 1)))
        }
        return entries
    }
}
