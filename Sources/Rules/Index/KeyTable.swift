import JSON

/// Rules by the place and the value that they are found by: one hash table with open addressing.
///
/// All that belongs to a key lies together, so that a look-up touches as few lines of the cache as it can.
///
/// `@unchecked Sendable`: the memory behind the pointers is written in `init` and freed in `deinit`, and read in between.
final class KeyTable: @unchecked Sendable {
    enum Kind: UInt8, BitwiseCopyable {
        case null, bool, int, double, text, prefix
    }

    struct Key: Hashable {
        let place: Int32
        let isPrefix: Bool
        let key: IndexKey
    }

    /// Where a key's block begins, in words of eight bytes, and some bits of its hash.
    private struct Slot: BitwiseCopyable {
        let hash: UInt32
        let block: Int32
    }

    /// What a key's block begins with; its rules and the bytes of its text follow.
    private struct Header: BitwiseCopyable {
        let bits: UInt64
        let place: Int32
        let textBytes: UInt32
        let rules: Int32
        let kind: Kind
    }

    /// Collects rules by key.
    struct Builder {
        private var rules: [Key: [Int32]] = [:]
        private var order: [Key] = []

        mutating func add(_ rule: Int32, _ key: Key) {
            if rules[key] == nil { order.append(key) }
            rules[key, default: []].append(rule)
        }

        func table() -> KeyTable {
            KeyTable(order.map { ($0, rules[$0] ?? []) })
        }
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let blocks: UnsafeMutableRawPointer
    private let mask: Int

    private init(_ buckets: [(key: Key, rules: [Int32])]) {
        var size = 8
        while size < buckets.count * 2 { size *= 2 }
        mask = size - 1
        slots = .allocate(capacity: size)
        slots.initialize(repeating: Slot(hash: 0, block: -1), count: size)
        let bytes = buckets.reduce(0) { $0 + Self.blockBytes($1.key, $1.rules.count) }
        blocks = .allocate(byteCount: max(bytes, 8), alignment: 64)
        var offset = 0
        for bucket in buckets {
            let hash = write(bucket.key, bucket.rules, at: blocks + offset)
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot].block >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Slot(hash: UInt32(truncatingIfNeeded: hash >> 32), block: Int32(offset / 8))
            offset += Self.blockBytes(bucket.key, bucket.rules.count)
        }
    }

    deinit {
        slots.deallocate()
        blocks.deallocate()
    }

    // MARK: - Building

    private static func blockBytes(_ key: Key, _ rules: Int) -> Int {
        var text = 0
        if case .text(let bytes) = key.key { text = bytes.count }
        return (MemoryLayout<Header>.stride + rules * MemoryLayout<Int32>.stride + text + 7) / 8 * 8
    }

    /// Writes a key's block.
    ///
    /// - Returns: the key's hash.
    private func write(_ key: Key, _ rules: [Int32], at block: UnsafeMutableRawPointer) -> UInt64 {
        var kind = Kind.null
        var bits: UInt64 = 0
        var text: [UInt8] = []
        switch key.key {
        case .null: break
        case .bool(let flag): (kind, bits) = (.bool, flag ? 1 : 0)
        case .int(let number): (kind, bits) = (.int, UInt64(bitPattern: number))
        case .double(let number): (kind, bits) = (.double, number)
        case .text(let bytes): (kind, text) = (key.isPrefix ? .prefix : .text, bytes)
        }
        block.storeBytes(
            of: Header(
                bits: bits, place: key.place, textBytes: UInt32(text.count), rules: Int32(rules.count), kind: kind),
            as: Header.self)
        var end = block + MemoryLayout<Header>.stride
        rules.withUnsafeBytes { end.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count) }
        end += rules.count * MemoryLayout<Int32>.stride
        text.withUnsafeBytes { end.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count) }
        let seed = Self.seed(kind, key.place)
        guard case .text(let bytes) = key.key else { return TextHash.hash(bits, seed: seed) }
        return bytes.withUnsafeBufferPointer { TextHash.hash($0, seed: seed) }
    }

    @inline(__always)
    private static func seed(_ kind: Kind, _ place: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: place)) << 8 | UInt64(kind.rawValue)
    }

    // MARK: - Looking up

    /// Adds the rules of a text, or of a prefix.
    @inline(__always)
    func addRules(_ text: UnsafeBufferPointer<UInt8>, isPrefix: Bool, place: Int32, _ candidates: inout [Int32]) {
        let kind: Kind = isPrefix ? .prefix : .text
        let hash = TextHash.hash(text, seed: Self.seed(kind, place))
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot].block >= 0 {
            if slots[slot].hash == UInt32(truncatingIfNeeded: hash >> 32) {
                let block = UnsafeRawPointer(blocks) + Int(slots[slot].block) * 8
                let header = block.load(as: Header.self)
                if header.kind == kind, header.place == place, Int(header.textBytes) == text.count {
                    let rules = block + MemoryLayout<Header>.stride
                    let bytes = rules + Int(header.rules) * MemoryLayout<Int32>.stride
                    if JSONSlot.sameBytes(
                        UInt64(UInt(bitPattern: bytes)), UInt64(UInt(bitPattern: text.baseAddress)), count: header.textBytes)
                    {
                        return add(rules, Int(header.rules), &candidates)
                    }
                }
            }
            slot = (slot + 1) & mask
        }
    }

    /// Adds the rules of a number, truth value or null.
    @inline(__always)
    func addRules(number kind: Kind, _ bits: UInt64, place: Int32, _ candidates: inout [Int32]) {
        let hash = TextHash.hash(bits, seed: Self.seed(kind, place))
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot].block >= 0 {
            if slots[slot].hash == UInt32(truncatingIfNeeded: hash >> 32) {
                let block = UnsafeRawPointer(blocks) + Int(slots[slot].block) * 8
                let header = block.load(as: Header.self)
                if header.kind == kind, header.place == place, header.bits == bits {
                    return add(block + MemoryLayout<Header>.stride, Int(header.rules), &candidates)
                }
            }
            slot = (slot + 1) & mask
        }
    }

    @inline(__always)
    private func add(_ rules: UnsafeRawPointer, _ count: Int, _ candidates: inout [Int32]) {
        for index in 0..<count {
            candidates.append(rules.load(fromByteOffset: index * MemoryLayout<Int32>.stride, as: Int32.self))
        }
    }
}
