import JSON
import Testing

@Suite("JSON: reading")
struct JSONParseTests {
    @Test(
        "reads every kind of value",
        arguments: [
            ("null", .null), ("true", true), ("false", false), (" [ ] ", []), ("{}", [:]),
            ("0", 0), ("-0", 0), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("18446744073709551615", .double(0x1p64)),
            ("1.0", 1.0), ("1e2", 100.0), ("-1.5E-3", -0.0015), ("1e-400", 0.0), ("5e-324", .double(.leastNonzeroMagnitude)),
            ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
            (#""""#, ""), (#""aé€😀""#, "aé€😀"), (#""\"\\\/\b\f\n\r\t\u00e9\ud83D\uDE00""#, "\"\\/\u{8}\u{C}\n\r\té😀"),
            (#""\u0000""#, "\u{0}"), (#""a longer string than fits inline""#, "a longer string than fits inline"),
            (
                #"{"b":[1,[2,{"c":null}],[]],"a":{"x":{},"y":"z"},"n":1.5}"#,
                ["b": [1, [2, ["c": nil]], []], "a": ["x": [:], "y": "z"], "n": 1.5]
            ),
        ] as [(String, JSONValue)])
    func readsValues(text: String, expected: JSONValue) throws {
        #expect(try JSONValue.parse(Array(text.utf8)) == expected)
    }

    @Test("an integer is an int and a number with a fraction or exponent is not")
    func keepsKinds() throws {
        let values = try #require(try JSONValue.parse(Array("[1, 1.0, 1e0]".utf8)).arrayValue)
        #expect(values.map(\.intValue) == [1, nil, nil])
    }

    @Test("keeps the order of members")
    func keepsOrder() throws {
        let names = (0..<100).map { "key\($0 * 37 % 100)" }
        let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        let object = try #require(try JSONValue.parse(Array(text.utf8)).objectValue)
        #expect(object.members.map(\.name) == names)
    }

    @Test("keeps strings as their bytes were, without normalisation")
    func keepsBytes() throws {
        let text = "[\"e\u{301}\",\"\u{E9}\",\"\u{212A}\"]"
        let strings = try #require(try JSONValue.parse(Array(text.utf8)).arrayValue).compactMap(\.stringValue)
        #expect(strings.map { Array($0.utf8) } == [[0x65, 0xCC, 0x81], [0xC3, 0xA9], [0xE2, 0x84, 0xAA]])
    }

    @Test("names that look alike but differ in bytes are different members")
    func tellsNamesByBytes() throws {
        let value = try JSONValue.parse(Array("{\"e\u{301}\":1,\"\u{E9}\":2,\"\u{212A}\":3,\"K\":4}".utf8))
        // Equal to Swift and of the same length: a dot above and a dot below in either order.
        let dots = try JSONValue.parse(Array("{\"a\u{307}\u{323}\":1,\"a\u{323}\u{307}\":2}".utf8))
        #expect(dots["a\u{323}\u{307}"] == 2)
        #expect(value["e\u{301}"] == 1)
        #expect(value["\u{E9}"] == 2)
        #expect(value["\u{212A}"] == 3)
        #expect(value["K"] == 4)
        #expect(value["k"] == nil)
    }

    @Test("one parser per thread: tasks at once do not disturb each other")
    func parsesConcurrently() async throws {
        let results = try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    try (0..<200).allSatisfy { round in
                        let size = (worker * 7 + round) % 300
                        let value = JSONValue.array((0..<size).map { .string("worker \(worker) round \(round) item \($0)") })
                        return try JSONValue.parse(value.serialized()) == value
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results == Array(repeating: true, count: 8))
    }
}
