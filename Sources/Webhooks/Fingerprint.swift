import Crypto

/// Names of problems for senders that give none, or one too long to be a key.
enum Fingerprint {
    /// The longest fingerprint that is kept as it is, in bytes.
    private static let longest = 256

    /// The sender's own fingerprint, or its hash when it is longer than 256 bytes.
    static func bounded(_ text: String) -> String {
        text.utf8.count <= longest ? text : digest(text.utf8)
    }

    /// A hash of a set of labels: the same for the same names and values whatever their order.
    static func of(labels: [String: String]) -> String {
        let sorted = labels.map { (Array($0.key.utf8), Array($0.value.utf8)) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
        // 0xFF is in no UTF-8 text: two sets of labels that are not the same never give the same bytes.
        return digest(sorted.flatMap { $0.0 + [0xFF] + $0.1 + [0xFF] })
    }

    /// SHA-256 in hexadecimal.
    static func digest(_ bytes: some Sequence<UInt8>) -> String {
        Hexadecimal.encode(SHA256.hash(data: Array(bytes)))
    }
}
