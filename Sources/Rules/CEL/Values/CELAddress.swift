/// An IP address, of version 4 or 6, without a zone.
package struct CELAddress: Sendable, Hashable {
    /// The address of version 6, or of version 4 in the lowest 32 bits.
    let high: UInt64
    let low: UInt64
    let isVersion4: Bool

    /// How many bits an address of this version has.
    var width: Int { isVersion4 ? 32 : 128 }

    init(version4 bits: UInt32) {
        high = 0
        low = UInt64(bits)
        isVersion4 = true
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        isVersion4 = false
    }

    // MARK: - What it is for (RFC 4291, RFC 5735)

    /// `0.0.0.0` or `::`.
    var isUnspecified: Bool { high == 0 && low == 0 }
    /// `127.0.0.0/8` or `::1`.
    var isLoopback: Bool { isVersion4 ? low >> 24 == 127 : high == 0 && low == 1 }
    /// `169.254.0.0/16` or `fe80::/10`.
    var isLinkLocalUnicast: Bool { isVersion4 ? low >> 16 == 0xA9FE : high >> 54 == 0x3FA }
    /// `224.0.0.0/24` or `ff02::/16` with any flags.
    var isLinkLocalMulticast: Bool { isVersion4 ? low >> 8 == 0xE0_0000 : high >> 56 == 0xFF && high >> 48 & 0xF == 2 }
    /// `224.0.0.0/4` or `ff00::/8`.
    var isMulticast: Bool { isVersion4 ? low >> 28 == 0xE : high >> 56 == 0xFF }
    /// Everything else, private ranges too; not version 4's broadcast address.
    var isGlobalUnicast: Bool {
        if isVersion4, low == 0xFFFF_FFFF { return false }
        return !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast
    }

    /// The address with all but the first `length` bits cleared.
    func masked(to length: Int) -> CELAddress {
        if isVersion4 { return CELAddress(version4: UInt32(truncatingIfNeeded: low & ~(UInt64(0xFFFF_FFFF) >> UInt64(length)))) }
        return CELAddress(high: high & Self.mask(length), low: low & Self.mask(length - 64))
    }

    /// The first `length` bits of 64.
    private static func mask(_ length: Int) -> UInt64 {
        length <= 0 ? 0 : (length >= 64 ? .max : ~(UInt64.max >> UInt64(length)))
    }
}

/// A range of addresses, in CIDR notation: an address, whose bits after the prefix may be set, and the prefix's length.
package struct CELNetwork: Sendable, Hashable {
    let address: CELAddress
    /// 0 to 32 or 128.
    let prefixLength: Int

    var masked: CELNetwork { CELNetwork(address: address.masked(to: prefixLength), prefixLength: prefixLength) }

    func contains(_ other: CELAddress) -> Bool {
        address.isVersion4 == other.isVersion4 && address.masked(to: prefixLength) == other.masked(to: prefixLength)
    }

    func contains(_ other: CELNetwork) -> Bool {
        prefixLength <= other.prefixLength && contains(other.address)
    }
}
