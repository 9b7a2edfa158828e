import Testing

@testable import JSON

@Suite("JSON: reading chosen places of a document")
struct JSONExtractorTests {
    /// A tree of member paths, and the place of each.
    private static func tree(_ paths: [[String]]) -> (JSONPathTree, [Int32]) {
        var builder = JSONPathTreeBuilder()
        let places = paths.map { path in
            path.reduce(Int32(0)) { above, name in
                Int(name).map { builder.place(.element($0), below: above) }
                    ?? builder.place(.member(Array(name.utf8)), below: above)
            }
        }
        return (builder.tree(), places)
    }

    /// What stands at the paths; `nil` for nothing.
    private static func read(_ text: String, _ paths: [[String]]) throws -> [JSONValue?] {
        let (tree, places) = tree(paths)
        let table = JSONSlotTable(tree: tree)
        let extractor = JSONExtractor(table: table)
        try Array(text.utf8).withUnsafeBytes { try extractor.read($0) }
        return places.map { value(table.slots[Int($0)], table, extractor) }
    }

    private static func value(_ slot: JSONSlot, _ table: JSONSlotTable, _ extractor: JSONExtractor) -> JSONValue? {
        guard slot.reading == table.reading else { return nil }
        switch slot.kind {
        case .null: return .null
        case .bool: return .bool(slot.bits == 1)
        case .int: return .int(Int64(bitPattern: slot.bits))
        case .double: return .double(Double(bitPattern: slot.bits))
        case .text:
            let start = UnsafePointer<UInt8>(bitPattern: UInt(slot.bits))
            return .string(String(decoding: UnsafeBufferPointer(start: start, count: Int(slot.count)), as: UTF8.self))
        case .array, .object: return extractor.container(slot)
        case .kept: return nil
        }
    }

    @Test("every kind of value, names of all lengths, elements, and what is not there")
    func places() throws {
        let text = """
            {"a":1,"abcdefgh":"eight","abcdefghi":"nine","abcdefghij":"ten","\\u00e9":true,"":null,"big":18446744073709551615,
            "list":[10,{"x":"\\n"},[]],"deep":{"deep":{"deep":-0.0}},"e\\u0301":false}
            """
        let found = try Self.read(
            text,
            [
                ["a"], ["abcdefgh"], ["abcdefghi"], ["abcdefghij"], ["\u{E9}"], [""], ["big"], ["list", "0"], ["list", "1", "x"],
                ["list", "3"], ["deep", "deep", "deep"], ["deep", "x"], ["a", "x"], ["e\u{301}"], ["abcdefghX"], ["list"],
                ["deep"],
            ])
        #expect(
            found == [
                1, "eight", "nine", "ten", true, nil as JSONValue, .double(18_446_744_073_709_551_616), 10, "\n", nil, -0.0, nil,
                nil,
                false, nil, [10, ["x": "\n"], []], ["deep": ["deep": -0.0]],
            ] as [JSONValue?])
    }

    @Test("many wanted names are found by search, many members are checked by sorting")
    func manyNames() throws {
        let names = (0..<100).map { "name-\($0)-\($0 * 7 % 13)" }
        let text = "{" + names.map { "\"\($0)\":\"\($0)\"" }.joined(separator: ",") + "}"
        #expect(try Self.read(text, names.map { [$0] }) == names.map { .string($0) })
    }

    @Test(
        "refuses what a parse refuses, with the same error",
        arguments: [
            "", "{", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"c\":{},\"b\":2}}", "[1,2", "nul", "{\"\\u0061\":1,\"a\":2}",
            "{\"abcdefghij\":1,\"abcdefghij\":2}", "\u{FEFF}{}", "[\"\\ud800\"]", "1e999", "99999999999999999999999",
            String(repeating: "[", count: 65) + String(repeating: "]", count: 65), String(repeating: "[", count: 1_000_000),
            "{" + (0..<30).map { "\"k\($0 % 29)\":1" }.joined(separator: ",") + "}",
            "[" + String(repeating: "1,", count: 200_000) + "1]",
        ])
    func refusals(_ text: String) throws {
        let bytes = Array(text.utf8)
        let extractor = JSONExtractor(table: JSONSlotTable(tree: Self.tree([["a"]]).0))
        let wanted = #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
        let found = #expect(throws: JSONError.self) { try bytes.withUnsafeBytes { try extractor.read($0) } }
        #expect(found == wanted)
        let table = extractor.table
        #expect((0..<table.tree.count).allSatisfy { table.slots[$0].reading != table.reading })
        // It reads on.
        let small = Array("{\"a\":3}".utf8)
        try small.withUnsafeBytes { try extractor.read($0) }
        #expect(table.slots[1].bits == 3)
    }

    @Test("a reading leaves nothing behind for the next")
    func readings() throws {
        let (tree, places) = Self.tree([["a"], ["b"]])
        let table = JSONSlotTable(tree: tree)
        let extractor = JSONExtractor(table: table)
        for (text, hasA, hasB) in [("{\"a\":1}", true, false), ("{\"b\":1}", false, true), ("{}", false, false)] {
            try Array(text.utf8).withUnsafeBytes { try extractor.read($0) }
            #expect((table.slots[Int(places[0])].reading == table.reading) == hasA)
            #expect((table.slots[Int(places[1])].reading == table.reading) == hasB)
        }
        extractor.trim()
        #expect(table.slots[Int(places[1])].reading != table.reading)
    }
}
