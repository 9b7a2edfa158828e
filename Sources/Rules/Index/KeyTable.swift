import JSON

/// Rules by the place and the value that they are found by: one hash table with open addressing.
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

    private struct Entry: BitwiseCopyable {
        /// The number, or where the text begins.
        let bits: UInt64
        let count: UInt32
        let place: Int32
        let firstRule: Int32
        let endOfRules: Int32
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

    /// Numbers of entries by hash; -1 for none.
    private let slots: UnsafeMutablePointer<Int32>
    private let entries: UnsafeMutablePointer<Entry>
    private let rules: UnsafeMutablePointer<Int32>
    private let texts: UnsafeMutablePointer<UInt8>
    private let mask: Int

    private init(_ buckets: [(key: Key, rules: [Int32])]) {
        var size = 8
        while size < buckets.count * 2 { size *= 2 }
        mask = size - 1
        var entries: [Entry] = []
        var rules: [Int32] = []
        var texts: [UInt8] = []
        for bucket in buckets {
            let first = Int32(rules.count)
            rules += bucket.rules
            let (kind, bits, count) = Self.form(bucket.key, &texts)
            entries.append(
                Entry(
                    bits: bits, count: count, place: bucket.key.place, firstRule: first, endOfRules: Int32(rules.count),
                    kind: kind))
        }
        slots = .allocate(capacity: size)
        slots.initialize(repeating: -1, count: size)
        self.entries = Self.kept(entries)
        self.rules = Self.kept(rules)
        self.texts = Self.kept(texts)
        for index in entries.indices {
            var slot = Int(truncatingIfNeeded: hash(entries[index])) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    deinit {
        slots.deallocate()
        entries.deallocate()
        rules.deallocate()
        texts.deallocate()
    }

    private static func kept<Item: BitwiseCopyable>(_ items: [Item]) -> UnsafeMutablePointer<Item> {
        let memory = UnsafeMutablePointer<Item>.allocate(capacity: max(items.count, 1))
        _ = UnsafeMutableBufferPointer(start: memory, count: items.count).initialize(from: items)
        return memory
    }

    private static func form(_ key: Key, _ texts: inout [UInt8]) -> (Kind, UInt64, UInt32) {
        switch key.key {
        case .null: return (.null, 0, 0)
        case .bool(let flag): return (.bool, flag ? 1 : 0, 0)
        case .int(let number): return (.int, UInt64(bitPattern: number), 0)
        case .double(let bits): return (.double, bits, 0)
        case .text(let bytes):
            let offset = texts.count
            texts += bytes
            return (key.isPrefix ? .prefix : .text, UInt64(offset), UInt32(bytes.count))
        }
    }

    private func hash(_ entry: Entry) -> UInt64 {
        switch entry.kind {
        case .text, .prefix: TextHash.hash(text(entry), seed: Self.seed(entry.kind, entry.place))
        default: TextHash.hash(entry.bits, seed: Self.seed(entry.kind, entry.place))
        }
    }

    private func text(_ entry: Entry) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: texts + Int(entry.bits), count: Int(entry.count))
    }

    @inline(__always)
    private static func seed(_ kind: Kind, _ place: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: place)) << 8 | UInt64(kind.rawValue)
    }

    /// Adds the rules of a text, or of a prefix.
    @inline(__always)
    func addRules(_ text: UnsafeBufferPointer<UInt8>, isPrefix: Bool, place: Int32, _ candidates: inout [Int32]) {
        let kind: Kind = isPrefix ? .prefix : .text
        var slot = Int(truncatingIfNeeded: TextHash.hash(text, seed: Self.seed(kind, place))) & mask
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.kind == kind, entry.place == place, Int(entry.count) == text.count, isSame(entry, text) {
                for index in Int(entry.firstRule)..<Int(entry.endOfRules) { candidates.append(rules[index]) }
                return
            }
            slot = (slot + 1) & mask
        }
    }

    @inline(__always)
    private func isSame(_ entry: Entry, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
        JSONSlot.sameBytes(
            UInt64(UInt(bitPattern: texts + Int(entry.bits))), UInt64(UInt(bitPattern: other.baseAddress)), count: entry.count)
    }

    /// Adds the rules of a number, truth value or null.
    @inline(__always)
    func addRules(number kind: Kind, _ bits: UInt64, place: Int32, _ candidates: inout [Int32]) {
        var slot = Int(truncatingIfNeeded: TextHash.hash(bits, seed: Self.seed(kind, place))) & mask
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.kind == kind, entry.place == place, entry.bits == bits {
                for index in Int(entry.firstRule)..<Int(entry.endOfRules) { candidates.append(rules[index]) }
                return
            }
            slot = (slot + 1) & mask
        }
    }
}
