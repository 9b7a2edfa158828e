import JSON

/// Values of the event, from their slots.
extension ProgramMachine {
    /// Reads a slot into a register; `false` when nothing stands there.
    @inline(__always)
    private mutating func load(_ slot: JSONSlot, to dest: Int) {
        let kind: Register.Kind
        switch slot.kind {
        case .null: kind = .null
        case .bool: kind = .bool
        case .int: kind = .int
        case .double: kind = .double
        case .text: kind = .text
        case .array: kind = .array
        case .object: kind = .object
        case .kept:
            set(dest, reader?.value(of: slot) ?? .null)
            return
        }
        registers[dest] = Register(kind, bits: slot.bits, count: slot.count)
    }

    mutating func loadPath(_ instruction: Instruction) -> Bool {
        let slot = slots[Int(instruction.a)]
        let dest = Int(instruction.dest)
        let isThere = slot.reading == reading
        switch instruction.flag {
        case 0:
            guard isThere else { return absent(instruction) }
            load(slot, to: dest)
        case 1:
            guard isThere || parentIsMap(instruction.b) else { return absentOptional(instruction) }
            guard isThere else {
                registers[dest] = Register(.nothing)
                return true
            }
            load(slot, to: dest)
            makeOptional(dest)
        default:
            guard isThere || parentIsMap(instruction.b) else { return absentOptional(instruction) }
            registers[dest] = .bool(isThere)
        }
        return true
    }

    private func parentIsMap(_ path: Int32) -> Bool {
        let parent = links[Int(path)].parentPlace
        guard parent >= 0 else { return false }
        let slot = slots[Int(parent)]
        return slot.reading == reading && slot.kind == .object
    }

    /// Marks a register's value as that of an optional; an optional within an optional goes into the box.
    mutating func makeOptional(_ register: Int) {
        if registers[register].isOptional || registers[register].kind == .nothing {
            let inner = value(register)
            boxes[register] = .optional(inner)
            registers[register] = Register(.boxed)
            isDirty = true
        } else if registers[register].kind == .boxed, case .optional = boxes[register] {
            boxes[register] = .optional(boxes[register])
        } else {
            registers[register].isOptional = true
        }
    }

    mutating func comparePath(_ instruction: Instruction) -> Bool {
        let slot = slots[Int(instruction.a)]
        let dest = Int(instruction.dest)
        guard slot.reading == reading else {
            meter.refund(tenths: Int(instruction.flag >> 4) * 10)
            return absent(instruction)
        }
        load(slot, to: dest)
        let constant = constants[Int(instruction.c)]
        switch compare(instruction.flag & 15, registers[dest], constant) {
        case .yes: registers[dest] = .bool(true)
        case .no: registers[dest] = .bool(false)
        case .exceeded:
            _ = fail(meter.exceeded, instruction)
            return false
        case .unknown: return slowBinary(instruction.flag & 15, dest, value(constant, boxed: 0), instruction)
        }
        return true
    }

    // MARK: - What is not there

    /// Fails as looking for the path step by step fails, where the first step is not there.
    private mutating func absent(_ instruction: Instruction) -> Bool {
        guard let value = lookUp(instruction.b, instruction) else { return false }
        set(Int(instruction.dest), value)
        return true
    }

    /// The same for `.?x` and `has`, whose last step may be absent.
    private mutating func absentOptional(_ instruction: Instruction) -> Bool {
        let path = store.writtenPaths[Int(instruction.b)]
        var above = instruction
        above.offset = UInt16(truncatingIfNeeded: instruction.c)
        guard case .field(let name) = path.step, let parent = lookUp(path.parent, above) else { return false }
        let dest = Int(instruction.dest)
        do throws(EvaluationFailure) {
            if instruction.flag == 2 {
                registers[dest] = .bool(try CELLibrary.has(name, in: parent))
            } else {
                set(dest, try CELLibrary.select(name, of: parent, isOptional: true, path: nil))
            }
            return true
        } catch {
            _ = fail(error, instruction)
            return false
        }
    }

    /// The value at a path, step by step; `nil` when a step failed.
    private mutating func lookUp(_ wanted: Int32, _ instruction: Instruction) -> CELValue? {
        var path = wanted
        var below: [Int32] = []
        // Up to the last step that is there; the event itself always is.
        while slots[Int(store.writtenPaths[Int(path)].place)].reading != reading {
            let written = store.writtenPaths[Int(path)]
            if written.isDirect { meter.refund(tenths: -10) }
            guard written.parent >= 0 else { return nil }
            below.append(path)
            path = written.parent
        }
        let slot = slots[Int(store.writtenPaths[Int(path)].place)]
        if slot.kind == .object, let next = below.last, case .field = store.writtenPaths[Int(next)].step {
            missing(next, wanted, instruction)
            return nil
        }
        var value = slotValue(slot)
        while let next = below.popLast() {
            do throws(EvaluationFailure) {
                switch store.writtenPaths[Int(next)].step {
                case .root: return nil
                case .field(let name):
                    guard let found = try CELLibrary.field(name, of: value) else {
                        missing(next, wanted, instruction)
                        return nil
                    }
                    value = found
                case .key(let key):
                    guard let found = try CELLibrary.element(of: value, at: key) else {
                        missing(next, wanted, instruction)
                        return nil
                    }
                    value = found
                }
            } catch {
                refundKeys(next, wanted)
                _ = fail(error, instruction)
                return nil
            }
        }
        return value
    }

    private mutating func missing(_ path: Int32, _ wanted: Int32, _ instruction: Instruction) {
        refundKeys(path, wanted)
        missingPath = path
        failedOffset = instruction.offset
    }

    /// Keys behind a step that failed are not evaluated.
    private mutating func refundKeys(_ path: Int32, _ wanted: Int32) {
        meter.refund(tenths: store.writtenPaths[Int(wanted)].keyTenths - store.writtenPaths[Int(path)].keyTenths)
    }

    private func slotValue(_ slot: JSONSlot) -> CELValue {
        switch slot.kind {
        case .null: .null
        case .bool: .bool(slot.bits == 1)
        case .int: .int(Int64(bitPattern: slot.bits))
        case .double: .double(Double(bitPattern: slot.bits))
        case .text: .string(String(decoding: Register(.text, bits: slot.bits, count: slot.count).text, as: UTF8.self))
        case .array, .object, .kept: reader?.value(of: slot) ?? .null
        }
    }
}
