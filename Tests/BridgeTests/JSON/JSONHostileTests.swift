import JSON
import Testing

/// Documents made to be slow or to crash; each must be answered within a bound that a quadratic algorithm misses by far.
@Suite("JSON: hostile documents")
struct JSONHostileTests {
    /// Generous for a debug build on a busy machine; quadratic work on these documents takes minutes.
    private static let bound = Duration.seconds(10)

    private func code(of document: [UInt8]) -> JSONError.Code? {
        var code: JSONError.Code?
        let elapsed = ContinuousClock().measure {
            do throws(JSONError) { _ = try JSONValue.parse(document) } catch { code = error.code }
        }
        #expect(elapsed < Self.bound)
        return code
    }

    @Test("a million brackets", arguments: ["[", "]", "{", "[{", "{\"a\":", "[["])
    func brackets(unit: String) {
        let document = Array(String(repeating: unit, count: 1_000_000 / unit.utf8.count).utf8)
        #expect(code(of: document) == (unit.hasPrefix("]") || unit == "{" || unit == "[{" ? .syntax : .tooDeep))
    }

    @Test("200,000 opened and closed empty arrays are too many values")
    func manyValues() {
        let document = Array(("[" + String(repeating: "[],", count: 200_000) + "[]]").utf8)
        #expect(code(of: document) == .tooManyValues)
    }

    @Test("20,000 names with a long common beginning: read when distinct, refused when one repeats")
    func commonPrefixes() {
        let names = (0..<20_000).map { "\"a common beginning that is rather long \($0)\":0" }
        #expect(code(of: Array(("{" + names.joined(separator: ",") + "}").utf8)) == nil)
        let repeated = Array(("{" + names.joined(separator: ",") + ",\(names[123])}").utf8)
        #expect(code(of: repeated) == .duplicateName)
    }

    @Test("20,000 names that collide in the usual string hashes (31, 33 and FNV-like folds): \"Aa\" and \"BB\" blocks")
    func collidingNames() {
        // Every string of these blocks has one hash under h = 31h + c; the position of the bits makes them distinct.
        let names = (0..<20_000).map { number in
            "\"" + (0..<15).map { number >> $0 & 1 == 0 ? "Aa" : "BB" }.joined() + "\":0"
        }
        #expect(code(of: Array(("{" + names.joined(separator: ",") + "}").utf8)) == nil)
        #expect(code(of: Array(("{" + names.joined(separator: ",") + ",\(names[19_999])}").utf8)) == .duplicateName)
    }

    @Test("nothing at all, read by a parser that was just made")
    func emptyFirst() {
        // A document this long is read by a parser that is thrown away afterwards.
        #expect(code(of: Array(repeating: UInt8(ascii: " "), count: 200_000) + [UInt8(ascii: "1")]) == nil)
        #expect(code(of: []) == .empty)
    }

    @Test("one string of a million escapes")
    func escapes() {
        #expect(code(of: Array(("\"" + String(repeating: "\\u0041", count: 170_000) + "\"").utf8)) == nil)
        #expect(code(of: Array(("\"" + String(repeating: "\\u0041", count: 170_000) + "\\ud800\"").utf8)) == .invalidUTF8)
    }

    @Test("a number of a million digits")
    func longNumbers() {
        let digits = String(repeating: "1", count: 1_000_000)
        #expect(code(of: Array(digits.utf8)) == .numberOutOfRange)
        #expect(code(of: Array(("0." + digits).utf8)) == nil)
        #expect(code(of: Array((digits + ".0").utf8)) == .numberOutOfRange)
    }
}
