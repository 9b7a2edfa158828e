package import Model
package import Rules
package import Store
import Synchronization

/// The rule set in force, and the older ones that runs in flight still keep.
///
/// Safe to use from any task; a rule set is an immutable value and is swapped whole.
package final class RuleBook: Sendable {
    private struct State {
        var current: RuleSet
        var older: [RuleSetRevision: RuleSet] = [:]
    }

    private let state: Mutex<State>
    private let queries: any Queries
    private let floor: Limits

    package init(current: RuleSet, queries: any Queries, floor: Limits) {
        state = Mutex(State(current: current))
        self.queries = queries
        self.floor = floor
    }

    /// The rule set in force.
    package var current: RuleSet { state.withLock { $0.current } }

    /// The rule of that name in the revision that a run began with.
    ///
    /// An older revision is read from the store once. `nil` when the revision has no such rule or was never stored.
    package func rule(_ name: String, revision: RuleSetRevision) async throws(StoreError) -> Rule? {
        let known = state.withLock { state -> RuleSet? in
            state.current.revision == revision ? state.current : state.older[revision]
        }
        if let known { return known.rule(named: name) }
        guard let stored = try await queries.ruleSet(revision) else { return nil }
        let files = stored.files.map { RuleSource(name: $0.name, text: $0.text) }
        // The floor of today holds for yesterday's rules too, so a looser rule is tightened rather than refused.
        guard let ruleSet = RuleSet.load(files, revision: revision, sources: nil, floor: floor).ruleSet else { return nil }
        state.withLock { $0.older[revision] = ruleSet }
        return ruleSet.rule(named: name)
    }
}
