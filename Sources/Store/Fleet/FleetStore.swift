package import Model

/// The verbs about the whole fleet, beside those of ``Store`` and with its promises.
package protocol FleetStore: Sendable {
    /// Keeps what somebody saw of the fleet who has no run to write; begins or ends blindness as a step of a run would.
    func observe(_ sight: FleetSight, watch: FleetWatch, now: Timestamp) async throws(StoreError)

    /// Takes the look at the fleet that a blindness has due by `now`, so that nobody else takes it within the next minute.
    /// - Returns: whether there was one to take.
    func takeLook(now: Timestamp) async throws(StoreError) -> Bool

    /// Lets a demoted rule act by itself again, and writes who said so into the audit.
    /// - Returns: whether it was demoted.
    func promote(rule: String, actor: String, now: Timestamp) async throws(StoreError) -> Bool
}

/// The reads about the whole fleet.
package protocol FleetQueries: Sendable {
    /// Which states are in force, how many servers have a problem, what is held and for what.
    func fleetCondition() async throws(StoreError) -> FleetCondition
    /// Whether a blindness, or one that begins, is to be looked at by `now`.
    func isLookDue(now: Timestamp) async throws(StoreError) -> Bool
    /// The rules that were demoted, by their names, with the instant.
    func demotedRules() async throws(StoreError) -> [String: Timestamp]
}

/// How a run of a rule that acts by itself ended, for its demotion.
package struct RuleVerdict: Sendable, Hashable {
    /// Whether its action helped; `false` only when it was seen not to.
    package var isEffective: Bool
    /// The channels that are told of a demotion.
    package var channels: [String]

    package init(isEffective: Bool, channels: [String]) {
        self.isEffective = isEffective
        self.channels = channels
    }

    /// After so many ineffective runs in a row a rule asks for approval.
    package static let patience = 2
}
