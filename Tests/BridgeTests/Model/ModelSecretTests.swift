import Model
import Testing

@Suite("Model: secrets")
struct ModelSecretTests {
    @Test(
        "matches exactly the same bytes",
        arguments: [
            ("s3cr3t", "s3cr3t", true), ("s3cr3t", "s3cr3T", false), ("s3cr3t", "s3cr3", false), ("s3cr3t", "s3cr3tt", false),
            ("s3cr3t", "", false), ("", "", false), ("", "x", false), ("a", "aa", false), ("aa", "a", false),
            ("abab", "ab", false),
            ("é", "e\u{301}", false), ("K", "\u{212A}", false), ("a\u{0}", "a", false), ("x", "xx", false),
        ])
    func matches(secret: String, candidate: String, expected: Bool) {
        #expect(Secret(secret).matches(candidate.utf8) == expected)
        #expect(Secret(secret).matches(Array(candidate.utf8)) == expected)
    }

    @Test("every single changed bit is seen")
    func seesEveryBit() {
        let bytes = Array("token-0123456789".utf8)
        let secret = Secret(bytes: bytes)
        #expect(secret.matches(bytes))
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!secret.matches(changed))
        }
    }

    @Test("does not show itself")
    func isRedacted() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)"] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("\(UInt8(ascii: "h"))"))
        }
        #expect(secret.reveal() == Array("hunter2".utf8))
        #expect(Secret("").isEmpty)
    }
}
