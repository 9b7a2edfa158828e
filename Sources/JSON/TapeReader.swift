import CSimdJSON

/// Builds a value from simdjson's tape, and refuses what simdjson lets through: depth, number of values, duplicate names.
///
/// The tape's format: https://github.com/simdjson/simdjson/blob/master/doc/tape.md
struct TapeReader {
    private let words: UnsafePointer<UInt64>
    private let strings: UnsafePointer<UInt8>
    private let maxDepth: Int
    private var valuesLeft: Int
    /// The word that is read next.
    private var position = 1

    /// The value that begins at a word, by default the document's; `nil` when a limit is exceeded or a name stands twice in one
    /// object.
    static func read(
        words: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, limits: JSONLimits, from start: Int = 1
    ) -> JSONValue? {
        var reader = TapeReader(words: words, strings: strings, maxDepth: limits.maxDepth, valuesLeft: limits.maxValues)
        reader.position = start
        return reader.value(depth: 0)
    }

    private init(words: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, maxDepth: Int, valuesLeft: Int) {
        self.words = words
        self.strings = strings
        self.maxDepth = maxDepth
        self.valuesLeft = valuesLeft
    }

    private mutating func value(depth: Int) -> JSONValue? {
        guard valuesLeft > 0 else { return nil }
        valuesLeft -= 1
        let word = words[position]
        position += 1
        switch UInt8(truncatingIfNeeded: word >> 56) {
        case UInt8(ascii: "\""): return .string(string(word))
        case UInt8(ascii: "{"): return object(word, depth: depth + 1)
        case UInt8(ascii: "["): return array(word, depth: depth + 1)
        case UInt8(ascii: "l"): return .int(Int64(bitPattern: number()))
        // Only what does not fit Int64 is on the tape as `u`.
        case UInt8(ascii: "u"): return .double(Double(number()))
        case UInt8(ascii: "d"): return .double(Double(bitPattern: number()))
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        case UInt8(ascii: "n"): return .null
        default: return nil
        }
    }

    /// The word after a number's first one, which holds its value.
    private mutating func number() -> UInt64 {
        defer { position += 1 }
        return words[position]
    }

    private func string(_ word: UInt64) -> String {
        let name = NameReference(word, in: strings)
        return String(decoding: UnsafeBufferPointer(start: name.bytes, count: name.count), as: UTF8.self)
    }

    private mutating func array(_ word: UInt64, depth: Int) -> JSONValue? {
        let count = Container(word).count
        guard depth <= maxDepth, count <= valuesLeft else { return nil }
        let end = Container(word).end - 1
        var items: [JSONValue] = []
        items.reserveCapacity(count)
        while position < end {
            guard let item = value(depth: depth) else { return nil }
            items.append(item)
        }
        position = end + 1
        return .array(items)
    }

    private mutating func object(_ word: UInt64, depth: Int) -> JSONValue? {
        let count = Container(word).count
        guard depth <= maxDepth, count <= valuesLeft else { return nil }
        let end = Container(word).end - 1
        if count > 1, NameReference.anyTwice(from: position, to: end, count: count, words: words, strings: strings) { return nil }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(count)
        while position < end {
            let name = string(words[position])
            position += 1
            guard let value = value(depth: depth) else { return nil }
            members.append(JSONObject.Member(name: name, value: value))
        }
        position = end + 1
        return .object(JSONObject(members))
    }

    /// What the first word of an array or object says.
    struct Container {
        /// The word after the container's last one.
        let end: Int
        /// How many elements or members it has; stops at 16,777,215.
        let count: Int

        init(_ word: UInt64) {
            end = Int(UInt32(truncatingIfNeeded: word))
            count = Int(word >> 32 & 0xFF_FFFF)
        }
    }
}
