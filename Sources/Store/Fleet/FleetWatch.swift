package import Model

/// What counts as a storm, when no list is blindness, and who is told.
package struct FleetWatch: Sendable, Hashable {
    package var storm: StormThreshold
    /// How long the list must have been missing before that is blindness. Default one minute.
    package var blindAfter: Duration
    /// The channels that are told of each turn.
    package var channels: [String]

    package init(storm: StormThreshold = StormThreshold(), blindAfter: Duration = .seconds(60), channels: [String] = []) {
        self.storm = storm
        self.blindAfter = blindAfter
        self.channels = channels
    }
}

/// What somebody who wanted the list of servers saw of the fleet.
package enum FleetSight: Sendable, Hashable {
    /// A complete list of so many servers, whose listing began at that instant.
    case seen(size: Int, at: Timestamp)
    /// No list, one that is not complete, or an empty one; why.
    case unseen(String)
}
