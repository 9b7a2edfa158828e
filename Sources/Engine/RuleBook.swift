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
    private let zoneData: @Sendable (String) -> [UInt8]?

    /// `zoneData` reads the file of a time zone that a rule names, as ``RuleSet/load(_:revision:sources:kinds:secrets:floor:zoneData:)`` takes it.
    package init(
        current: RuleSet, queries: any Queries, zoneData: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        state = Mutex(State(current: current))
        self.queries = queries
        self.zoneData = zoneData
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
        // Whatever the floor was then: the run machine holds every rule to the floor of today.
        let load = RuleSet.load(files, revision: revision, sources: nil, floor: .none, zoneData: zoneData)
        guard let ruleSet = load.ruleSet else { return nil }
        state.withLock { $0.older[revision] = ruleSet }
        return ruleSet.rule(named: name)
    }
}
