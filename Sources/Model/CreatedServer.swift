/// A server that this bridge created, or that a person gave it; only such servers are deleted without an approval.
package struct CreatedServer: Sendable, Hashable {
    package var id: ServerID
    /// The name that it was created or given with.
    package var name: String
    /// The group it was created for.
    package var lane: Lane
    /// `nil` for one that a person gave to the bridge.
    package var run: RunID?
    /// When the bridge learned of it.
    package var createdAt: Timestamp
    /// Who gave it to the bridge; `nil` for one that it created.
    package var adoptedBy: String?

    package init(id: ServerID, name: String, lane: Lane, run: RunID?, createdAt: Timestamp, adoptedBy: String? = nil) {
        self.id = id
        self.name = name
        self.lane = lane
        self.run = run
        self.createdAt = createdAt
        self.adoptedBy = adoptedBy
    }
}
