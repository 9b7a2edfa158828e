import CSimdJSON

/// Bytes by their addresses, as slots name them.
///
/// The caller vouches that the memory is there: these only spare it the way over buffers.
extension JSONSlot {
    @inline(__always)
    private static func pointer(_ address: UInt64) -> UnsafePointer<UInt8>? {
        UnsafePointer(bitPattern: UInt(address))
    }

    /// Whether the same bytes stand at both addresses.
    package static func sameBytes(_ left: UInt64, _ right: UInt64, count: UInt32) -> Bool {
        order(left, right, count: count) == 0
    }

    /// Below, at or above zero, as the bytes at the left stand to those at the right.
    package static func order(_ left: UInt64, _ right: UInt64, count: UInt32) -> Int32 {
        guard count > 0, let left = pointer(left), let right = pointer(right) else { return 0 }
        return csimdjson_compare(left, right, Int(count))
    }

    /// Whether the second bytes stand anywhere among the first.
    package static func contains(_ text: UInt64, _ length: Int, _ part: UInt64, _ partLength: Int) -> Bool {
        guard partLength > 0 else { return true }
        guard length >= partLength, let text = pointer(text), let part = pointer(part) else { return false }
        for start in 0...(length - partLength) where text[start] == part[0] {
            if csimdjson_compare(text + start, part, partLength) == 0 { return true }
        }
        return false
    }
}
