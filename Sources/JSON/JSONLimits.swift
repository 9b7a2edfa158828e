/// How large a document may be before it is refused.
package struct JSONLimits: Sendable, Hashable {
    /// The longest document in bytes.
    package var maxBytes: Int
    /// How many arrays and objects may stand inside each other; at most 1,000.
    package var maxDepth: Int
    /// How many values a document may have, arrays and objects themselves counted, member names not.
    package var maxValues: Int

    /// Limits of the given sizes, by default those of ``standard``.
    package init(maxBytes: Int = 1_048_576, maxDepth: Int = 64, maxValues: Int = 200_000) {
        self.maxBytes = maxBytes
        // The parser's own limit is 1,000; a walk of more levels could also exhaust a thread's stack.
        self.maxDepth = min(maxDepth, 1_000)
        self.maxValues = maxValues
    }

    /// What a webhook may send: 1 MiB, 64 levels, 200,000 values.
    package static let standard = JSONLimits()
}
