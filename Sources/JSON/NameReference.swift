import CSimdJSON

/// The bytes of one string in simdjson's string buffer.
struct NameReference {
    let bytes: UnsafePointer<UInt8>
    let count: Int
    /// The first eight bytes as a number, so that most comparisons need no call.
    private let prefix: UInt64

    init(_ word: UInt64, in strings: UnsafePointer<UInt8>) {
        let start = strings + Int(word & 0x00FF_FFFF_FFFF_FFFF)
        count = Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self))
        bytes = start + MemoryLayout<UInt32>.size
        var prefix: UInt64 = 0
        for index in 0..<min(count, 8) { prefix |= UInt64(bytes[index]) << (UInt64(index) * 8) }
        self.prefix = prefix
    }

    /// Whether two members of one object have the same name.
    ///
    /// `start` is the word of the first member's name, `end` the word that closes the object, `count` how many members there are.
    /// Sorts when there are many, so that 100,000 chosen names cost no more than 100,000 others: there is no hash to aim at.
    static func anyTwice(
        from start: Int, to end: Int, count: Int, words: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: NameReference.self, capacity: count) { names in
            var position = start
            var found = 0
            while position < end, found < count {
                names.initializeElement(at: found, to: NameReference(words[position], in: strings))
                found += 1
                position = wordAfterValue(at: position + 1, words: words)
            }
            let all = UnsafeMutableBufferPointer(rebasing: names[..<found])
            return found <= 12 ? anyTwiceByPairs(all) : anyTwiceBySorting(all)
        }
    }

    private static func anyTwiceByPairs(_ names: UnsafeMutableBufferPointer<NameReference>) -> Bool {
        for later in 1..<max(names.count, 1) {
            for earlier in 0..<later where names[earlier].isSame(as: names[later]) { return true }
        }
        return false
    }

    private static func anyTwiceBySorting(_ names: UnsafeMutableBufferPointer<NameReference>) -> Bool {
        var sorted = names
        sorted.sort { $0.precedes($1) }
        for index in 1..<max(sorted.count, 1) where sorted[index - 1].isSame(as: sorted[index]) { return true }
        return false
    }

    /// The word after the value that begins at that word.
    private static func wordAfterValue(at position: Int, words: UnsafePointer<UInt64>) -> Int {
        switch UInt8(truncatingIfNeeded: words[position] >> 56) {
        case UInt8(ascii: "{"), UInt8(ascii: "["): TapeReader.Container(words[position]).end
        case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): position + 2
        default: position + 1
        }
    }

    private func isSame(as other: NameReference) -> Bool {
        prefix == other.prefix && count == other.count && csimdjson_compare(bytes, other.bytes, count) == 0
    }

    /// Any total order will do; this one is quick to tell.
    private func precedes(_ other: NameReference) -> Bool {
        if prefix != other.prefix { return prefix < other.prefix }
        if count != other.count { return count < other.count }
        return csimdjson_compare(bytes, other.bytes, count) < 0
    }
}
