/// Writes values as JSON text.
struct JSONWriter {
    private(set) var output: [UInt8] = []
    /// Whether each member and element has a line of its own.
    let pretty: Bool

    init(pretty: Bool) {
        self.pretty = pretty
    }

    mutating func write(_ value: JSONValue, depth: Int = 0) {
        switch value {
        case .null: append("null")
        case .bool(let truth): append(truth ? "true" : "false")
        case .int(let number): output.append(contentsOf: String(number).utf8)
        case .double(let number): write(number)
        case .string(let text): write(text)
        case .array(let items): write(items, depth: depth)
        case .object(let object): write(object, depth: depth)
        }
    }

    /// The shortest digits that read back as the same number; JSON has no way to say infinity or NaN.
    private mutating func write(_ number: Double) {
        guard number.isFinite else { return append("null") }
        output.append(contentsOf: number.description.utf8)
    }

    private mutating func write(_ items: [JSONValue], depth: Int) {
        output.append(UInt8(ascii: "["))
        for (index, item) in items.enumerated() {
            separate(index: index, depth: depth)
            write(item, depth: depth + 1)
        }
        if !items.isEmpty { breakLine(depth: depth) }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ object: JSONObject, depth: Int) {
        output.append(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            separate(index: index, depth: depth)
            write(member.name)
            append(pretty ? ": " : ":")
            write(member.value, depth: depth + 1)
        }
        if !object.members.isEmpty { breakLine(depth: depth) }
        output.append(UInt8(ascii: "}"))
    }

    private mutating func separate(index: Int, depth: Int) {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        breakLine(depth: depth + 1)
    }

    private mutating func breakLine(depth: Int) {
        guard pretty else { return }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    private mutating func write(_ text: String) {
        var text = text
        output.append(UInt8(ascii: "\""))
        text.withUTF8 { bytes in
            // Runs of bytes that stand for themselves are copied whole.
            var start = 0
            var index = 0
            while index < bytes.count {
                let length = escapeLength(at: index, in: bytes)
                if length > 0 {
                    output.append(contentsOf: bytes[start..<index])
                    writeEscape(at: index, in: bytes)
                    start = index + length
                }
                index += max(length, 1)
            }
            output.append(contentsOf: bytes[start...])
        }
        output.append(UInt8(ascii: "\""))
    }

    /// How many bytes from there on are written as one escape; 0 when the byte stands for itself.
    ///
    /// U+2028 and U+2029 are legal in JSON but end a line in JavaScript before ES2019 and in many log readers.
    private func escapeLength(at index: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        switch bytes[index] {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): 1
        case 0xE2 where index + 2 < bytes.count && bytes[index + 1] == 0x80 && bytes[index + 2] & 0xFE == 0xA8: 3
        default: 0
        }
    }

    private mutating func writeEscape(at index: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        switch bytes[index] {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case 0xE2: append(bytes[index + 2] == 0xA8 ? "\\u2028" : "\\u2029")
        case let control:
            append(control < 0x10 ? "\\u000" : "\\u00")
            output.append(contentsOf: String(control, radix: 16).utf8)
        }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { output.append(contentsOf: $0) }
    }
}
