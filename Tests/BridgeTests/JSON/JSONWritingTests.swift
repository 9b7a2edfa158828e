import JSON
import Testing

@Suite("JSON: writing")
struct JSONWritingTests {
    @Test(
        "writes compact JSON",
        arguments: [
            (nil, "null"), (true, "true"), (-7, "-7"), (1.0, "1.0"), (0.1, "0.1"), (1e22, "1e+22"), (.double(-0.0), "-0.0"),
            (.double(.leastNonzeroMagnitude), "5e-324"), (.double(.infinity), "null"), (.double(-.infinity), "null"),
            (.double(.nan), "null"),
            ("a\"b\\c/d", #""a\"b\\c/d""#), ("\u{0}\u{1F}\u{8}\t\n\u{C}\r\u{7F}", "\"\\u0000\\u001f\\b\\t\\n\\f\\r\u{7F}\""),
            ("\r\n", #""\r\n""#), ("x\u{2028}\u{2029}é\u{202A}😀", "\"x\\u2028\\u2029é\u{202A}😀\""),
            ([], "[]"), ([:], "{}"), ([1, "two", [nil]], #"[1,"two",[null]]"#),
            (["a": 1, "b": ["c": false]], #"{"a":1,"b":{"c":false}}"#),
        ] as [(JSONValue, String)])
    func compact(value: JSONValue, expected: String) {
        #expect(value.description == expected)
    }

    @Test("writes a line for each member and element")
    func pretty() {
        let value: JSONValue = ["a": [1, [], ["b": nil]], "c": [:]]
        let expected = """
            {
              "a": [
                1,
                [],
                {
                  "b": null
                }
              ],
              "c": {}
            }
            """
        #expect(String(decoding: value.serialized(pretty: true), as: UTF8.self) == expected)
    }
}
