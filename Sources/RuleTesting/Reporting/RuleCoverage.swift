import Rules

/// Which rules matched in any test, and what each of their conditions was seen to be.
package struct RuleCoverage: Sendable {
    /// One condition of a rule.
    package struct Condition: Sendable, Hashable {
        /// Where it stands, such as `when[0]`; `when_server[0]` for those that see the server.
        package var place: String
        /// As it stands in the file.
        package var expression: String
        /// How often it was true.
        package var wasTrue: Int
        /// How often it was false.
        package var wasFalse: Int
        /// How often it missed a key or failed.
        package var hadNoValue: Int

        /// A condition that is written as a constant can only be that.
        private var constant: Bool? { ["true": true, "false": false][expression] }

        var sides: Int { constant == nil ? 2 : 1 }
        var seen: Int {
            switch constant {
            case true: wasTrue > 0 ? 1 : 0
            case false: wasFalse > 0 ? 1 : 0
            case nil: (wasTrue > 0 ? 1 : 0) + (wasFalse > 0 ? 1 : 0)
            }
        }

        /// What was never seen of it, such as `never false`; `nil` when nothing is left.
        package var gap: String? {
            guard seen < sides else { return nil }
            if wasTrue == 0, wasFalse == 0 { return hadNoValue > 0 ? "never true, never false" : "never asked" }
            return wasTrue == 0 ? "never true" : "never false"
        }
    }

    /// One rule.
    package struct Rule: Sendable, Hashable {
        package var name: String
        package var file: String
        package var line: Int
        /// How many events it matched.
        package var matched: Int
        package var conditions: [Condition]

        var points: Int { 1 + conditions.reduce(0) { $0 + $1.sides } }
        var seen: Int { (matched > 0 ? 1 : 0) + conditions.reduce(0) { $0 + $1.seen } }
    }

    /// In the order of their files and of their place in them.
    package var rules: [Rule]

    /// How many conditions there are.
    package var conditions: Int { rules.reduce(0) { $0 + $1.conditions.count } }
    /// How many conditions were seen both true and false; a constant, as what it is.
    package var coveredConditions: Int { rules.reduce(0) { $0 + $1.conditions.count { $0.gap == nil } } }
    /// How many rules matched.
    package var matchedRules: Int { rules.count { $0.matched > 0 } }

    /// The share of what could be seen, rounded down: each condition true and false, each rule matching. 100 without rules.
    package var percent: Int {
        let all = rules.reduce(0) { $0 + $1.points }
        return all == 0 ? 100 : rules.reduce(0) { $0 + $1.seen } * 100 / all
    }

    /// The coverage of the enabled rules of those sets; a rule that stands in several counts once.
    init(_ ruleSets: [RuleSet], _ tally: CoverageTally) {
        rules = []
        var known: Set<CoverageTally.Key> = []
        for rule in ruleSets.flatMap(\.rules) where rule.isEnabled && known.insert(CoverageTally.Key(rule)).inserted {
            let counts = tally.rules[CoverageTally.Key(rule)] ?? CoverageTally.RuleCounts()
            let when = rule.whenTexts.enumerated().map { Self.condition("when", $0, $1, counts.when[$0]) }
            let server = rule.whenServerTexts.enumerated().map { Self.condition("when_server", $0, $1, counts.whenServer[$0]) }
            rules.append(
                Rule(name: rule.name, file: rule.file, line: rule.line, matched: counts.matched, conditions: when + server))
        }
    }

    private static func condition(
        _ key: String, _ index: Int, _ expression: String, _ counts: CoverageTally.Counts?
    ) -> Condition {
        Condition(
            place: "\(key)[\(index)]", expression: expression, wasTrue: counts?.wasTrue ?? 0, wasFalse: counts?.wasFalse ?? 0,
            hadNoValue: counts?.hadNoValue ?? 0)
    }
}
