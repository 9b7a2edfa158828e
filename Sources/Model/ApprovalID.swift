/// What names one question to people: six characters that can be read aloud and typed on a phone.
///
/// Never used twice, so an answer to a question that is over can not reach another one. Not a secret: who may answer is decided by who
/// answers.
package struct ApprovalID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// Lower-case letters and digits without those that are taken for each other (`0 o`, `1 i l`).
    package static let alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    /// How many characters an id has: 887 million ids.
    package static let length = 6

    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    /// The id that a person typed, in either case; `nil` when it can not be one.
    package init?(typed: some StringProtocol) {
        let lower = typed.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        guard lower.count == Self.length, lower.allSatisfy({ Self.alphabet.utf8.contains($0) }) else { return nil }
        rawValue = String(decoding: lower, as: UTF8.self)
    }

    /// A new id out of `random`; ask again with another number when it is taken.
    package init(random: UInt64) {
        let letters = Array(Self.alphabet.utf8)
        let count = UInt64(letters.count)
        var rest = random
        var bytes: [UInt8] = []
        for _ in 0..<Self.length {
            bytes.append(letters[Int(rest % count)])
            rest /= count
        }
        rawValue = String(decoding: bytes, as: UTF8.self)
    }
}
