/// Closed ranges of numbers, asked for all that hold a number: a segment tree over the bounds.
///
/// Takes memory of the number of ranges times its logarithm, and a look-up time of that logarithm and of what is found.
struct RangeTree: Sendable {
    struct Interval: Sendable {
        let low: Double
        let high: Double
        let rule: Int32
    }

    /// All bounds, ascending. Slot 2i is bound i itself, slot 2i + 1 what lies between it and the next.
    private let bounds: [Double]
    private let slots: Int
    /// For every node of the tree where its rules begin; the root is node 1, the leaves begin at ``slots``.
    private let firstRule: [Int32]
    private let rules: [Int32]

    init(_ intervals: [Interval]) {
        let sorted = intervals.flatMap { [$0.low, $0.high] }.sorted()
        var bounds: [Double] = []
        for bound in sorted where bounds.last != bound { bounds.append(bound) }
        self.bounds = bounds
        slots = max(1, bounds.count * 2 - 1)
        var nodes = [[Int32]](repeating: [], count: slots * 2)
        for interval in intervals where interval.low <= interval.high {
            var left = Self.position(of: interval.low, in: bounds) * 2 + slots
            var right = Self.position(of: interval.high, in: bounds) * 2 + slots + 1
            while left < right {
                if left & 1 == 1 {
                    nodes[left].append(interval.rule)
                    left += 1
                }
                if right & 1 == 1 {
                    right -= 1
                    nodes[right].append(interval.rule)
                }
                left /= 2
                right /= 2
            }
        }
        var firstRule: [Int32] = []
        var rules: [Int32] = []
        for node in nodes {
            firstRule.append(Int32(rules.count))
            rules += node
        }
        firstRule.append(Int32(rules.count))
        self.firstRule = firstRule
        self.rules = rules
    }

    /// How many bounds are below the number.
    private static func position(of number: Double, in bounds: [Double]) -> Int {
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = low + (high - low) / 2
            if bounds[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds the rules of all ranges that hold the number; none for NaN.
    func addRules(_ number: Double, _ candidates: inout [Int32]) {
        guard !number.isNaN else { return }
        let position = Self.position(of: number, in: bounds)
        let slot: Int
        if position < bounds.count, bounds[position] == number {
            slot = position * 2
        } else {
            guard position > 0, position < bounds.count else { return }
            slot = position * 2 - 1
        }
        var node = slot + slots
        while node > 0 {
            for index in Int(firstRule[node])..<Int(firstRule[node + 1]) { candidates.append(rules[index]) }
            node /= 2
        }
    }
}
