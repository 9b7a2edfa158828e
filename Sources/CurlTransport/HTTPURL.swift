import Glibc

/// An absolute `http` or `https` URL in the strict form that may reach libcurl.
///
/// Stricter than RFC 3986: printable ASCII only (host names in their `xn--` form, everything else percent-encoded), no user
/// information, no fragment, no backslash, no percent-encoding in the host. What parsers are known to read differently is
/// refused, so that the host that was checked is the host that is contacted. It prints as its origin, since paths and queries
/// of webhook URLs hold secrets.
package struct HTTPURL: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL as given.
    package let text: String
    /// Whether the scheme is `https`.
    package let isSecure: Bool
    /// The host in ASCII lower case; an IPv6 address without its brackets.
    package let host: String
    /// The port, the scheme's own where the URL names none.
    package let port: UInt16
    /// Where path and query begin in the text's UTF-8.
    private let tailStart: Int

    /// Path and query as given, with a leading slash.
    package var pathAndQuery: String {
        let tail = text.utf8.dropFirst(tailStart)
        let path = String(decoding: tail, as: UTF8.self)
        return tail.first == UInt8(ascii: "/") ? path : "/" + path
    }

    /// Reads a URL of at most 8 KiB.
    ///
    /// - Throws: ``HTTPRequestError`` with a `url…` code that says what is wrong; the text itself is not in the error.
    package init(_ text: String) throws(HTTPRequestError) {
        var text = text
        let parts = text.withUTF8 { bytes in Result { () throws(HTTPRequestError) in try Self.read(bytes) } }
        self.text = text
        (isSecure, host, port, tailStart) = try parts.get()
    }

    private typealias Bytes = UnsafeBufferPointer<UInt8>

    private static func read(
        _ bytes: Bytes
    ) throws(HTTPRequestError) -> (isSecure: Bool, host: String, port: UInt16, tailStart: Int) {
        guard bytes.count <= 8_192 else { throw HTTPRequestError(.urlMalformed, "the URL is longer than 8192 bytes") }
        guard !bytes.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else {
            throw HTTPRequestError(.forbiddenByte, "the URL holds a line end or a NUL")
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }) else {
            throw HTTPRequestError(.urlMalformed, "the URL holds a space, a control, a backslash, a fragment or a non-ASCII byte")
        }
        let (isSecure, authorityStart) = try Self.scheme(bytes)
        let rest = bytes[authorityStart...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains(UInt8(ascii: "@")) else {
            throw HTTPRequestError(.urlUserinfo, "the URL holds a user name or password; use a header")
        }
        let (host, port) = try Self.hostAndPort(authority)
        return (isSecure, host, port ?? (isSecure ? 443 : 80), end)
    }

    /// Scheme, host and port, such as `https://admin.vps.org:443`.
    package var origin: String {
        let shownHost = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(shownHost):\(port)"
    }

    /// Whether scheme, host and port are the same (RFC 6454, section 4).
    package func hasSameOrigin(as other: HTTPURL) -> Bool {
        isSecure == other.isSecure && port == other.port && host.utf8.elementsEqual(other.host.utf8)
    }

    package var description: String { origin }
    package var debugDescription: String { origin }
    package var customMirror: Mirror { Mirror(self, children: ["origin": origin]) }

    private static func scheme(_ bytes: Bytes) throws(HTTPRequestError) -> (isSecure: Bool, authorityStart: Int) {
        if hasPrefix(bytes, "https://") { return (true, 8) }
        if hasPrefix(bytes, "http://") { return (false, 7) }
        throw HTTPRequestError(.urlScheme, "the URL must begin with https:// or http://")
    }

    /// Whether the bytes begin with that lower-case ASCII text, their own case ignored.
    private static func hasPrefix(_ bytes: Bytes, _ prefix: StaticString) -> Bool {
        guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where bytes[index].asciiLowercased != prefix.utf8Start[index] { return false }
        return true
    }

    private static func hostAndPort(_ authority: Slice<Bytes>) throws(HTTPRequestError) -> (String, UInt16?) {
        let host: Slice<Bytes>
        var portText: Slice<Bytes>
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else {
                throw HTTPRequestError(.urlHost, "the URL's IPv6 address has no closing bracket")
            }
            host = authority[(authority.startIndex + 1)..<close]
            portText = authority[(close + 1)...]
            var address = in6_addr()
            guard host.allSatisfy({ $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }),
                inet_pton(AF_INET6, String(decoding: host, as: UTF8.self), &address) == 1
            else { throw HTTPRequestError(.urlHost, "the URL's IPv6 address is not one") }
        } else {
            let colon = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
            host = authority[..<colon]
            portText = authority[colon...]
            try checkName(host)
        }
        var port: UInt16?
        if !portText.isEmpty {
            guard portText.removeFirst() == UInt8(ascii: ":"), (1...5).contains(portText.count), portText.allSatisfy(\.isDigit),
                let number = UInt16(exactly: portText.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }), number > 0
            else { throw HTTPRequestError(.urlPort, "the URL's port is not a number from 1 to 65535") }
            port = number
        }
        let lowered = String(unsafeUninitializedCapacity: host.count) { buffer in
            for (index, byte) in host.enumerated() { buffer[index] = byte.asciiLowercased }
            return host.count
        }
        return (lowered, port)
    }

    private static func checkName(_ host: Slice<Bytes>) throws(HTTPRequestError) {
        guard !host.isEmpty else { throw HTTPRequestError(.urlHost, "the URL names no host") }
        guard isName(host) else {
            throw HTTPRequestError(.urlHost, "the URL's host may have letters, digits, hyphens and single dots only")
        }
    }

    /// Whether the bytes may be a host's name: 1 to 253 letters, digits, hyphens, underscores and single dots inside. A trailing dot
    /// is none of these: it would be another spelling of the same host, which lists and certificates do not know.
    static func isName(_ host: some Collection<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        guard (1...253).contains(host.count), host.first != dot else { return false }
        var previous = dot
        for byte in host {
            guard byte.isLetter || byte.isDigit || byte == dot || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_"),
                byte != dot || previous != dot
            else { return false }
            previous = byte
        }
        return previous != dot
    }
}
