/// A value that must not be seen: a token, a password, a signing key.
///
/// It prints as `<redacted>`, is not `Encodable`, and has no `==`: compare with ``matches(_:)``. Only the code that sends or checks it
/// calls ``reveal()``.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var isEmpty: Bool { bytes.isEmpty }
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The bytes themselves; do not let them reach a log, an error or a row of the store.
    package func reveal() -> [UInt8] { bytes }

    /// Whether the candidate has the same bytes; the time taken depends on the candidate's length only.
    package func matches(_ candidate: some Collection<UInt8>) -> Bool {
        var difference: UInt8 = bytes.count == candidate.count ? 0 : 1
        var index = 0
        for byte in candidate {
            let own = bytes.isEmpty ? 0 : bytes[index % bytes.count]
            difference |= own ^ byte
            index += 1
        }
        return difference == 0 && !bytes.isEmpty
    }
}
