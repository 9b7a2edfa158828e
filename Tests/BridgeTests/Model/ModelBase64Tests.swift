import Model
import Testing

@Suite("Base64")
struct ModelBase64Tests {
    @Test("what is encoded is decoded to the same bytes, with and without its padding")
    func roundTrip() {
        var random = RulesRandom(seed: 5)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let text = Array(Base64.encode(bytes).utf8)
            #expect(Base64.decode(text) == bytes && Base64.decodeLeniently(text) == bytes)
            #expect(Base64.decodeLeniently(text.filter { $0 != UInt8(ascii: "=") }) == bytes)
        }
    }

    @Test(
        "only the canonical form is taken, unless it is asked for leniently",
        arguments: [
            ("", "", ""), ("TQ==", "M", "M"), ("TWE=", "Ma", "Ma"), ("TWFu", "Man", "Man"),
            // Without the padding, with stray bits, over two lines.
            ("TQ", nil, "M"), ("TWE", nil, "Ma"), ("TR==", nil, "M"), ("TWF=", nil, "Ma"), ("TW\r\nFu", nil, "Man"),
            // Too little, too much or misplaced padding; other characters; a length that no bytes have.
            ("TQ=", nil, nil), ("TQ===", nil, nil), ("====", nil, nil), ("=", nil, nil), ("T=Q=", nil, nil),
            ("TWE=TWE=", nil, nil),
            ("TW Fu", nil, nil), ("-_8=", nil, nil), ("T", nil, nil), ("TWFuT", nil, nil), ("TWF\u{12A}", nil, nil),
        ] as [(String, String?, String?)])
    func forms(text: String, strict: String?, lenient: String?) {
        #expect(Base64.decode(Array(text.utf8)) == strict.map { Array($0.utf8) })
        #expect(Base64.decodeLeniently(Array(text.utf8)) == lenient.map { Array($0.utf8) })
    }
}
