/// Counts, for one matcher, what was missing.
///
/// A rule whose access path has no value is not evaluated, so that most of what is missing is never met: those events are counted
/// by path, and told by subtraction.
struct MissingLedger {
    private struct Key: Hashable {
        let rule: Int32
        /// A written path, or -1 for one that an expression computed.
        let path: Int32
    }

    /// How many events each partition has seen.
    private(set) var events: [Int]
    /// For each partition, how often each of its access paths had a value.
    var present: [[Int]]
    private var missing: [Key: Int] = [:]
    /// Whether a rule has ever said anything but "missing".
    private var hasDecided: [Bool]
    /// For each rule how often it was evaluated and missing.
    private var silent: [Int32: Int] = [:]

    init(_ compiled: CompiledRules) {
        events = Array(repeating: 0, count: compiled.partitions.count)
        present = compiled.partitions.map { Array(repeating: 0, count: $0.index.accessCount) }
        hasDecided = Array(repeating: false, count: compiled.count)
    }

    mutating func count(event partition: Int) {
        events[partition] += 1
    }

    @inline(__always)
    mutating func decided(_ rule: Int32) {
        hasDecided[Int(rule)] = true
    }

    mutating func missed(_ rule: Int32, _ path: Int32) {
        missing[Key(rule: rule, path: path), default: 0] += 1
        silent[rule, default: 0] += 1
    }

    /// For how many events the rule's access path had no value; 0 where that is not what the rule misses.
    private func absent(_ rule: Int32, _ partition: Int, _ compiled: CompiledRules) -> Int {
        guard let access = compiled.access[Int(rule)], access.isMissingWhenAbsent else { return 0 }
        let number = compiled.partitions[partition].index.access(of: access.place)
        return number.map { events[partition] - present[partition][$0] } ?? 0
    }

    /// All that was missing, by rule and path.
    func counts(_ compiled: CompiledRules, path: (Int32) -> String) -> [(rule: Int32, path: String, count: Int)] {
        var counts: [(rule: Int32, path: String, count: Int)] = []
        for (key, count) in missing { counts.append((key.rule, path(key.path), count)) }
        for (number, partition) in compiled.partitions.enumerated() {
            for rule in partition.rules {
                let count = absent(rule, number, compiled)
                if count > 0, let access = compiled.access[Int(rule)] { counts.append((rule, access.path, count)) }
            }
        }
        return counts
    }

    /// The rules of a partition that have missed a key in every event so far, as far as is known.
    func silentRules(of partition: Int, _ compiled: CompiledRules) -> [Int32] {
        compiled.partitions[partition].rules.filter { rule in
            !hasDecided[Int(rule)] && silent[rule, default: 0] + absent(rule, partition, compiled) == events[partition]
        }
    }
}
