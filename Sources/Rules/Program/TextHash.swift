/// Hashes of bytes for tables that are built from rules: who sends events can not put anything into them.
enum TextHash {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// A hash of the bytes; `seed` keeps tables apart.
    @inline(__always)
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var hash = (seed ^ UInt64(truncatingIfNeeded: bytes.count)) &* factor
        guard let base = bytes.baseAddress else { return mixed(hash) }
        let raw = UnsafeRawPointer(base)
        var index = 0
        while index &+ 8 <= bytes.count {
            hash = (hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* factor
            hash ^= hash >> 29
            index &+= 8
        }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = rest << 8 | UInt64(base[index])
            index &+= 1
        }
        return mixed((hash ^ rest) &* factor)
    }

    /// A hash of one number.
    @inline(__always)
    static func hash(_ number: UInt64, seed: UInt64) -> UInt64 {
        mixed((number ^ seed &* factor) &* factor)
    }

    @inline(__always)
    private static func mixed(_ hash: UInt64) -> UInt64 {
        let folded = (hash ^ hash >> 32) &* factor
        return folded ^ folded >> 29
    }
}
