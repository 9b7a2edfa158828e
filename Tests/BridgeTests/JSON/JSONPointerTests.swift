import JSON
import Testing

@Suite("JSON: pointers (RFC 6901)")
struct JSONPointerTests {
    /// The document of RFC 6901, section 5.
    private static let document: JSONValue = [
        "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8,
    ]

    @Test(
        "finds the places of the RFC",
        arguments: [
            ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/foo/1", "baz"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3),
            ("/g|h", 4), ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8), ("", document),
        ] as [(String, JSONValue)])
    func finds(pointer: String, expected: JSONValue) {
        #expect(Self.document.at(pointer: pointer) == expected)
        #expect(JSONPointer(pointer)?.description == pointer)
    }

    @Test(
        "finds nothing",
        arguments: [
            "/nope", "/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/-1", "/foo/", "/foo/0/x", "/foo/99999999999999999999",
        ])
    func findsNothing(pointer: String) {
        #expect(Self.document.at(pointer: pointer) == nil)
        #expect(JSONPointer(pointer) != nil)
    }

    @Test("is not a pointer", arguments: ["foo", "#/foo", "/a~", "/a~2b"])
    func refuses(pointer: String) {
        #expect(JSONPointer(pointer) == nil)
        #expect(Self.document.at(pointer: pointer) == nil)
    }

    @Test("~01 is ~1, not /")
    func unescapesOnce() {
        #expect((["~1": true, "/": false] as JSONValue).at(pointer: "/~01") == true)
    }
}
