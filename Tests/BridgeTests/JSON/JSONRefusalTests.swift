import JSON
import Testing

@Suite("JSON: refusing")
struct JSONRefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        var document: [UInt8]
        var code: JSONError.Code
        var place: String
        var message: String?

        init(_ document: String, _ code: JSONError.Code, _ place: String, _ message: String? = nil) {
            self.init(bytes: Array(document.utf8), code, place, message)
        }

        init(bytes: [UInt8], _ code: JSONError.Code, _ place: String, _ message: String? = nil) {
            document = bytes
            self.code = code
            self.place = place
            self.message = message
        }

        var testDescription: String { "\(String(decoding: document.prefix(40), as: UTF8.self)) -> \(code)" }
    }

    private static let duplicates = [
        Refusal(
            "{\n \"a\": 1,\n  \"status\": 1, \"status\": 2}", .duplicateName, "line 3, column 16",
            #"duplicate member name "status""#),
        Refusal(#"{"a":1,"\u0061":2}"#, .duplicateName, "line 1, column 8", #"duplicate member name "a""#),
        Refusal(#"{"":1,"":2}"#, .duplicateName, "line 1, column 7"),
        Refusal(
            #"[{"x":{"é\n":1,"\u00e9\u000a":2}}]"#, .duplicateName, "line 1, column 16", #"duplicate member name "\u{E9}\u{A}""#),
        Refusal(
            "{" + (0..<40).map { "\"k\($0)\":[{}]," }.joined() + "\"k7\":1}", .duplicateName, "line 1, column 432",
            #"duplicate member name "k7""#),
        Refusal(
            #"{"\#(String(repeating: "n", count: 70))":1,"\#(String(repeating: "n", count: 70))":2}"#, .duplicateName,
            "line 1, column 77", #"duplicate member name "\#(String(repeating: "n", count: 64))...""#),
    ]

    private static let encodings = [
        Refusal(bytes: [0xFF], .invalidUTF8, "line 1, column 1"),
        Refusal(bytes: Array("[\"a\",\"é".utf8) + [0xC3, 0x28] + Array("\"]".utf8), .invalidUTF8, "line 1, column 8"),
        Refusal(bytes: Array("\"".utf8) + [0xC0, 0xAF] + Array("\"".utf8), .invalidUTF8, "line 1, column 2"),
        Refusal(bytes: Array("\"".utf8) + [0xE0, 0x80, 0xAF] + Array("\"".utf8), .invalidUTF8, "line 1, column 2"),
        Refusal(bytes: Array("\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"".utf8), .invalidUTF8, "line 1, column 2"),
        Refusal(bytes: Array("\"".utf8) + [0xF4, 0x90, 0x80, 0x80] + Array("\"".utf8), .invalidUTF8, "line 1, column 2"),
        Refusal(bytes: Array("\"".utf8) + [0xF8, 0x88, 0x80, 0x80, 0x80] + Array("\"".utf8), .invalidUTF8, "line 1, column 2"),
        Refusal(bytes: Array("\"".utf8) + [0xE2, 0x82], .invalidUTF8, "line 1, column 2"),
        Refusal(#""\ud800""#, .invalidUTF8, "line 1, column 2"),
        Refusal(#""x\udc00""#, .invalidUTF8, "line 1, column 3"),
        Refusal(#""\ud800\u0041""#, .invalidUTF8, "line 1, column 2"),
        Refusal(#""\ud800\ud800""#, .invalidUTF8, "line 1, column 2"),
        Refusal(#""\ud800\n""#, .invalidUTF8, "line 1, column 2"),
        Refusal("\u{FEFF}{}", .syntax, "line 1, column 1", "a byte order mark is not allowed"),
        Refusal(bytes: [0x5B, 0x00, 0x31, 0x00, 0x5D, 0x00], .syntax, "line 1, column 2"),
    ]

    private static let numbers = [
        Refusal(#"{"truncatedAlerts":1e400}"#, .numberOutOfRange, "line 1, column 20", "number out of range"),
        Refusal("[-1e999999999999]", .numberOutOfRange, "line 1, column 2"),
        Refusal("[1.7976931348623159e308]", .numberOutOfRange, "line 1, column 2"),
        Refusal("18446744073709551616", .numberOutOfRange, "line 1, column 1"),
        Refusal("-9223372036854775809", .numberOutOfRange, "line 1, column 1"),
        Refusal("123456789012345678901234567890", .numberOutOfRange, "line 1, column 1"),
        Refusal("01", .syntax, "line 1, column 2"),
        Refusal("1.", .syntax, "line 1, column 3"),
        Refusal(".5", .syntax, "line 1, column 1"),
        Refusal("+1", .syntax, "line 1, column 1"),
        Refusal("-", .syntax, "line 1, column 2"),
        Refusal("1e+", .syntax, "line 1, column 4"),
        Refusal("0x10", .syntax, "line 1, column 2"),
        Refusal("NaN", .syntax, "line 1, column 1"),
    ]

    private static let syntax = [
        Refusal("", .empty, "line 1, column 1"),
        Refusal(" \n ", .empty, "line 2, column 2"),
        Refusal("[1] x", .syntax, "line 1, column 5", #"unexpected "x"; expected the end of the document"#),
        Refusal("{}{}", .syntax, "line 1, column 3"),
        Refusal(bytes: Array("[1]".utf8) + [0], .syntax, "line 1, column 4"),
        Refusal("[1,]", .syntax, "line 1, column 4"),
        Refusal("{\"a\":1,}", .syntax, "line 1, column 8"),
        Refusal("{\"a\" 1}", .syntax, "line 1, column 6", #"unexpected "1"; expected ":""#),
        Refusal("{a:1}", .syntax, "line 1, column 2"),
        Refusal("['a']", .syntax, "line 1, column 2"),
        Refusal("[1 2]", .syntax, "line 1, column 4"),
        Refusal("{\"a\":1]", .syntax, "line 1, column 7"),
        Refusal("[1", .syntax, "line 1, column 3", #"the document ends here; expected "," or "]""#),
        Refusal("\"abc", .syntax, "line 1, column 5"),
        Refusal("\"a\nb\"", .syntax, "line 1, column 3"),
        Refusal(#""\x41""#, .syntax, "line 1, column 2"),
        Refusal(#""\u00g0""#, .syntax, "line 1, column 6"),
        Refusal("nul", .syntax, "line 1, column 4"),
        Refusal("nulL", .syntax, "line 1, column 4"),
        Refusal("/* c */ 1", .syntax, "line 1, column 1"),
        Refusal("\u{C}[]", .syntax, "line 1, column 1"),
        Refusal("[\u{A0}1]", .syntax, "line 1, column 2", #"unexpected "\u{A0}"; expected a value"#),
        Refusal("[\u{1B}[2J]", .syntax, "line 1, column 2", #"unexpected "\u{1B}"; expected a value"#),
    ]

    @Test("refuses, says what and where", arguments: duplicates + encodings + numbers + syntax)
    func refuses(_ refusal: Refusal) throws {
        let error = try #require(throws: JSONError.self) { try JSONValue.parse(refusal.document) }
        #expect(error.code == refusal.code)
        #expect(error.description.hasPrefix(refusal.place + ":"), "\(error)")
        if let message = refusal.message { #expect(error.message == message) }
        #expect(error.message.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }

    @Test("64 levels are read, 65 are not", arguments: ["[", "{\"a\":"])
    func limitsDepth(opening: String) throws {
        func document(depth: Int) -> [UInt8] {
            let closing = opening == "[" ? "]" : "}"
            let inner = opening == "[" ? "[]" : "{}"
            return Array(
                (String(repeating: opening, count: depth - 1) + inner + String(repeating: closing, count: depth - 1)).utf8)
        }
        #expect(throws: Never.self) { try JSONValue.parse(document(depth: 64)) }
        let error = try #require(throws: JSONError.self) { try JSONValue.parse(document(depth: 65)) }
        #expect(error.code == .tooDeep)
        #expect(error.offset == 64 * opening.utf8.count)
    }

    @Test("a caller's own depth is held, even beyond the parser's", arguments: [1, 3, 1_000, 5_000])
    func limitsDepthAsAsked(depth: Int) throws {
        let limits = JSONLimits(maxDepth: depth)
        let held = min(depth, 1_000)
        func brackets(_ count: Int) -> [UInt8] {
            Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
        }
        #expect(throws: Never.self) { try JSONValue.parse(brackets(held), limits: limits) }
        let error = try #require(throws: JSONError.self) { try JSONValue.parse(brackets(held + 1), limits: limits) }
        #expect(error.code == .tooDeep)
    }

    @Test("the longest document is read, one byte more is refused unread")
    func limitsBytes() throws {
        let longest = [UInt8(ascii: "\"")] + Array(repeating: UInt8(ascii: "x"), count: 1_048_574) + [UInt8(ascii: "\"")]
        #expect(try JSONValue.parse(longest).stringValue?.utf8.count == 1_048_574)
        let error = try #require(throws: JSONError.self) { try JSONValue.parse(longest + [0x20]) }
        #expect(error.code == .tooLarge)
        #expect(error.description == "the document has 1048577 bytes; at most 1048576 are read")
    }

    @Test(
        "counts values, containers included, names not",
        arguments: [(#"[1,2,{"a":3,"b":[]}]"#, 6, 16), ("[[1,2],3]", 5, 7), ("[1,2,3]", 4, 5), ("1", 1, 0)])
    func limitsValues(document: String, count: Int, offset: Int) throws {
        #expect(throws: Never.self) { try JSONValue.parse(Array(document.utf8), limits: JSONLimits(maxValues: count)) }
        let error = try #require(throws: JSONError.self) {
            try JSONValue.parse(Array(document.utf8), limits: JSONLimits(maxValues: count - 1))
        }
        #expect(error.code == .tooManyValues)
        #expect(error.offset == offset)
    }
}
