/// Reduces what monitoring systems call an instance to the host in it.
enum TargetHost {
    /// The host of `host:port`, `[v6]`, `[v6]:port` or a URL; `nil` for everything else, also for texts that only look like one
    /// of these.
    ///
    /// Strict, since what two readers take for the host must be the same: user information, backslashes, white space, controls
    /// and empty or overlong ports make it `nil`. Nothing is decoded or folded.
    static func reduce(_ text: [UInt8]) -> ArraySlice<UInt8>? {
        guard text.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        guard let authority = authority(ofURL: text) else { return host(text[...], needsPort: true) }
        return host(authority, needsPort: false)
    }

    /// What stands between `scheme://` and the path; `nil` when the text is no URL.
    private static func authority(ofURL text: [UInt8]) -> ArraySlice<UInt8>? {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), text[colon...].starts(with: "://".utf8),
            let first = text.first, isLetter(first), text[..<colon].allSatisfy(isSchemeByte)
        else { return nil }
        return text[(colon + 3)...].prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
    }

    private static func host(_ authority: ArraySlice<UInt8>, needsPort: Bool) -> ArraySlice<UInt8>? {
        guard !authority.contains(UInt8(ascii: "@")), !authority.contains(UInt8(ascii: "/")) else { return nil }
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let inner = authority[(authority.startIndex + 1)..<close]
            let rest = authority[(close + 1)...]
            // Brackets are for IPv6 alone: a name in them is a trick.
            guard inner.contains(UInt8(ascii: ":")), IPAddress(inner) != nil, rest.isEmpty || isPort(rest) else { return nil }
            return inner
        }
        guard let colon = authority.firstIndex(of: UInt8(ascii: ":")) else {
            return needsPort || authority.isEmpty ? nil : authority
        }
        // More than one colon is an IPv6 address without brackets, of which no part is a port.
        guard colon > authority.startIndex, isPort(authority[colon...]) else { return nil }
        return authority[..<colon]
    }

    /// A colon and a number from 1 to 65535.
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        let digits = bytes.dropFirst()
        guard bytes.first == UInt8(ascii: ":"), (1...5).contains(digits.count) else { return false }
        var number = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return false }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return (1...65_535).contains(number)
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
