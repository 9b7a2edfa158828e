/// Reads the header lines of a response as libcurl hands them over.
enum HeaderBlock {
    /// The fields in order. The status line and lines without a name are left out; a folded line (RFC 9112, 5.2) continues the
    /// one before.
    static func parse(_ block: [UInt8]) -> [(String, String)] {
        var fields: [(name: String, value: [UInt8])] = []
        for line in block.split(separator: 0x0A).dropFirst() {
            let line = line.last == 0x0D ? line.dropLast() : line
            if let first = line.first, isBlank(first), !fields.isEmpty {
                fields[fields.count - 1].value += [0x20] + trim(line)
                continue
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon != line.startIndex else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            fields.append((name, Array(trim(line[(colon + 1)...]))))
        }
        return fields.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
