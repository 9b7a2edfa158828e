/// Searches in the bytes of texts; what is found in UTF-8 is what would be found in code points.
enum CELByteSearch {
    /// The first place at `start` or later where the part stands.
    static func first(of part: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Int? {
        guard let head = part.first else { return start <= bytes.count ? start : nil }
        var place = start
        while place <= bytes.count - part.count {
            if bytes[place] == head, stands(part, at: place, in: bytes) { return place }
            place += 1
        }
        return nil
    }

    /// The last place at `end` or earlier where the part stands.
    static func last(of part: [UInt8], in bytes: [UInt8], upTo end: Int) -> Int? {
        var place = min(end, bytes.count - part.count)
        while place >= 0 {
            if stands(part, at: place, in: bytes) { return place }
            place -= 1
        }
        return nil
    }

    private static func stands(_ part: [UInt8], at place: Int, in bytes: [UInt8]) -> Bool {
        for index in part.indices where bytes[place + index] != part[index] { return false }
        return true
    }

    // MARK: - Code points

    /// Where the code point of that number begins; the end for the one after the last, `nil` beyond and below zero.
    static func offset(ofCodePoint number: Int64, in bytes: [UInt8]) -> Int? {
        guard number >= 0, number <= bytes.count else { return nil }
        var left = number
        for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
            if left == 0 { return offset }
            left -= 1
        }
        return left == 0 ? bytes.count : nil
    }

    /// How many code points begin before that place.
    static func codePoints(in bytes: [UInt8], before offset: Int) -> Int64 {
        var count: Int64 = 0
        for byte in bytes[..<offset] where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
