package import Model
package import Rules
package import Store
import Synchronization

/// The rule set in force, and the older ones that runs in flight still keep.
///
/// Safe to use from any task; a rule set is an immutable value and is swapped whole.
package final class RuleBook: Sendable {
    /// How many older sets are kept; one that is asked for after that is read from the store again.
    static let olderKept = 4

    private struct State {
        var current: RuleSet
        /// The one that was asked for last comes last.
        var older: [RuleSet] = []

        mutating func find(_ revision: RuleSetRevision) -> RuleSet? {
            if current.revision == revision { return current }
            guard let index = older.firstIndex(where: { $0.revision == revision }) else { return nil }
            let found = older.remove(at: index)
            older.append(found)
            return found
        }

        mutating func keep(_ ruleSet: RuleSet) {
            older.removeAll { $0.revision == ruleSet.revision }
            older.append(ruleSet)
            if older.count > RuleBook.olderKept { older.removeFirst() }
        }
    }

    private let state: Mutex<State>
    private let queries: any Queries
    private let kinds: [String: SourceKindName]
    private let groups: [String: [String]]?
    private let zoneData: @Sendable (String) -> [UInt8]?
    private let thread = OwnThread(label: "rules.older")

    /// `zoneData` reads the file of a time zone that a rule names, as ``RuleSet/load(_:revision:sources:kinds:secrets:floor:zoneData:)`` takes it.
    package init(
        current: RuleSet, queries: any Queries, kinds: [String: SourceKindName] = [:],
        groups: [String: [String]]? = nil, zoneData: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        state = Mutex(State(current: current))
        self.queries = queries
        self.kinds = kinds
        self.groups = groups
        self.zoneData = zoneData
    }

    /// The rule set in force.
    ///
    /// Whoever judges an event by it takes it once and keeps it for as long as that lasts.
    package var current: RuleSet { state.withLock { $0.current } }

    /// Puts another rule set into force, whole; its revision must be in the store already.
    ///
    /// The set before it is kept for its runs in flight.
    package func swap(to ruleSet: RuleSet) {
        state.withLock { state in
            if state.current.revision != ruleSet.revision { state.keep(state.current) }
            state.older.removeAll { $0.revision == ruleSet.revision }
            state.current = ruleSet
        }
    }

    /// The rule of that name in the revision that a run began with.
    ///
    /// An older revision is read from the store once. `nil` when the revision has no such rule or was never stored.
    package func rule(_ name: String, revision: RuleSetRevision) async throws(StoreError) -> Rule? {
        if let known = state.withLock({ $0.find(revision) }) { return known.rule(named: name) }
        guard let stored = try await queries.ruleSet(revision) else { return nil }
        guard
            let ruleSet = await thread.run({ [kinds, groups, zoneData] in
                Self.load(stored, kinds: kinds, groups: groups, zoneData: zoneData)
            })
        else {
            return nil
        }
        state.withLock { $0.keep(ruleSet) }
        return ruleSet.rule(named: name)
    }

    /// The rule set of stored texts; `nil` when this version takes them for wrong.
    ///
    /// `groups` are the people as they are named now, whoever they were then. `kinds` are those of the sources as they are configured now; a trigger may name a source by its kind, or a chat not at all.
    package static func load(
        _ stored: StoredRuleSet, kinds: [String: SourceKindName], groups: [String: [String]]? = nil,
        zoneData: (String) -> [UInt8]?
    ) -> RuleSet? {
        let files = stored.files.map { RuleSource(name: $0.name, text: $0.text) }
        // Whatever the floor was then: the run machine holds every rule to the floor of today.
        return RuleSet.load(
            files, revision: stored.revision, sources: nil, kinds: kinds, groups: groups, floor: .none, zoneData: zoneData
        )
        .ruleSet
    }
}
