import Engine
import Rules

/// What the conditions of rules said, counted.
struct CoverageTally: Sendable {
    /// One rule, by the place where it stands: tests may load the same file under different limits.
    struct Key: Hashable {
        let file: String
        let line: Int
        let name: String

        init(_ rule: Rule) {
            file = rule.file
            line = rule.line
            name = rule.name
        }
    }

    struct Counts {
        var wasTrue = 0
        var wasFalse = 0
        /// Missing a key, or failed.
        var hadNoValue = 0

        mutating func count(_ verdict: Verdict) {
            switch verdict {
            case .match: wasTrue += 1
            case .noMatch: wasFalse += 1
            case .missing, .error: hadNoValue += 1
            }
        }

        static func += (left: inout Counts, right: Counts) {
            left.wasTrue += right.wasTrue
            left.wasFalse += right.wasFalse
            left.hadNoValue += right.hadNoValue
        }
    }

    struct RuleCounts {
        var matched = 0
        /// By the place in `when`, then by the place in `when_server`.
        var when: [Int: Counts] = [:]
        var whenServer: [Int: Counts] = [:]
    }

    private(set) var rules: [Key: RuleCounts] = [:]

    mutating func count(_ evaluated: StepOutcome.Evaluated) {
        for evaluation in evaluated.evaluations {
            let rule = evaluation.rule
            let isMatch = evaluated.matched.contains { $0.utf8.elementsEqual(rule.name.utf8) }
            rules[Key(rule), default: RuleCounts()].matched += isMatch ? 1 : 0
            for (index, condition) in evaluation.conditions.enumerated() {
                rules[Key(rule), default: RuleCounts()].when[index, default: Counts()].count(condition.verdict)
            }
        }
    }

    mutating func count(_ judgement: ServerJudgement) {
        for (index, condition) in judgement.conditions.enumerated() {
            rules[Key(judgement.rule), default: RuleCounts()].whenServer[index, default: Counts()].count(condition.verdict)
        }
    }

    mutating func add(_ other: CoverageTally) {
        for (key, counts) in other.rules {
            var sum = rules[key] ?? RuleCounts()
            sum.matched += counts.matched
            sum.when.merge(counts.when) { left, right in
                var left = left
                left += right
                return left
            }
            sum.whenServer.merge(counts.whenServer) { left, right in
                var left = left
                left += right
                return left
            }
            rules[key] = sum
        }
    }
}
