package import Model
import Synchronization

/// The matchers of a rule set that are not in use; as many as ever matched at once.
final class MatcherPool: Sendable {
    /// `@unchecked Sendable`: whoever takes it out of the pool has the only reference.
    private struct Idle: @unchecked Sendable {
        let matcher: RuleMatcher
    }

    private struct State {
        var idle: [Idle] = []
        /// How many are in use.
        var inUse = 0
        /// What was counted when none was in use last.
        var counts: [MissingCount] = []
    }

    private let compiled: CompiledRules
    private let rules: [Rule]
    private let state = Mutex(State())

    init(_ compiled: CompiledRules, rules: [Rule]) {
        self.compiled = compiled
        self.rules = rules
    }

    /// Calls `body` with a matcher that nobody else has.
    func withMatcher<Result>(_ body: (RuleMatcher) -> Result) -> Result {
        let idle = state.withLock { state in
            state.inUse += 1
            return state.idle.popLast()
        }
        let matcher = idle?.matcher ?? RuleMatcher(compiled, rules: rules)
        defer {
            let returned = Idle(matcher: matcher)
            state.withLock { state in
                state.inUse -= 1
                state.idle.append(returned)
            }
        }
        return body(matcher)
    }

    /// What every matcher has counted; while one is in use, what was counted before, so that no count ever falls.
    var missingCounts: [MissingCount] {
        state.withLock { state in
            if state.inUse == 0 { state.counts = Self.sum(state.idle.lazy.map(\.matcher.missingCounts)) }
            return state.counts
        }
    }

    private static func sum(_ counts: some Sequence<[MissingCount]>) -> [MissingCount] {
        var sums: [MissingCount.Key: Int] = [:]
        for count in counts.joined() { sums[count.key, default: 0] += count.count }
        return sums.map { MissingCount(rule: $0.key.rule, path: $0.key.path, count: $0.value) }.sorted { left, right in
            (left.rule, left.path) < (right.rule, right.path)
        }
    }

    /// What the matchers that are not in use have found; the others give it later.
    func takeSilentRules() -> [SilentRule] {
        state.withLock { state in state.idle.flatMap { $0.matcher.takeSilentRules() } }
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

    /// How often keys were missing since the rule set was loaded, by rule and path; counts never fall.
    ///
    /// May be called from any thread at any time.
    package var missingCounts: [MissingCount] { pool.missingCounts }

    /// The rules that by now have missed a key in a hundred events and more, and never said anything else; each is given once.
    ///
    /// May be called from any thread at any time.
    package func takeSilentRules() -> [SilentRule] { pool.takeSilentRules() }
}
