/// Hashes of bytes for tables that are built from rules: who sends events can not put anything into them.
enum TextHash {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// A hash of the bytes; `seed` keeps tables apart.
    @inline(__always)
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        let count = bytes.count
        var hash = (seed ^ UInt64(truncatingIfNeeded: count)) &* factor
        guard let base = UnsafeRawPointer(bytes.baseAddress), count > 0 else { return mixed(hash) }
        if count >= 8 {
            var index = 0
            while index &+ 8 < count {
                hash = (hash ^ base.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* factor
                hash ^= hash >> 29
                index &+= 8
            }
            // The last eight bytes, whether or not some of them were read before.
            hash ^= base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let first = UInt64(base.loadUnaligned(as: UInt32.self))
            hash ^= first << 32 | UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
        } else {
            let ends = UInt64(bytes[0]) << 16 | UInt64(bytes[count &- 1])
            hash ^= ends | UInt64(bytes[count / 2]) << 8
        }
        return mixed(hash &* factor)
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
