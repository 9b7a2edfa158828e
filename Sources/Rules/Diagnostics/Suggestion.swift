/// Near names, for "did you mean".
package enum Suggestion {
    /// The candidate nearest to what was written, when it is near enough to be meant; letter case costs nothing.
    ///
    /// Near enough: at most one edit in four letters, and at least one edit allowed. Ties go to the earlier candidate.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let written = folded(word)
        guard !written.isEmpty, written.count <= 64 else { return nil }
        let allowed = max(1, (written.count + 1) / 4)
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(written, folded(candidate))
            if distance <= allowed, distance < (best?.distance ?? .max) { best = (candidate, distance) }
        }
        return best?.name
    }

    /// ``did you mean `x`?``, when something near exists.
    package static func hint(for word: String, among candidates: some Sequence<String>) -> String? {
        nearest(to: word, among: candidates).map { "did you mean `\($0)`?" }
    }

    private static func folded(_ word: String) -> [UInt8] {
        word.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : ($0 == 0x2D ? 0x5F : $0) }
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
        if abs(left.count - right.count) > 16 { return .max }
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                current[column] = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    current[column] = min(current[column], beforePrevious[column - 2] + 1)
                }
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
