/// Macros.
extension ProgramMachine {
    mutating func loop(_ instruction: Instruction) -> Bool {
        switch instruction.operation {
        case .loopBegin: return loopBegin(instruction)
        case .loopCount:
            loops[Int(instruction.a)].count += 1
            return true
        case .loopKeep: return loopKeep(instruction)
        case .loopEnd: return loopEnd(instruction)
        case .bindResult: return bindResult(instruction)
        default: return true
        }
    }

    private mutating func loopBegin(_ instruction: Instruction) -> Bool {
        let dest = Int(instruction.dest)
        let macro = CELComprehension.Macro.allCases[Int(instruction.flag & 0x7F)]
        let range = value(dest)
        var frame = LoopFrame()
        isDirty = true
        do throws(EvaluationFailure) {
            if instruction.flag & 0x80 != 0, case .map(let map) = range {
                try meter.charge(bytes: map.count)
                frame.items = map.keys
                frame.values = map.entries.map(\.value)
                frame.isMap = true
            } else {
                frame.items = try CELLibrary.walked(range, by: macro, meter: &meter)
            }
        } catch {
            _ = fail(error, instruction)
            return false
        }
        loops[Int(instruction.a)] = frame
        registers[dest] = Register(.null)
        return true
    }

    /// Takes the next element; `false` when there is none.
    mutating func loopNext(_ instruction: Instruction) -> Bool {
        let depth = Int(instruction.a)
        let next = loops[depth].next
        guard next < loops[depth].items.count else { return false }
        loops[depth].next += 1
        let dest = Int(instruction.dest)
        if instruction.flag == 0 {
            set(dest, loops[depth].items[next])
        } else if loops[depth].isMap {
            set(dest, loops[depth].items[next])
            set(dest + 1, loops[depth].values[next])
        } else {
            set(dest, .int(Int64(next)))
            set(dest + 1, loops[depth].items[next])
        }
        return true
    }

    private mutating func loopKeep(_ instruction: Instruction) -> Bool {
        let depth = Int(instruction.a)
        let made = value(Int(instruction.dest))
        do throws(EvaluationFailure) {
            switch CELComprehension.Macro.allCases[Int(instruction.flag)] {
            case .transformMap:
                try CELMeter.check(elements: loops[depth].entries.count * 2)
                loops[depth].entries.append((value(Int(instruction.b)), made))
            case .transformMapEntry:
                try CELMeter.check(elements: loops[depth].entries.count * 2)
                guard case .map(let map) = made else {
                    throw EvaluationFailure(.type, "`transformMapEntry` makes a map, not \(made.type.title)")
                }
                try meter.charge(bytes: map.count)
                loops[depth].entries += map.entries
            default:
                try CELMeter.check(elements: loops[depth].kept.count)
                loops[depth].kept.append(made)
            }
            return true
        } catch {
            _ = fail(error, instruction)
            return false
        }
    }

    private mutating func loopEnd(_ instruction: Instruction) -> Bool {
        let frame = loops[Int(instruction.a)]
        loops[Int(instruction.a)] = LoopFrame()
        return attempt(instruction) { meter throws(EvaluationFailure) in
            switch CELComprehension.Macro.allCases[Int(instruction.flag)] {
            case .existsOne: return .bool(frame.count == 1)
            case .transformMap, .transformMapEntry:
                try meter.allocate(elements: frame.entries.count * 2)
                return try CELLibrary.map(frame.entries)
            default:
                try meter.allocate(elements: frame.kept.count)
                return .list(frame.kept)
            }
        }
    }

    // MARK: - Optionals

    mutating func bindOptional(_ instruction: Instruction, _ position: Int) -> Int {
        let dest = Int(instruction.dest)
        if registers[dest].kind == .nothing { return Int(instruction.b) }
        guard case .optional(let inner) = value(dest) else {
            let name = CELComprehension.Macro.allCases[Int(instruction.flag)].rawValue
            return fail(
                EvaluationFailure(.type, "`\(name)` takes an optional, not \(value(dest).type.title)"), instruction)
        }
        guard let inner else { return Int(instruction.b) }
        set(dest + 1, inner)
        return position + 1
    }

    private mutating func bindResult(_ instruction: Instruction) -> Bool {
        let made = value(Int(instruction.a))
        return attempt(instruction) { _ throws(EvaluationFailure) in
            guard CELComprehension.Macro.allCases[Int(instruction.flag)] == .optFlatMap else { return .optional(made) }
            guard case .optional = made else {
                throw EvaluationFailure(.type, "`optFlatMap` makes an optional, not \(made.type.title)")
            }
            return made
        }
    }
}
