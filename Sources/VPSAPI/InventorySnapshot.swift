package import Model

/// All servers of the account as they were listed at one time.
package struct InventorySnapshot: Sendable, Hashable {
    package var servers: [Server]
    /// When the listing was begun: what happened later may be missing.
    package var fetchedAt: Timestamp

    package init(servers: [Server], fetchedAt: Timestamp) {
        self.servers = servers
        self.fetchedAt = fetchedAt
    }
}
