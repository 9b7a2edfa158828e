import Model
import Testing
import VPSAPI

private func server(
    _ id: Int64, _ name: String, hostname: String? = nil, ip: String? = nil, ipv6: String? = nil
) -> Server {
    Server(id: ServerID(rawValue: id), name: name, hostname: hostname, status: .active, ipAddress: ip, ipv6Address: ipv6)
}

private let fleet = [
    server(1, "web-1", hostname: "web-1.example.com", ip: "198.51.100.1", ipv6: "2001:0DB8:0:0:0:0:0:1"),
    server(2, "web-2", hostname: "web-2.example.com", ip: "198.51.100.2", ipv6: "2001:db8::2"),
    server(12, "db-1", hostname: "DB-1.Example.COM", ip: nil, ipv6: "2001:db8::c"),
    server(20, "Kern", hostname: "kern.example.com", ip: "198.51.100.20"),
    server(21, "caf\u{E9}", hostname: "caf\u{E9}.example.com", ip: "198.51.100.21"),
    server(30, "31", hostname: "thirty.example.com", ip: "198.51.100.30"),
    server(31, "thirty-one", hostname: "198.51.100.30", ip: "198.51.100.31"),
    server(40, "twin", hostname: "a.example.com"), server(41, "twin", hostname: "b.example.com"),
    server(50, "shared", hostname: "web-50.example.com", ip: "198.51.100.50"),
    server(51, "other", hostname: "shared", ip: "not an address"),
    server(60, "empty", hostname: "", ip: "", ipv6: ""),
]
private let aliases: [String: ServerID] = [
    "frontend": ServerID(rawValue: 1), "node-exporter:9100": ServerID(rawValue: 2), "gone": ServerID(rawValue: 999),
    "web-2": ServerID(rawValue: 1), "db-1": ServerID(rawValue: 12), "r\u{E9}sum\u{E9}": ServerID(rawValue: 2),
]

@Suite("ServerResolver")
struct VPSAPIResolverTests {
    private static let found: [(String, Int64)] = [
        ("frontend", 1), ("frontend:9100", 1), ("https://frontend/metrics", 1), ("node-exporter:9100", 2),
        ("r\u{E9}sum\u{E9}", 2),
        ("1", 1), ("12", 12), ("198.51.100.1", 1), ("198.51.100.1:9100", 1), ("http://198.51.100.2/x?y#z", 2),
        ("::ffff:198.51.100.1", 1), ("[::FFFF:198.51.100.1]:80", 1), ("::ffff:c633:6401", 1),
        ("2001:db8::1", 1), ("2001:DB8:0::0:1", 1), ("[2001:db8::1]", 1), ("[2001:db8::2]:9100", 2),
        ("https://[2001:db8::c]:8443/", 12),
        ("2001:db8:0:0:0:0:0.0.0.2", 2), ("web-1", 1), ("web-1:9100", 1), ("web-1.example.com", 1), ("WEB-1.EXAMPLE.com:443", 1),
        ("https://db-1.example.com", 12), ("db-1", 12), ("Kern", 20), ("KERN.example.com", 20), ("caf\u{E9}", 21),
        ("https://caf\u{E9}.example.com:443/", 21), ("30", 30), ("tcp+tls://web-1:22", 1), ("empty", 60),
    ]

    @Test("one server", arguments: found)
    func one(target: String, id: Int64) {
        let resolver = ServerResolver(aliases: aliases)
        guard case .one(let server) = resolver.resolve(target, among: fleet) else {
            Issue.record("\(resolver.resolve(target, among: fleet))")
            return
        }
        #expect(server.id.rawValue == id)
    }

    private static let ambiguous: [(String, [Int64])] = [
        ("twin", [40, 41]), ("31", [30, 31]), ("198.51.100.30", [30, 31]), ("198.51.100.30:80", [30, 31]),
        ("shared", [50, 51]), ("web-2", [1, 2]), ("https://web-2/", [1, 2]),
    ]

    @Test("several servers: nothing is done to any", arguments: ambiguous)
    func several(target: String, ids: [Int64]) {
        guard case .several(let servers) = ServerResolver(aliases: aliases).resolve(target, among: fleet) else {
            Issue.record("not several")
            return
        }
        #expect(servers.map(\.id.rawValue) == ids)
    }

    private static let none: [String] = [
        "", " ", "\0", "nothing", "gone", "gone:9100", "999", "0", "-1", "+12", "012", " 12", "12 ", "12.0", "0x0c", "1e1",
        "\u{0661}",
        "12:9100", "http://12/", "99999999999999999999", "1/../2", "1%2f", "%31", "1%2F..%2F2", "web-1%00", "web-1\0", "web-1\n",
        " web-1", "web-1 ", "web-1.", "WEB-1", "web", "web-1.example", "web-1.example.com.", "web-1/", "web-1/metrics", "*",
        "web-*",
        "\u{212A}ern", "\u{212A}ERN.example.com", "cafe\u{301}", "cafe\u{301}.example.com", "CAF\u{C9}.example.com",
        "re\u{301}sume\u{301}",
        "web\u{2010}1", "web-1\u{200B}", "\u{FF11}", "\u{202E}1-bew", "FRONTEND", "front",
        "web-1:", "web-1:0", "web-1:65536", "web-1:99999999", "web-1:-1", "web-1:80:80", ":9100", "[web-1]", "[web-1]:80", "[1]",
        "[12]:80",
        "[198.51.100.1]", "[2001:db8::1", "2001:db8::1]", "[2001:db8::1]x", "[2001:db8::1]:", "[2001:db8::1%25eth0]",
        "2001:db8::1%eth0",
        "2001:db8:::1", "2001:db8::1::", "2001:db8::00001", "1:2:3:4:5:6:7:8:9", "198.51.100.01", "198.51.100.1.", "198.51.100",
        "3325256705",
        "0306.063.0144.01", "198.51.100.256", "http://", "http:///web-1", "http://web-1@evil/", "http://evil@web-1/",
        "http://web-1:80@evil/",
        "http://web-1\\@evil/", "http://evil\\.web-1", "http://web-1 /", "http://web-1\n/", "http://web-1:/", "http://evil/web-1",
        "http://evil/?http://web-1/", "http://evil#web-1", "://web-1", "1http://web-1", "http:/web-1", "http:web-1", "//web-1",
        "//web-1/x",
        "http://web-1%2eexample.com", "http://http://web-1", "[not an address]", "not an address",
    ]

    @Test("no server", arguments: none)
    func noServer(target: String) {
        #expect(ServerResolver(aliases: aliases).resolve(target, among: fleet) == .none)
    }

    @Test("an alias whose server is gone is none, also where a name matches")
    func danglingAlias() {
        let resolver = ServerResolver(aliases: ["web-1": ServerID(rawValue: 999)])
        #expect(resolver.resolve("web-1", among: fleet) == .none)
        #expect(resolver.resolve("web-1:80", among: fleet) == .none)
    }

    @Test("two listings of one server are one server")
    func duplicates() {
        let resolver = ServerResolver(aliases: [:])
        #expect(resolver.resolve("web-1", among: fleet + fleet) == .one(fleet[0]))
    }

    @Test("no servers, no answer; a text over the limit names nothing")
    func limits() {
        let resolver = ServerResolver(aliases: aliases)
        #expect(resolver.resolve("web-1", among: []) == .none)
        let long = String(repeating: "a", count: 2_049)
        #expect(resolver.resolve(long, among: [server(1, long)]) == .none)
        #expect(resolver.resolve(String(long.dropLast()), among: [server(1, String(long.dropLast()))]) != .none)
    }
}
