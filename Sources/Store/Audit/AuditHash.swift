/// A SHA-256 over an entry of the audit and all that came before it.
package struct AuditHash: Sendable, Hashable, CustomStringConvertible {
    /// How many bytes it has.
    package static let length = 32

    /// What comes before the first entry: 32 zeros.
    package static let beginning = AuditHash(unchecked: [UInt8](repeating: 0, count: length))

    package let bytes: [UInt8]

    /// `nil` unless there are exactly 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits of either case; `nil` for anything else.
    package init?(hexadecimal text: String) {
        let digits = text.utf8.map { Self.value(of: $0) }
        guard digits.count == 2 * Self.length else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// 64 hexadecimal digits in lower case.
    package var description: String {
        String(decoding: bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// A place in the chain of the audit: an entry's id and its hash.
package struct AuditMark: Sendable, Hashable, CustomStringConvertible {
    package var id: Int64
    package var hash: AuditHash

    /// The place before the first entry.
    package static let beginning = AuditMark(id: 0, hash: .beginning)

    package init(id: Int64, hash: AuditHash) {
        self.id = id
        self.hash = hash
    }

    /// Reads `ID:HASH`, as ``description`` writes it; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let id = Int64(parts[0]), let hash = AuditHash(hexadecimal: parts[1])
        else { return nil }
        self.init(id: id, hash: hash)
    }

    package var description: String { "\(id):\(hash)" }
}
