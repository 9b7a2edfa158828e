/// A server that this bridge created; only such servers are ever deleted by a rule.
package struct CreatedServer: Sendable, Hashable {
    package var id: ServerID
    /// The name that it was created with.
    package var name: String
    /// The group it was created for.
    package var lane: Lane
    package var run: RunID
    /// When the bridge learned of it.
    package var createdAt: Timestamp

    package init(id: ServerID, name: String, lane: Lane, run: RunID, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.lane = lane
        self.run = run
        self.createdAt = createdAt
    }
}
