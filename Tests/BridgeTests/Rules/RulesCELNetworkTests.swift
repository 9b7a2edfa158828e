import JSON
import Testing

@testable import Rules

@Suite("rules: the network extension")
struct RulesCELNetworkTests {
    @Test(
        "addresses are read and written in their canonical form",
        arguments: [
            ("192.168.0.1", "192.168.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
            ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
            ("0:0:0:0:0:0:0:0", "::"), ("::192.168.0.1", "::c0a8:1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("::ffff:c0a8:1", "::ffff:c0a8:1"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("fe80::0001", "fe80::1"),
        ])
    func addresses(_ text: String, _ canonical: String) {
        #expect(RulesExpressionOutcome.of("string(ip('\(text)'))") == "\"\(canonical)\"")
        #expect(RulesExpressionOutcome.of("isIP('\(text)')") == "true")
        #expect(RulesExpressionOutcome.of("ip.isCanonical('\(text)')") == String(text == canonical))
        #expect(RulesExpressionOutcome.of("ip('\(text)') == ip('\(canonical)')") == "true")
    }

    @Test(
        "what is no address",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.04", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4", "1.2.3.4 ",
            "1..3.4",
            "1.2.3.4/8", "127.0.0.1:80", ":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8", "12345::", "g::", ":1::", "1:", "fe80::1%en0", "::ffff:192.168.0.1", "::1.2.3", "1.2.3.4::",
            "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "[::1]", "not.an.ip", "１.2.3.4",
        ])
    func noAddress(_ text: String) {
        #expect(RulesExpressionOutcome.of("isIP('\(text)')") == "false")
        #expect(RulesExpressionOutcome.of("ip('\(text)')") == "!invalid_value")
        #expect(RulesExpressionOutcome.of("ip.isCanonical('\(text)')") == "!invalid_value")
    }

    @Test(
        "what addresses are for",
        arguments: [
            ("127.0.0.1", "4 loopback"), ("127.255.0.1", "4 loopback"), ("128.0.0.1", "4 global"), ("0.0.0.0", "4 unspecified"),
            ("10.0.0.1", "4 global"), ("169.254.1.1", "4 local"), ("169.255.1.1", "4 global"), ("224.0.0.1", "4 multicast"),
            ("224.0.1.1", "4"), ("239.1.1.1", "4"), ("255.255.255.255", "4"), ("240.0.0.1", "4 global"), ("::1", "6 loopback"),
            ("::2", "6 global"), ("::", "6 unspecified"), ("fe80::1", "6 local"), ("febf::1", "6 local"), ("fec0::1", "6 global"),
            ("ff02::1", "6 multicast"), ("ff12::1", "6 multicast"), ("ff05::1", "6"), ("2001:db8::1", "6 global"),
            ("fd00::1", "6 global"),
        ])
    func properties(_ text: String, _ expected: String) {
        let names = [
            ("isLoopback", "loopback"), ("isUnspecified", "unspecified"), ("isGlobalUnicast", "global"),
            ("isLinkLocalUnicast", "local"), ("isLinkLocalMulticast", "multicast"),
        ]
        let found = names.filter { RulesExpressionOutcome.of("ip('\(text)').\($0.0)()") == "true" }.map(\.1)
        let family = RulesExpressionOutcome.of("ip('\(text)').family()")
        #expect(([family] + found).joined(separator: " ") == expected, "\(text)")
    }

    @Test(
        "ranges",
        arguments: [
            ("cidr('192.168.0.1/24')", "cidr(192.168.0.1/24)"), ("cidr('192.168.0.1/24').masked()", "cidr(192.168.0.0/24)"),
            ("cidr('192.168.0.1/24').ip()", "ip(192.168.0.1)"), ("cidr('192.168.0.1/24').prefixLength()", "24"),
            ("cidr('2001:db8:ffff::1/33').masked()", "cidr(2001:db8:8000::/33)"),
            ("cidr('::ffff:1/127').masked()", "cidr(::ffff:0/127)"),
            ("cidr('1:2:3:4:5:6:7:8/64').masked()", "cidr(1:2:3:4::/64)"), ("cidr('1.2.3.4/0').masked()", "cidr(0.0.0.0/0)"),
            ("cidr('1.2.3.4/32').masked()", "cidr(1.2.3.4/32)"), ("cidr('::1/128').masked()", "cidr(::1/128)"),
            ("cidr('1::/0').masked()", "cidr(::/0)"), ("cidr('10.0.0.0/8').isMask()", "true"),
            ("cidr('10.0.0.1/8').isMask()", "false"),
            ("cidr('10.0.0.0/8').containsIP('10.255.255.255')", "true"),
            ("cidr('10.0.0.0/8').containsIP(ip('11.0.0.0'))", "false"),
            ("cidr('0.0.0.0/0').containsIP('255.1.2.3')", "true"), ("cidr('::/0').containsIP('1.2.3.4')", "false"),
            ("cidr('0.0.0.0/0').containsIP('::1')", "false"), ("cidr('10.1.2.3/8').containsIP('10.9.9.9')", "true"),
            ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", "true"),
            ("cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')", "false"),
            ("cidr('10.0.0.0/8').containsCIDR(cidr('10.0.0.0/8'))", "true"),
            ("cidr('10.0.0.0/8').containsCIDR('::/16')", "false"),
            ("cidr('10.0.0.0/8').containsIP('nope')", "!invalid_value"),
            ("cidr('10.0.0.0/8').containsCIDR('nope')", "!invalid_value"),
            ("cidr('10.0.0.0/8').containsIP(1)", "!no_such_overload"), ("cidr('10.0.0.1/8') == cidr('10.0.0.0/8')", "false"),
            ("string(cidr('2001:DB8::/32'))", "\"2001:db8::/32\""), ("type(cidr('10.0.0.0/8')) == net.CIDR", "true"),
            ("type(ip('::1')) == net.IP", "true"), ("ip(cidr('10.0.0.0/8'))", "!no_such_overload"),
            ("'10.0.0.1'.ip()", "!no_such_overload"), ("isIP(ip('::1'))", "!no_such_overload"), ("isCIDR('10.0.0.1/8')", "true"),
            ("isCIDR('10.0.0.0/33')", "false"), ("isCIDR('10.0.0.0/08')", "false"), ("isCIDR('10.0.0.0/+8')", "false"),
            ("isCIDR('10.0.0.0/')", "false"), ("isCIDR('10.0.0.0')", "false"), ("isCIDR('::1/129')", "false"),
            ("isCIDR('10.0.0.0/8/8')", "false"), ("isCIDR('fe80::1%en0/24')", "false"),
            ("cidr('10.0.0.0/255.0.0.0')", "!invalid_value"),
            ("ip('10.0.0.1') < ip('10.0.0.2')", "!no_such_overload"), ("ip('10.0.0.1') == '10.0.0.1'", "false"),
            ("{ip('::1'): 1}", "!type"), ("ip('10.0.0.1') in [ip('10.0.0.1')]", "true"),
        ])
    func ranges(_ text: String, _ expected: String) {
        #expect(RulesExpressionOutcome.of(text) == expected, "\(text)")
    }

    @Test("addresses become texts in JSON")
    func json() throws {
        let address = try #require(CELAddress(text: "2001:DB8::1"))
        #expect(try CELValue.ip(address).json() == .string("2001:db8::1"))
    }
}
