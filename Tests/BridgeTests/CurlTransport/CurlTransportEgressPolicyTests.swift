import CurlTransport
import Testing

@Suite("EgressPolicy")
struct CurlTransportEgressPolicyTests {
    private static let allowed = [
        "https://hooks.slack.com/commands/T0/1/x", "https://hooks.slack.com", "HTTPS://HOOKS.Slack.COM:443/x?y=@z",
        "https://a.example.org/", "https://a.b.example.org/", "https://_x.example.org/",
    ]

    @Test("what may be contacted", arguments: allowed)
    func admitted(url: String) throws {
        let request = try HTTPRequest(method: .post, url: url, isReplayable: false, destination: .event(try Self.policy()))
        #expect(request.url == url)
    }

    private static let refused: [(String, String)] = [
        ("plain http", "http://hooks.slack.com/"), ("plain http on the port of https", "http://hooks.slack.com:443/"),
        ("another port", "https://hooks.slack.com:8443/"),
        ("the port of http", "https://hooks.slack.com:80/"), ("another host", "https://evil.example/"),
        ("the host as a prefix", "https://hooks.slack.com.evil.example/"),
        ("the host as a suffix", "https://evil-hooks.slack.com/"),
        ("the host as a suffix without a dot", "https://xhooks.slack.com/"),
        ("the host below itself", "https://a.hooks.slack.com/"),
        ("the parent of the host", "https://slack.com/"), ("a suffix itself", "https://example.org/"),
        ("a suffix without its dot", "https://evilexample.org/"),
        ("a suffix in the middle", "https://a.example.org.evil.example/"),
        ("the host in the path", "https://evil.example/hooks.slack.com"),
        ("the host in the query", "https://evil.example?hooks.slack.com"),
        ("an address", "https://127.0.0.1/"), ("a public address", "https://8.8.8.8/"),
        ("a decimal address", "https://2130706433/"),
        ("a hexadecimal address", "https://0x7f000001/"), ("a hexadecimal address in parts", "https://0x7f.0.0.0x1/"),
        ("an octal address", "https://0177.0.0.1/"), ("an octal address in one part", "https://017700000001/"),
        ("a short address", "https://127.1/"), ("zero", "https://0/"), ("0x and no more", "https://0x/"),
        ("an address that overflows", "https://4294967296/"),
        ("an address below an allowed suffix", "https://1.1.1.1.example.org.1/"),
        ("loopback of IPv6", "https://[::1]/"), ("v4-mapped", "https://[::ffff:127.0.0.1]/"),
        ("v4-mapped in hexadecimal", "https://[::ffff:7f00:1]/"), ("a public address of IPv6", "https://[2606:4700::1111]/"),
        ("link-local of IPv6", "https://[fe80::1]/"), ("localhost", "https://localhost/"),
        ("metadata by name", "https://metadata.google.internal/"),
    ]

    @Test("what may not", arguments: refused)
    func refusal(scenario: String, url: String) throws {
        let policy = try Self.policy()
        let error = #expect(throws: HTTPRequestError.self) {
            try HTTPRequest(method: .post, url: url, isReplayable: false, destination: .event(policy))
        }
        #expect(error?.code == .egress)
        #expect(error?.reason.contains("evil") == false)
        _ = try HTTPRequest(method: .post, url: url, isReplayable: false, destination: .configured)
    }

    private static let reasons: [(String, String)] = [
        ("http://hooks.slack.com:443/", "https"), ("https://hooks.slack.com:444/", "port 443"),
        ("https://8.8.8.8/", "IP address"),
        ("https://2130706433/", "IP address"), ("https://0x7f000001/", "IP address"), ("https://0177.0.0.1/", "IP address"),
        ("https://127.1/", "IP address"), ("https://0x/", "IP address"), ("https://a.1/", "IP address"),
        ("https://[::1]/", "IP address"),
        ("https://[::ffff:8.8.8.8]/", "IP address"), ("https://1.example/", "list of hosts"),
        ("https://0x1g.0x1g/", "list of hosts"),
        ("https://evil.example/", "list of hosts"),
    ]

    @Test("the reason says what would have to be different", arguments: reasons)
    func reason(url: String, word: String) throws {
        let error = #expect(throws: HTTPRequestError.self) { try Self.policy().check(HTTPURL(url)) }
        #expect(error?.reason.contains(word) == true)
    }

    private static let tricks: [(String, HTTPRequestError.Code)] = [
        ("https://hooks.slack.com@evil.example/", .urlUserinfo), ("https://hooks.slack.com:443@evil.example/", .urlUserinfo),
        ("https://evil.example@hooks.slack.com/", .urlUserinfo), ("https://hooks.slack.com%40evil.example/", .urlHost),
        ("https://evil.example\\@hooks.slack.com/", .urlMalformed), ("https://evil.example#@hooks.slack.com/", .urlMalformed),
        ("https://hooks.slack.com\\.evil.example/", .urlMalformed), ("https://hooks.slack.com.", .urlHost),
        ("https://hooks.slack.com./x", .urlHost), ("https://hooks%2eslack.com/", .urlHost),
        ("https:hooks.slack.com/", .urlScheme),
        ("//hooks.slack.com/", .urlScheme), ("https://hooks.slac\u{212A}.com/", .urlMalformed),
        ("https://hooks.slack\u{3002}com/", .urlMalformed),
        ("https://127.0.0\u{FF0E}1/", .urlMalformed), ("https://\u{2460}27.0.0.1/", .urlMalformed),
        ("https://hooks.slack.com\r\n/", .forbiddenByte),
        ("https://hooks.slack.com\0.evil.example/", .forbiddenByte), ("https://[::ffff:127.0.0.1%25lo]/", .urlHost),
        ("https://[127.0.0.1]/", .urlHost), ("https://127.0.0.1./", .urlHost), ("ftp://hooks.slack.com/", .urlScheme),
        ("file://hooks.slack.com/etc/passwd", .urlScheme), ("gopher://hooks.slack.com/", .urlScheme),
    ]

    @Test("what is no URL at all for anybody", arguments: tricks)
    func trick(url: String, code: HTTPRequestError.Code) throws {
        let policy = try Self.policy()
        for destination in [HTTPRequest.Destination.configured, .event(policy)] {
            let error = #expect(throws: HTTPRequestError.self) {
                try HTTPRequest(method: .post, url: url, isReplayable: false, destination: destination)
            }
            #expect(error?.code == code)
        }
    }

    private static let lists: [[String]] = [
        [], [""], ["."], [".com"], ["com"], ["localhost"], ["*.slack.com"], ["hooks.slack.com:443"], ["https://hooks.slack.com"],
        ["hooks.slack.com/"], ["hooks.slack.com."], ["..slack.com"], ["hooks..slack.com"], ["127.0.0.1"], ["2130706433"],
        [".1.1"],
        ["[::1]"], ["::1"], ["user@slack.com"], ["b\u{FC}cher.example"], ["hooks.slac\u{212A}.com"],
        ["hooks.slack.com", "a b.example"],
        ["hooks.slack.com\n"], ["hooks.slack.com\0"], [String(repeating: "a.", count: 130) + "example"],
        Array(repeating: "hooks.slack.com", count: 65),
    ]

    @Test("a list that is none", arguments: lists)
    func list(hosts: [String]) {
        let error = #expect(throws: HTTPRequestError.self) { try EgressPolicy(allowedHosts: hosts) }
        #expect(error?.code == .egress)
    }

    @Test("a list is read whatever its case, and a host of it is matched by ASCII bytes alone")
    func letterCase() throws {
        let policy = try EgressPolicy(allowedHosts: ["HOOKS.Slack.com", ".Example.ORG"])
        #expect(policy == (try Self.policy()))
        try policy.check(HTTPURL("https://Hooks.SLACK.com/"))
    }

    private static func policy() throws -> EgressPolicy {
        try EgressPolicy(allowedHosts: ["hooks.slack.com", ".example.org"])
    }
}
