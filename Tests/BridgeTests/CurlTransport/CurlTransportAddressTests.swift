import CurlTransport
import Testing

@Suite("PublicAddress")
struct CurlTransportAddressTests {
    private static let addresses: [(String, Bool)] = [
        ("8.8.8.8", true), ("1.1.1.1", true), ("9.255.255.255", true), ("11.0.0.0", true), ("100.63.255.255", true),
        ("100.128.0.0", true),
        ("172.15.255.255", true), ("172.32.0.0", true), ("198.17.255.255", true), ("198.20.0.0", true), ("223.255.255.255", true),
        ("0.0.0.0", false), ("0.1.2.3", false), ("10.0.0.1", false), ("10.255.255.255", false), ("100.64.0.0", false),
        ("100.127.255.255", false), ("127.0.0.1", false), ("127.255.255.254", false), ("169.254.169.254", false),
        ("172.16.0.0", false),
        ("172.31.255.255", false), ("192.0.0.8", false), ("192.0.2.1", false), ("192.88.99.1", false), ("192.168.0.1", false),
        ("198.18.0.0", false), ("198.19.255.255", false), ("198.51.100.1", false), ("203.0.113.1", false), ("224.0.0.1", false),
        ("239.255.255.255", false), ("240.0.0.1", false), ("255.255.255.255", false),
        ("2606:4700:4700::1111", true), ("2a00:1450::1", true), ("3ffe::1", true), ("::ffff:8.8.8.8", true),
        ("::", false), ("::1", false), ("::ffff:127.0.0.1", false), ("::ffff:a00:1", false), ("::127.0.0.1", false),
        ("64:ff9b::7f00:1", false), ("64:ff9b::a9fe:a9fe", false), ("64:ff9b::808:808", true), ("64:ff9b:1::808:808", false),
        ("::ffff:169.254.169.254", false), ("::ffff:0:8.8.8.8", false), ("::8.8.8.8", false), ("fd00:ec2::254", false),
        ("fd20:ce::254", false), ("100:0:0:1::1", false), ("5f00::1", false), ("1fff:ffff::1", false), ("2000::1", true),
        ("2001:db7:ffff::1", true), ("2001:db9::1", true), ("2003::1", true), ("febf::1", false), ("fe80::1%lo", false),
        ("fc00::1", false), ("fdff::1", false), ("fe80::1", false), ("fec0::1", false), ("ff02::1", false), ("100::1", false),
        ("2001::1", false), ("2001:1ff:ffff::1", false), ("2001:200::1", true), ("2001:db8::1", false), ("2002:7f00:1::", false),
        ("3fff::1", false), ("3fff:fff::1", false), ("4000::1", false), ("", false), ("localhost", false), ("8.8.8.8\0", false),
    ]

    @Test("public addresses and others", arguments: addresses)
    func address(text: String, isPublic: Bool) {
        #expect(PublicAddress.contains(text) == isPublic)
    }
}
