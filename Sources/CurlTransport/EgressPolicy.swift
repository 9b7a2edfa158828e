/// Which hosts may be contacted when a URL came with an event: with a chat command, a callback, a certificate to fetch.
///
/// Such a URL must be `https` on port 443 and name a host of the list. An IP address is refused in every notation, so is what
/// the system's resolver would read as one. Where the name leads is a second question, which is asked when the connection is
/// made and again when one is reused: see ``HTTPRequest/Destination``.
package struct EgressPolicy: Sendable, Hashable {
    /// The most entries of one list.
    package static let hostsMax = 64

    /// Hosts in lower case, each itself.
    private let hosts: [String]
    /// Suffixes in lower case, with their leading dot.
    private let suffixes: [String]

    /// Reads a list of hosts; upper and lower case are the same, in ASCII alone.
    ///
    /// - Parameter allowedHosts: One to ``hostsMax`` entries: `hooks.slack.com` is that host, `.slack.com` is every host below it and
    ///   not `slack.com` itself. Names have at least two labels, no port, no trailing dot, and are in their `xn--` form.
    /// - Throws: ``HTTPRequestError`` with the code `egress`, whose reason says which entry is to be changed.
    package init(allowedHosts: [String]) throws(HTTPRequestError) {
        guard (1...Self.hostsMax).contains(allowedHosts.count) else {
            throw HTTPRequestError(.egress, "a list of allowed hosts must have 1 to \(Self.hostsMax) entries")
        }
        var hosts: [String] = []
        var suffixes: [String] = []
        for (index, entry) in allowedHosts.enumerated() {
            let isSuffix = entry.utf8.first == Self.dot
            let name = Array(entry.utf8.dropFirst(isSuffix ? 1 : 0)).map(\.asciiLowercased)
            guard HTTPURL.isName(name), name.contains(Self.dot), !Self.endsInNumber(name) else {
                throw HTTPRequestError(
                    .egress,
                    "entry \(index + 1) of the allowed hosts must be a host name such as hooks.slack.com, or .slack.com for all below it"
                )
            }
            let text = String(decoding: name, as: UTF8.self)
            if isSuffix { suffixes.append("." + text) } else { hosts.append(text) }
        }
        self.hosts = hosts
        self.suffixes = suffixes
    }

    /// Refuses a URL that the policy does not allow.
    ///
    /// - Throws: ``HTTPRequestError`` with the code `egress`, whose reason says what would have to be different, without the URL.
    package func check(_ url: HTTPURL) throws(HTTPRequestError) {
        guard url.isSecure else { throw HTTPRequestError(.egress, "an address that came with an event must be https") }
        guard url.port == 443 else {
            throw HTTPRequestError(.egress, "an address that came with an event must be on port 443")
        }
        guard !url.host.utf8.contains(UInt8(ascii: ":")), !Self.endsInNumber(Array(url.host.utf8)) else {
            throw HTTPRequestError(.egress, "an address that came with an event must name its host, not give an IP address")
        }
        guard allows(url.host) else {
            throw HTTPRequestError(
                .egress, "the host is not on the list of hosts that addresses of events may lead to; add it there")
        }
    }

    /// By bytes; ``HTTPURL/host`` is in lower case.
    private func allows(_ host: String) -> Bool {
        hosts.contains { $0.utf8.elementsEqual(host.utf8) }
            || suffixes.contains { host.utf8.count > $0.utf8.count && host.utf8.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    /// Whether resolvers may read the name as an IPv4 address: its last label is all digits, or `0x` and hex digits (the rule of the
    /// URL standard, whatwg.org, "ends in a number"). `2130706433`, `0x7f000001`, `0177.0.0.1` and `127.1` are 127.0.0.1.
    private static func endsInNumber(_ host: [UInt8]) -> Bool {
        guard let last = host.split(separator: dot).last else { return false }
        if last.allSatisfy(\.isDigit) { return true }
        return last.starts(with: "0x".utf8) && last.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    private static let dot = UInt8(ascii: ".")
}
