/// Reading of `HOST:PORT`.
enum AddressText {
    /// `[::1]:8080` for IPv6; `nil` when host or port is missing or the port is not 0 to 65535.
    static func parse(_ text: String) -> BridgeConfiguration.Address? {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = text[..<colon]
        let digits = text[text.utf8.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard !host.isEmpty else { return nil }
        return BridgeConfiguration.Address(host: String(host), port: port)
    }
}
