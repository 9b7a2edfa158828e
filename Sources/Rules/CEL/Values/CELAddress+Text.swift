/// Reading and writing of network addresses (RFC 4291, RFC 4632, RFC 5952).
extension CELAddress {
    /// Reads `192.0.2.1` (no leading zeros) or `2001:db8::1`, also with a dotted end; no zone, and no version 4
    /// address mapped into version 6, `::ffff:192.0.2.1`, unless it is written as one of version 6.
    package init?(text: String) {
        self.init(bytes: Array(text.utf8)[...])
    }

    fileprivate init?(bytes: ArraySlice<UInt8>) {
        if bytes.contains(0x3A) {
            guard let (high, low) = Self.version6(bytes) else { return nil }
            if bytes.contains(0x2E), high == 0, low >> 32 == 0xFFFF { return nil }
            self.init(high: high, low: low)
        } else {
            guard let bits = Self.version4(bytes) else { return nil }
            self.init(version4: bits)
        }
    }

    private static func version4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard let number = decimal(part, atMost: 255) else { return nil }
            bits = bits << 8 | UInt32(number)
        }
        return bits
    }

    /// A number without sign and leading zeros.
    fileprivate static func decimal(_ digits: ArraySlice<UInt8>, atMost limit: Int) -> Int? {
        guard (1...3).contains(digits.count), digits.count == 1 || digits.first != 0x30 else { return nil }
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number <= limit ? number : nil
    }

    private static func version6(_ bytes: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        var rest = bytes
        var groups: [UInt16] = []
        var gap: Int?
        if rest.starts(with: [0x3A, 0x3A]) {
            gap = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let group = rest.prefix { $0 != 0x3A }
            if group.contains(0x2E) {
                guard group.endIndex == rest.endIndex, let bits = version4(group) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
                break
            }
            guard let number = hexadecimal(group), groups.count < 8 else { return nil }
            groups.append(number)
            rest = rest.dropFirst(group.count)
            guard !rest.isEmpty else { break }
            rest = rest.dropFirst()
            guard let next = rest.first else { return nil }
            if next == 0x3A {
                guard gap == nil else { return nil }
                gap = groups.count
                rest = rest.dropFirst()
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let halves = [groups[..<4], groups[4...]].map { $0.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        return (halves[0], halves[1])
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(digits.count) else { return nil }
        var number: UInt16 = 0
        for byte in digits {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: return nil
            }
            number = number << 4 | UInt16(digit)
        }
        return number
    }

    /// The canonical form: lower case, no leading zeros, the longest run of two or more zero groups as `::`.
    package var text: String {
        if isVersion4 { return [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: low >> $0)) }.joined(separator: ".") }
        let groups: [UInt16] = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) }
        }
        var best = 0..<0
        var index = 0
        while index < 8 {
            guard groups[index] == 0 else {
                index += 1
                continue
            }
            let end = groups[index...].firstIndex { $0 != 0 } ?? 8
            if end - index > max(best.count, 1) { best = index..<end }
            index = end
        }
        let words = groups.map { String($0, radix: 16) }
        if best.isEmpty { return words.joined(separator: ":") }
        return words[..<best.lowerBound].joined(separator: ":") + "::" + words[best.upperBound...].joined(separator: ":")
    }
}

extension CELNetwork {
    /// Reads `192.0.2.0/24` or `2001:db8::/32`; bits after the prefix may be set.
    package init?(text: String) {
        let bytes = Array(text.utf8)
        guard let slash = bytes.lastIndex(of: 0x2F), let address = CELAddress(bytes: bytes[..<slash]),
            let length = CELAddress.decimal(bytes[(slash + 1)...], atMost: address.width)
        else { return nil }
        self.address = address
        prefixLength = length
    }

    /// `192.0.2.0/24`.
    package var text: String { "\(address.text)/\(prefixLength)" }
}
