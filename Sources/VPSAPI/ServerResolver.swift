package import Model

/// Which server a text names.
package enum Resolution: Sendable, Hashable {
    /// Exactly one.
    case one(Server)
    /// None; also when an alias names a server that does not exist.
    case none
    /// More than one, in the order of their ids: nothing may be done to any of them.
    case several([Server])
}

/// Finds the server that an alert or a person means: the right one or none.
///
/// Pure. Compares bytes: no case folding but ASCII's in host names, no normalisation, no decoding, no prefixes.
package struct ServerResolver: Sendable {
    /// The longest text that is looked at, in bytes; longer ones name nothing.
    package static let targetBytesMax = 2_048

    /// By bytes: a dictionary of strings would take canonically equivalent names for the same.
    private let aliases: [[UInt8]: ServerID]

    /// - Parameter aliases: Names of the bridge's own configuration for servers.
    package init(aliases: [String: ServerID]) {
        var byBytes: [[UInt8]: ServerID] = [:]
        for (name, id) in aliases { byBytes[Array(name.utf8)] = id }
        self.aliases = byBytes
    }

    /// The server that the text names in any way.
    ///
    /// The whole text is looked up as alias, id (decimal, no sign, no leading zero), IPv4 or IPv6 address (in any valid
    /// notation), host name (ASCII case ignored) and name; of `host:port`, `[v6]:port` and a URL also the host, as all of these
    /// but the id. No way comes before another: only when all that match lead to the same server is it `one`.
    package func resolve(_ target: String, among servers: [Server]) -> Resolution {
        let text = Array(target.utf8)
        guard (1...Self.targetBytesMax).contains(text.count) else { return .none }
        var readings = [TargetReading(text[...], mayBeID: true)]
        if let host = TargetHost.reduce(text) { readings.append(TargetReading(host, mayBeID: false)) }

        var found: [ServerID: Server] = [:]
        var wanted: Set<ServerID> = []
        for reading in readings {
            if let id = aliases[reading.bytes] { wanted.insert(id) }
        }
        for server in servers where wanted.contains(server.id) || readings.contains(where: { $0.names(server) }) {
            found[server.id] = server
        }
        // An alias whose server is gone: whatever else the text matches is not what its author meant.
        guard wanted.allSatisfy({ found[$0] != nil }) else { return .none }
        let matches = found.values.sorted { $0.id < $1.id }
        switch matches.count {
        case 0: return .none
        case 1: return .one(matches[0])
        default: return .several(matches)
        }
    }
}

/// One way to read a target.
private struct TargetReading {
    let bytes: [UInt8]
    private let id: ServerID?
    private let address: IPAddress?
    private let lowercased: [UInt8]

    init(_ text: ArraySlice<UInt8>, mayBeID: Bool) {
        bytes = Array(text)
        id = mayBeID ? Self.id(text) : nil
        address = IPAddress(text)
        lowercased = text.map(Self.asciiLowercased)
    }

    func names(_ server: Server) -> Bool {
        if let id, server.id == id { return true }
        if server.name.utf8.elementsEqual(bytes) { return true }
        if let hostname = server.hostname, hostname.utf8.lazy.map(Self.asciiLowercased).elementsEqual(lowercased) { return true }
        guard let address else { return false }
        return [server.ipAddress, server.ipv6Address].contains { text in
            text.flatMap { IPAddress($0.utf8) } == address
        }
    }

    /// A decimal number above 0 as it is printed: "+12", "012" and " 12" are other texts.
    private static func id(_ text: ArraySlice<UInt8>) -> ServerID? {
        guard text.count <= 19, let first = text.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first),
            text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(String(decoding: text, as: UTF8.self))
        else { return nil }
        return ServerID(rawValue: number)
    }

    private static func asciiLowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
