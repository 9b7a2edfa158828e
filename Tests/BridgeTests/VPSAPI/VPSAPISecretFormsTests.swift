import Model
import Testing

@testable import VPSAPI

@Suite("Secrets in answers")
struct VPSAPISecretFormsTests {
    private static let token = #"tok-7f3a"/\+=é"#

    private static func hidden(_ text: String, _ secret: String = token) -> String {
        String(decoding: PrintableText.hiding([Secret(secret)], in: Array(text.utf8)), as: UTF8.self)
    }

    @Test(
        "it is struck out in whatever form it comes back",
        arguments: [
            token, #"tok-7f3a\"/\\+=é"#, #"tok-7f3a\"\/\\+=\u00e9"#, #"tok-7f3a\u0022\u002F\u005C+=\u00E9"#,
            #"\u0074\u006f\u006b\u002d\u0037\u0066\u0033\u0061\u0022\u002f\u005c\u002b\u003d\u00e9"#,
            // JSON as a text in JSON, twice over
            #"tok-7f3a\\\"/\\\\+=\\u00e9"#, #"tok-7f3a\\\\\\\"/\\\\\\\\+=\\\\u00e9"#,
            "tok-7f3a%22%2F%5C%2B%3D%C3%A9", "tok-7f3a%22/%5c%2b=%c3%a9", "%74ok-7f3a%22%2F%5C%2B%3D%C3%A9",
            "tok-7f3a&quot;/&#92;+=&#233;", "tok-7f3a&#34;&#x2F;\\+=&#xE9;", "TOK-7F3A\"/\\+=é",
            "746f6b2d376633612f", "746f6b2d37663361222f5c2b3dc3a9", "746F6B2D37663361222F5C2B3DC3A9",
        ])
    func forms(_ form: String) {
        let shown = Self.hidden("{\"you sent\": \"\(form)\"}")
        if form == "746f6b2d376633612f" {
            // Another text's hexadecimal stays.
            #expect(shown.contains(form))
        } else {
            #expect(shown.hasPrefix("{\"you sent\": \"<redacted>"), "\(shown)")
            #expect(!shown.contains("7f3a") && !shown.contains("é"), "\(shown)")
        }
    }

    @Test("of Base64 nothing is left that tells more than a byte at its ends", arguments: 0..<7, ["+/", "-_"])
    func base64(offset: Int, tail: String) {
        let secret = "s3cr3t-\u{FF}\u{FB}/value"
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: offset) + Array(secret.utf8) + Array("yz".utf8)
        let encoded = Self.base64(bytes, tail: tail)
        for text in [encoded, encoded.split(separator: "/").joined(separator: "\\/")] {
            let shown = Self.hidden("Basic \(text)", secret)
            #expect(shown.contains("<redacted>"), "\(shown)")
            #expect(shown.utf8.count <= "Basic ".utf8.count + (offset * 8 + 5) / 6 + "<redacted>".utf8.count + 5, "\(shown)")
        }
    }

    @Test(
        "what only looks like it stays as it is",
        arguments: [
            "", "\\", "%", "&", "\\\\\\", "%2", "&#", "&#x;", "tok-7f3", "tok%2", "\\u00", "t\u{6F}k", "{\"a\":\"\\\\b\"}",
            "&#99999999;", "%zz", "tok-7f3a\\u", "tok-7f3a%22%2",
        ])
    func others(_ text: String) {
        #expect(Self.hidden(text) == text)
    }

    @Test("JSON stays JSON, and of two secrets of which one begins the other nothing is left")
    func several() {
        let secrets = [Secret("abcd"), Secret("abcd-efgh")]
        let shown = PrintableText.hiding(secrets, in: Array(#"["abcd-efgh","x\\abcd","\"abcd\""]"#.utf8))
        #expect(String(decoding: shown, as: UTF8.self) == #"["<redacted>","x<redacted>","\"<redacted>\""]"#)
    }

    @Test("a JSON body that comes back in hexadecimal or Base64 holds the secret with its escapes")
    func encodedJSON() {
        let body = Array(#"{"key":"tok-7f3a\"/\\+=é"}"#.utf8)
        let hex = body.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for text in [hex, Self.base64(body, tail: "+/"), Self.base64(body, tail: "-_")] {
            let shown = Self.hidden(text)
            #expect(shown.contains("<redacted>") && shown.utf8.count < text.utf8.count, "\(shown)")
        }
    }

    @Test("a secret with line ends, such as a private key, is found in JSON")
    func lines() {
        #expect(Self.hidden(#"{"key":"-----BEGIN\nabc\n"}"#, "-----BEGIN\nabc\n") == #"{"key":"<redacted>"}"#)
    }

    @Test("no secret, one that is no text, and one of backslashes alone are no trap")
    func odd() {
        #expect(Self.hidden("abc", "") == "abc")
        #expect(Self.hidden("a\\\\c", "\\\\") == "a\\\\c")
        let bytes = PrintableText.hiding([Secret(bytes: [0xFF, 0x41, 0xFE])], in: [0x42, 0xFF, 0x41, 0xFE])
        #expect(String(decoding: bytes, as: UTF8.self) == "B<redacted>")
    }

    @Test("an excerpt that ends within the token, in its longest form, shows nothing of it")
    func excerpt() {
        let escaped = Self.token.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
        let many = PrintableText.excerpt(
            Array(repeating: Array(escaped.utf8), count: 40).flatMap { $0 }, hiding: Secret(Self.token))
        #expect(many == String(repeating: "<redacted>", count: 40))
        for length in stride(from: 420, through: 500, by: 1) {
            let body = String(repeating: "x", count: length) + escaped + "tail"
            let shown = PrintableText.excerpt(Array(body.utf8), hiding: Secret(Self.token))
            #expect(!shown.contains("u00"), "\(length): \(shown.suffix(40))")
        }
    }

    @Test("a long answer full of beginnings is read in time that grows with its length")
    func hostile() {
        let bytes = [UInt8](repeating: UInt8(ascii: "\\"), count: 100_000) + [UInt8](repeating: UInt8(ascii: "%"), count: 100_000)
        #expect(PrintableText.hiding([Secret(Self.token)], in: bytes) == bytes)
    }

    private static func base64(_ bytes: [UInt8], tail: String) -> String {
        let alphabet = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + tail).utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for index in 0...group.count { text.append(alphabet[(bits >> (18 - 6 * index)) & 63]) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
