/// Which follow-up addresses are kept: what an inbound request names is where the bridge will send to (SSRF).
enum ResponseURL {
    /// The longest address that is kept, in bytes.
    private static let longest = 2_048

    /// The address when it begins with the prefix, byte by byte; else `nil`.
    ///
    /// Since a usable prefix ends its host with `/`, neither `https://hooks.slack.com@evil.example/` nor
    /// `https://hooks.slack.com.evil.example/` begins with it.
    static func allowed(_ address: String?, prefix: String) -> String? {
        guard let address, isUsable(prefix: prefix), address.utf8.count <= longest, address.utf8.starts(with: prefix.utf8),
            ASCII.isVisible(address), !address.utf8.contains(UInt8(ascii: "\\")), !hasDotSegment(address)
        else { return nil }
        return address
    }

    /// Whether a prefix pins a host: `http` or `https`, a host without user information, and a path that ends with `/`.
    static func isUsable(prefix: String) -> Bool {
        for scheme in ["https://", "http://"] where prefix.utf8.starts(with: scheme.utf8) {
            let rest = prefix.utf8.dropFirst(scheme.utf8.count)
            let host = rest.prefix { $0 != UInt8(ascii: "/") }
            return !host.isEmpty && rest.last == UInt8(ascii: "/") && host.allSatisfy(isHostByte) && ASCII.isVisible(prefix)
        }
        return false
    }

    /// Letters, digits, and what ports and IPv6 addresses need; no `@`, so no user information.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        ASCII.isAlphanumeric(byte) || ".-:[]".utf8.contains(byte)
    }

    /// Whether a part of the path is `.` or `..`, also escaped: it could lead out of a prefix that has a path.
    private static func hasDotSegment(_ address: String) -> Bool {
        let path = ASCII.lowercased(address).prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return path.split(separator: UInt8(ascii: "/")).contains { segment in
            let plain = String(decoding: segment, as: UTF8.self).utf8
            return [".", "..", "%2e", "%2e%2e", ".%2e", "%2e."].contains { $0.utf8.elementsEqual(plain) }
        }
    }
}
