/// Host names and addresses as they stand in a configuration or in a `Host` header, by their bytes.
enum HostName {
    /// Whether it can only mean this machine: `localhost`, an address of 127.0.0.0/8 in dotted form, or `::1`.
    static func isLoopback(_ host: String) -> Bool {
        if host.equalsIgnoringASCIICase("localhost") || host.equalsIgnoringASCIICase("::1") { return true }
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].elementsEqual("127".utf8) else { return false }
        return parts.allSatisfy { part in
            (1...3).contains(part.count) && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }

    /// The host of `host`, `host:port`, `[address]` or `[address]:port`.
    static func withoutPort(_ authority: String) -> String {
        let bytes = authority.utf8
        if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
            return String(Substring(bytes[bytes.index(after: bytes.startIndex)..<end]))
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return authority }
        return String(Substring(bytes[..<colon]))
    }
}
