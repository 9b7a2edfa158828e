import JSON
import Testing

@Suite("JSON: properties over generated values")
struct JSONPropertyTests {
    /// Equality by bytes of strings and bits of numbers, which `==` does not give.
    private static func same(_ left: JSONValue, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern
        case (.array(let left), .array(let right)): left.elementsEqual(right, by: same)
        case (.object(let left), .object(let right)):
            left.members.elementsEqual(right.members) { $0.name.utf8.elementsEqual($1.name.utf8) && same($0.value, $1.value) }
        default: left == right
        }
    }

    @Test("what is written reads back the same", arguments: [false, true])
    func roundTrip(pretty: Bool) throws {
        var generator = JSONTestGenerator(seed: 42)
        for _ in 0..<600 {
            let value = generator.value()
            let written = value.serialized(pretty: pretty)
            let read = try JSONValue.parse(written)
            #expect(Self.same(read, value), "\(value)")
        }
    }

    @Test("a mutated document is read or refused, never more; what is read is written as JSON that reads the same")
    func mutations() throws {
        var generator = JSONTestGenerator(seed: 7)
        let alphabet = Array("{}[]\",:\\u0aeE+-.1 \n\u{0}\u{FF}".utf8) + [0x80, 0xC3, 0xED, 0xA0, 0xF4, 0xFF]
        var refused = 0
        for _ in 0..<1_500 {
            var document = generator.value().serialized()
            for _ in 0..<Int.random(in: 1...3, using: &generator.random) {
                let index = Int.random(in: 0...document.count, using: &generator.random)
                let byte = alphabet.randomElement(using: &generator.random) ?? 0
                switch Int.random(in: 0..<3, using: &generator.random) {
                case 0: document.insert(byte, at: index)
                case 1 where index < document.count: document[index] = byte
                default: document.removeSubrange(index..<min(index + 2, document.count))
                }
            }
            do throws(JSONError) {
                let value = try JSONValue.parse(document)
                #expect(Self.same(try JSONValue.parse(value.serialized()), value))
            } catch {
                refused += 1
                // The reason is found, not guessed: the second reading agrees with the first that something is wrong.
                #expect(error.message != "this is not JSON", "\(document)")
                #expect((0...document.count).contains(error.offset))
            }
        }
        #expect(refused > 500)
    }

    @Test("every beginning of a document is refused with a place inside it")
    func truncations() throws {
        var generator = JSONTestGenerator(seed: 11)
        for _ in 0..<10 {
            let document = JSONValue.array([generator.value()]).serialized()
            for length in 0..<min(document.count, 200) {
                let error = try #require(throws: JSONError.self) { try JSONValue.parse(Array(document.prefix(length))) }
                #expect(error.offset <= length)
            }
        }
    }
}
