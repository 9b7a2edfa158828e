import CSimdJSON

/// One walk over a tape: fills slots and refuses what simdjson lets through.
///
/// The tape's format: https://github.com/simdjson/simdjson/blob/master/doc/tape.md
struct ExtractionWalk {
    private let words: UnsafePointer<UInt64>
    private let strings: UnsafePointer<UInt8>
    private let tree: JSONPathTree.Memory
    private let slots: UnsafeMutablePointer<JSONSlot>
    private let found: UnsafeMutablePointer<Int32>
    private let reading: UInt32
    /// How many watched places have a value.
    private(set) var foundCount = 0
    private var names: NameStack
    private let maxDepth: Int
    private var valuesLeft: Int
    /// The word that is read next.
    private var position = 1

    /// `table` has to live as long as the walk: the walk holds no more than pointers into it.
    init(
        words: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, limits: JSONLimits, table: borrowing JSONSlotTable,
        names: NameStack
    ) {
        self.words = words
        self.strings = strings
        tree = table.tree.memory
        slots = table.slots
        found = table.found
        reading = table.reading
        self.names = names
        maxDepth = limits.maxDepth
        valuesLeft = limits.maxValues
    }

    /// `false` when a limit is exceeded or a name stands twice in one object.
    mutating func document() -> Bool {
        value(at: 0, depth: 0)
    }

    @inline(__always)
    private mutating func fill(_ place: Int32, _ kind: JSONSlot.Kind, bits: UInt64, count: UInt32 = 0) {
        slots[Int(place)] = JSONSlot(kind: kind, bits: bits, count: count, reading: reading)
        guard tree.places[Int(place)].isWatched else { return }
        found[foundCount] = place
        foundCount += 1
    }

    /// Reads one value; `place` is negative when nobody wants it.
    private mutating func value(at place: Int32, depth: Int) -> Bool {
        guard valuesLeft > 0 else { return false }
        valuesLeft -= 1
        let word = words[position]
        let start = position
        position += 1
        switch UInt8(truncatingIfNeeded: word >> 56) {
        case UInt8(ascii: "\""):
            if place >= 0 { fillText(place, word) }
        case UInt8(ascii: "{"):
            if place >= 0 { fill(place, .object, bits: UInt64(start)) }
            return object(word, at: place, depth: depth + 1)
        case UInt8(ascii: "["):
            if place >= 0 { fill(place, .array, bits: UInt64(start)) }
            return array(word, at: place, depth: depth + 1)
        case UInt8(ascii: "l"):
            if place >= 0 { fill(place, .int, bits: words[position]) }
            position += 1
        case UInt8(ascii: "u"):
            // Only what does not fit Int64 is on the tape as `u`.
            if place >= 0 { fill(place, .double, bits: Double(words[position]).bitPattern) }
            position += 1
        case UInt8(ascii: "d"):
            if place >= 0 { fill(place, .double, bits: words[position]) }
            position += 1
        case UInt8(ascii: "t"):
            if place >= 0 { fill(place, .bool, bits: 1) }
        case UInt8(ascii: "f"):
            if place >= 0 { fill(place, .bool, bits: 0) }
        case UInt8(ascii: "n"):
            if place >= 0 { fill(place, .null, bits: 0) }
        default: return false
        }
        return true
    }

    private mutating func fillText(_ place: Int32, _ word: UInt64) {
        let name = TapeName(word, in: strings)
        fill(place, .text, bits: UInt64(UInt(bitPattern: name.bytes)), count: UInt32(truncatingIfNeeded: name.count))
    }

    private mutating func array(_ word: UInt64, at place: Int32, depth: Int) -> Bool {
        let container = TapeReader.Container(word)
        guard depth <= maxDepth, container.count <= valuesLeft else { return false }
        let end = container.end - 1
        if place >= 0, tree.hasElements(place) {
            var index = 0
            while position < end {
                guard value(at: tree.element(index, of: place), depth: depth) else { return false }
                index += 1
            }
        } else {
            while position < end {
                guard value(at: -1, depth: depth) else { return false }
            }
        }
        position = end + 1
        return true
    }

    private mutating func object(_ word: UInt64, at place: Int32, depth: Int) -> Bool {
        let container = TapeReader.Container(word)
        guard depth <= maxDepth, container.count <= valuesLeft else { return false }
        let end = container.end - 1
        let isSmall = container.count <= NameStack.smallObject
        if !isSmall,
            NameReference.anyTwice(from: position, to: end, count: container.count, words: words, strings: strings)
        {
            return false
        }
        let isWanted = place >= 0 && tree.hasMembers(place)
        let mark = names.count
        var seen: UInt64 = 0
        while position < end {
            let name = TapeName(words[position], in: strings)
            position += 1
            if isSmall, !names.push(name, above: mark, seen: &seen) { return false }
            let member =
                isWanted ? tree.member(prefix: name.prefix, name: name.bytes, count: name.count, of: place) : -1
            guard value(at: member, depth: depth) else { return false }
        }
        names.pop(to: mark)
        position = end + 1
        return true
    }
}

/// A string of the tape with its first eight bytes, read in one go: the parser promises that they can be.
struct TapeName: BitwiseCopyable {
    let prefix: UInt64
    let bytes: UnsafePointer<UInt8>
    let count: Int

    @inline(__always)
    init(_ word: UInt64, in strings: UnsafePointer<UInt8>) {
        let start = strings + Int(word & 0x00FF_FFFF_FFFF_FFFF)
        count = Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self))
        bytes = start + MemoryLayout<UInt32>.size
        let first = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        prefix = count >= 8 ? first : first & ((1 << (UInt64(count) &* 8)) &- 1)
    }
}

/// The names of the objects that a walk is in, innermost last: to find one that stands twice.
///
/// A bounded stack: objects with more than ``smallObject`` members are checked by sorting, and no document is nested deeper than
/// 1,000 levels.
struct NameStack: BitwiseCopyable {
    static let smallObject = 16
    private let memory: UnsafeMutablePointer<TapeName>
    private(set) var count = 0

    /// Over memory for ``capacity`` names.
    init(_ memory: UnsafeMutablePointer<TapeName>) {
        self.memory = memory
    }

    static func capacity(maxDepth: Int) -> Int { (maxDepth + 1) * smallObject }

    /// Adds a name; `false` when it stands above `mark` already. `seen` is a set of what was added there, by a hash of six bits.
    @inline(__always)
    mutating func push(_ name: TapeName, above mark: Int, seen: inout UInt64) -> Bool {
        let hash = (name.prefix ^ UInt64(truncatingIfNeeded: name.count)) &* 0x9E37_79B9_7F4A_7C15
        let bit: UInt64 = 1 << (hash >> 58)
        if seen & bit != 0, stands(name, above: mark) { return false }
        seen |= bit
        memory[count] = name
        count += 1
        return true
    }

    private func stands(_ name: TapeName, above mark: Int) -> Bool {
        for index in mark..<count {
            let other = memory[index]
            if other.prefix == name.prefix, other.count == name.count,
                csimdjson_compare(other.bytes, name.bytes, name.count) == 0
            {
                return true
            }
        }
        return false
    }

    @inline(__always)
    mutating func pop(to mark: Int) {
        count = mark
    }
}
