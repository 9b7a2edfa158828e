import JSON

/// Collects compiled expressions and keeps what they share once. Not shared between threads.
final class ProgramStoreBuilder {
    private(set) var programs: [Program] = []
    private(set) var code: [Instruction] = []
    private(set) var ranges: [AbsorbedRange] = []
    private(set) var constants: [Register] = []
    private(set) var boxes: [CELValue] = []
    private(set) var texts: [UInt8] = []
    private(set) var sets: [ConstantSet] = []
    private(set) var writtenPaths: [WrittenPath] = []
    private(set) var calls: [ProgramCall] = []
    private(set) var fields: [FieldSite] = []
    private(set) var names: [NameSite] = []
    private(set) var failures: [EvaluationFailure] = []
    var tree = JSONPathTreeBuilder()

    private var textOffsets: [[UInt8]: Int] = [:]
    private var constantIndices: [ConstantKey: Int32] = [:]
    private var pathIndices: [PathKey: Int32] = [:]
    private var fieldIndices: [FieldKey: Int32] = [:]
    private var callIndices: [[UInt8]: Int32] = [:]
    private var setIndices: [[ConstantKey]: Int32] = [:]
    private var nameIndices: [[UInt8]: Int32] = [:]
    private var programIndices: [CodeKey: Int32] = [:]

    private struct CodeKey: Hashable {
        let instructions: [Instruction]
        let ranges: [AbsorbedRange]
    }

    private enum ConstantKey: Hashable {
        case null
        case bool(Bool)
        case int(Int64)
        case uint(UInt64)
        case double(UInt64)
        case text([UInt8])
    }

    private struct PathKey: Hashable {
        let parent: Int32
        let step: [UInt8]
        let kind: UInt8
    }

    private struct FieldKey: Hashable {
        let name: [UInt8]
        let path: [UInt8]?
    }

    /// Adds the code of one expression; jumps are relative to its beginning. The same code is kept once.
    func add(_ instructions: [Instruction], ranges added: [AbsorbedRange], registers: Int, loops: Int) -> Int32 {
        let key = CodeKey(instructions: instructions, ranges: added)
        if let known = programIndices[key] { return known }
        let start = Int32(code.count)
        code += instructions
        let firstRange = Int32(ranges.count)
        ranges += added
        programs.append(
            Program(
                start: start, registers: Int32(registers), firstRange: firstRange, endOfRanges: Int32(ranges.count),
                loops: Int32(loops), isPure: instructions.allSatisfy(isPure)))
        programIndices[key] = Int32(programs.count - 1)
        return Int32(programs.count - 1)
    }

    private func isPure(_ instruction: Instruction) -> Bool {
        switch instruction.operation {
        case .loadName, .tryName: false
        case .call: calls[Int(instruction.a)].function.library != .time
        default: true
        }
    }

    // MARK: - Constants

    func constant(_ value: CELValue) -> Int32 {
        guard let key = Self.key(value) else {
            boxes.append(value)
            constants.append(Register(.boxed, bits: UInt64(boxes.count - 1)))
            return Int32(constants.count - 1)
        }
        if let known = constantIndices[key] { return known }
        constants.append(register(key))
        constantIndices[key] = Int32(constants.count - 1)
        return Int32(constants.count - 1)
    }

    /// The set of constants that `in` looks through; `nil` when there is anything but null, truth values, numbers and texts.
    func set(_ values: [CELValue], memory: Int) -> Int32? {
        let keys = values.compactMap(Self.key)
        guard keys.count == values.count else { return nil }
        if let known = setIndices[keys] { return known }
        let first = Int32(constants.count)
        for key in keys { constants.append(register(key)) }
        let table = keys.count > ConstantSet.linearLimit ? Self.table(keys) : []
        sets.append(ConstantSet(first: first, count: Int32(keys.count), memory: Int32(memory), table: table))
        setIndices[keys] = Int32(sets.count - 1)
        return Int32(sets.count - 1)
    }

    /// Positions of texts by hash, the first of equal ones; at most half full. Empty when there is anything but texts.
    private static func table(_ keys: [ConstantKey]) -> [Int32] {
        var size = 32
        while size < keys.count * 2 { size *= 2 }
        var table = [Int32](repeating: -1, count: size)
        for (position, key) in keys.enumerated() {
            guard case .text(let bytes) = key else { return [] }
            var slot = Int(truncatingIfNeeded: bytes.withUnsafeBufferPointer { TextHash.hash($0, seed: 0) }) & (size - 1)
            while table[slot] >= 0 {
                if keys[Int(table[slot])] == key { break }
                slot = (slot + 1) & (size - 1)
            }
            if table[slot] < 0 { table[slot] = Int32(position) }
        }
        return table
    }

    private static func key(_ value: CELValue) -> ConstantKey? {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .uint(let number): .uint(number)
        case .double(let number): .double(number.bitPattern)
        case .string(let text): .text(Array(text.utf8))
        default: nil
        }
    }

    private func register(_ key: ConstantKey) -> Register {
        switch key {
        case .null: return Register(.null)
        case .bool(let flag): return .bool(flag)
        case .int(let number): return Register(.int, bits: UInt64(bitPattern: number))
        case .uint(let number): return Register(.uint, bits: number)
        case .double(let bits): return Register(.double, bits: bits)
        case .text(let bytes): return Register(.text, bits: UInt64(text(bytes)), count: UInt32(bytes.count))
        }
    }

    /// Where the bytes lie among the texts.
    private func text(_ bytes: [UInt8]) -> Int {
        if let known = textOffsets[bytes] { return known }
        let offset = texts.count
        texts += bytes
        textOffsets[bytes] = offset
        return offset
    }

    // MARK: - What instructions refer to

    /// The event itself.
    func rootPath(_ name: String) -> Int32 {
        path(step: .root, text: name, below: -1, place: 0, isDirect: false, keyTenths: 0, kind: 0, bytes: Array(name.utf8))
    }

    /// `isPlain` unless the name is quoted: only plain names are looked up as a whole, `event.x`.
    func fieldPath(_ name: String, below parent: Int32, isPlain: Bool = true) -> Int32 {
        let above = writtenPaths[Int(parent)]
        let bytes = Array(name.utf8)
        return path(
            step: .field(name), text: "\(above.text).\(name)", below: parent,
            place: tree.place(.member(bytes), below: above.place), isDirect: isPlain && above.parent < 0,
            keyTenths: above.keyTenths, kind: isPlain ? 1 : 4, bytes: bytes)
    }

    /// `nil` for a key that is neither a text nor a position.
    func keyPath(_ key: CELValue, below parent: Int32) -> Int32? {
        let above = writtenPaths[Int(parent)]
        switch key {
        case .string(let text):
            let bytes = Array(text.utf8)
            return path(
                step: .key(key), text: "\(above.text)[\"\(text)\"]", below: parent,
                place: tree.place(.member(bytes), below: above.place), isDirect: false,
                keyTenths: above.keyTenths + 10 + bytes.count,
                kind: 2, bytes: bytes)
        case .int(let position) where position >= 0 && position < 1 << 24:
            return path(
                step: .key(key), text: "\(above.text)[\(position)]", below: parent,
                place: tree.place(.element(Int(position)), below: above.place), isDirect: false, keyTenths: above.keyTenths + 10,
                kind: 3, bytes: Array(String(position).utf8))
        default: return nil
        }
    }

    private func path(
        step: WrittenPath.Step, text: @autoclosure () -> String, below parent: Int32, place: Int32, isDirect: Bool,
        keyTenths: Int, kind: UInt8, bytes: [UInt8]
    ) -> Int32 {
        let key = PathKey(parent: parent, step: bytes, kind: kind)
        if let known = pathIndices[key] { return known }
        let text = text()
        writtenPaths.append(
            WrittenPath(
                place: place, parent: parent, step: step, isDirect: isDirect, keyTenths: keyTenths,
                missing: EvaluationFailure(.missing, "no such key: \(text)", path: text)))
        pathIndices[key] = Int32(writtenPaths.count - 1)
        return Int32(writtenPaths.count - 1)
    }

    func field(_ name: String, path: String?) -> Int32 {
        let key = FieldKey(name: Array(name.utf8), path: path.map { Array($0.utf8) })
        if let known = fieldIndices[key] { return known }
        fields.append(FieldSite(name: name, path: path))
        fieldIndices[key] = Int32(fields.count - 1)
        return Int32(fields.count - 1)
    }

    /// `patternText` is what the compiled pattern was read from.
    func call(_ function: CELFunction, isMember: Bool, pattern: Pattern?, patternText: String = "") -> Int32 {
        let key = Array(((isMember ? "." : "") + function.rawValue + (pattern == nil ? "" : " \(patternText)")).utf8)
        if let known = callIndices[key] { return known }
        calls.append(ProgramCall(function: function, isMember: isMember, pattern: pattern))
        callIndices[key] = Int32(calls.count - 1)
        return Int32(calls.count - 1)
    }

    func name(_ name: String, isRooted: Bool) -> Int32 {
        let key = Array((isRooted ? ".\(name)" : name).utf8)
        if let known = nameIndices[key] { return known }
        names.append(NameSite(name: name, isRooted: isRooted))
        nameIndices[key] = Int32(names.count - 1)
        return Int32(names.count - 1)
    }

    func failure(_ failure: EvaluationFailure) -> Int32 {
        failures.append(failure)
        return Int32(failures.count - 1)
    }
}
