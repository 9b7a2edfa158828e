import Model

/// The path and the query of a request line, taken apart by bytes.
struct RequestTarget {
    /// The path as sent, up to the first `?` or `#`.
    let path: String
    private let query: [(name: String, value: String)]

    init(_ target: String) {
        let bytes = target.utf8.prefix { $0 != UInt8(ascii: "#") }
        let parts = bytes.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        query = (parts.count > 1 ? parts[1] : Substring("").utf8).split(separator: UInt8(ascii: "&")).map { pair in
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(halves[0]), halves.count > 1 ? Self.decoded(halves[1]) : "")
        }
    }

    /// The last value of that parameter, as Django takes it; `nil` when it is missing or empty.
    subscript(name: String) -> String? {
        guard let value = query.last(where: { $0.name.hasSameBytes(as: name) })?.value, !value.utf8.isEmpty else { return nil }
        return value
    }

    /// The components between slashes; `nil` unless the path starts and ends with one.
    var components: [String]? {
        let bytes = path.utf8
        guard bytes.first == UInt8(ascii: "/"), bytes.last == UInt8(ascii: "/") else { return nil }
        guard bytes.count > 1 else { return [] }
        let inner = bytes.dropFirst().dropLast()
        return inner.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Percent-decoding of a form value: `+` is a space, a broken escape stands for itself.
    private static func decoded(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = nibble(bytes[index + 1]), let low = nibble(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
                continue
            }
            result.append(bytes[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : bytes[index])
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The text as a value in a query: everything but letters, digits and `-._~` is escaped (RFC 3986, section 2.3).
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if byte.isASCIIAlphanumeric || "-._~".utf8.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension String {
    /// Equality by bytes; `==` would take canonically equivalent texts for the same.
    func hasSameBytes(as other: some StringProtocol) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}
