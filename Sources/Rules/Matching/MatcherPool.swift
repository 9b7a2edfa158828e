package import Model
import Synchronization

/// The matchers of a rule set that are not in use; as many as ever matched at once.
final class MatcherPool: Sendable {
    /// `@unchecked Sendable`: whoever takes it out of the pool has the only reference.
    private struct Idle: @unchecked Sendable {
        let matcher: RuleMatcher
    }

    private let compiled: CompiledRules
    private let rules: [Rule]
    private let idle = Mutex<[Idle]>([])

    init(_ compiled: CompiledRules, rules: [Rule]) {
        self.compiled = compiled
        self.rules = rules
    }

    /// Calls `body` with a matcher that nobody else has.
    func withMatcher<Result>(_ body: (RuleMatcher) -> Result) -> Result {
        let matcher = idle.withLock { $0.popLast() }?.matcher ?? RuleMatcher(compiled, rules: rules)
        defer {
            let returned = Idle(matcher: matcher)
            idle.withLock { $0.append(returned) }
        }
        return body(matcher)
    }

    /// Calls `body` with every matcher that is not in use.
    func forEachIdle(_ body: (RuleMatcher) -> Void) {
        let taken = idle.withLock { idle in
            defer { idle.removeAll() }
            return idle
        }
        for item in taken { body(item.matcher) }
        idle.withLock { $0.append(contentsOf: taken) }
    }
}

extension RuleSet {
    /// What the rules say to an event, in their order; rules that do not match are left out.
    ///
    /// Finds the rules by the index and runs their compiled conditions: the same rules match as in ``evaluate(_:)``. A rule that
    /// the index rules out is left out even where ``evaluate(_:)`` says `missing` or `error`; what was missing is counted. May be
    /// called from any thread at any time.
    package func match(_ event: Event) -> [RuleMatch] {
        pool.withMatcher { $0.match(event) }
    }

    /// How often keys were missing since the rule set was loaded, by rule and path.
    package var missingCounts: [MissingCount] {
        var sums: [MissingCount.Key: Int] = [:]
        pool.forEachIdle { matcher in
            for count in matcher.missingCounts { sums[count.key, default: 0] += count.count }
        }
        return sums.map { MissingCount(rule: $0.key.rule, path: $0.key.path, count: $0.value) }.sorted { left, right in
            (left.rule, left.path) < (right.rule, right.path)
        }
    }

    /// The rules that by now have missed a key in a hundred events and more, and never said anything else; each is given once.
    package func takeSilentRules() -> [SilentRule] {
        var silent: [SilentRule] = []
        pool.forEachIdle { silent += $0.takeSilentRules() }
        return silent
    }
}
