/// Reads the header lines of a response as libcurl hands them over.
///
/// The status line and lines without a name are left out; a folded line (RFC 9112, 5.2) continues the one before.
enum HeaderBlock {
    /// Where a field's name and value stand in the block; the value may hold folds.
    private struct Field {
        var name: Range<Int>
        var value: Range<Int>
        var isFolded = false
    }

    /// The fields in order.
    static func parse(_ block: [UInt8]) -> [(String, String)] {
        var fields: [(String, String)] = []
        block.withUnsafeBufferPointer { bytes in
            forEachField(bytes) { field in
                fields.append((String(decoding: bytes[field.name], as: UTF8.self), text(of: field, in: bytes)))
                return true
            }
        }
        return fields
    }

    /// The value of the first field of that name, ASCII case ignored; cheaper than reading them all.
    static func value(of name: String, in block: [UInt8]) -> String? {
        var name = name
        return name.withUTF8 { wanted in
            block.withUnsafeBufferPointer { bytes in
                var found: String?
                forEachField(bytes) { field in
                    guard field.name.count == wanted.count,
                        zip(bytes[field.name], wanted).allSatisfy({ $0.asciiLowercased == $1.asciiLowercased })
                    else { return true }
                    found = text(of: field, in: bytes)
                    return false
                }
                return found
            }
        }
    }

    /// Calls the body with each field, until it answers false.
    private static func forEachField(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Field) -> Bool) {
        var pending: Field?
        var start = (bytes.firstIndex(of: 0x0A) ?? bytes.count) + 1
        while start < bytes.count {
            let next = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let end = next > start && bytes[next - 1] == 0x0D ? next - 1 : next
            let line = start..<end
            start = next + 1
            if let first = line.first, isBlank(bytes[first]), let folded = pending {
                pending = Field(name: folded.name, value: folded.value.lowerBound..<line.upperBound, isFolded: true)
                continue
            }
            guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")), colon > line.lowerBound else { continue }
            if let field = pending, !body(field) { return }
            pending = Field(name: line.lowerBound..<colon, value: (colon + 1)..<line.upperBound)
        }
        if let field = pending { _ = body(field) }
    }

    private static func text(of field: Field, in bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard field.isFolded else { return String(decoding: trim(bytes[field.value]), as: UTF8.self) }
        let lines = bytes[field.value].split { $0 == 0x0D || $0 == 0x0A }
        return String(decoding: Array(lines.map { Array(trim($0)) }.joined(separator: [0x20])), as: UTF8.self)
    }

    private static func trim(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
