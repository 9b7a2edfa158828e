/// An address of mail such as `ops@example.com` that can stand in an envelope and in a header as it is.
///
/// Narrower than RFC 5322: ASCII, unquoted, no comments. What may hold a line end, a bracket or a list never gets this far.
package struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    package let text: String
    /// What stands behind the `@`.
    package let domain: String

    /// `nil` for anything but `local@domain`, of at most 254 bytes in all and 64 before the `@` (RFC 5321, section 4.5.3.1).
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 254, (1...64).contains(parts[0].count), Self.isDotted(parts[0]),
            parts[0].allSatisfy(Self.isLocal), Self.isDotted(parts[1]), parts[1].allSatisfy({ $0.isNameByte })
        else { return nil }
        self.text = text
        domain = String(decoding: parts[1], as: UTF8.self)
    }

    package var description: String { text }

    /// Dots stand between other things only.
    private static func isDotted(_ bytes: Substring.UTF8View) -> Bool {
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
    }

    /// The bytes of an `atom` (RFC 5322, section 3.2.3), and the dot.
    private static func isLocal(_ byte: UInt8) -> Bool {
        byte.isNameByte || "!#$%&'*+/=?^_`{|}~".utf8.contains(byte)
    }
}

extension UInt8 {
    /// A letter, a digit, a hyphen or a dot.
    fileprivate var isNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
