/// What can be set about a ``SQLiteStore``.
package struct SQLiteStoreOptions: Sendable, Hashable {
    /// How many deliveries may wait for a commit before ``Store/accept(_:)`` says `StoreError.full`; at least 1, default 4096.
    ///
    /// Everything else that is written may wait in ``engineReserve`` more places, so that a flood of webhooks never keeps the
    /// outcome of a request from the disk.
    package var maxWaiting: Int

    /// How many bytes of bodies may wait for a commit before ``Store/accept(_:)`` says `StoreError.full`; default 64 MiB. One
    /// delivery is taken whatever its size.
    package var maxWaitingBytes: Int

    /// The places of the queue that deliveries never take.
    package static let engineReserve = 1_024

    package init(maxWaiting: Int = 4_096, maxWaitingBytes: Int = 64 << 20) {
        self.maxWaiting = max(1, maxWaiting)
        self.maxWaitingBytes = max(0, maxWaitingBytes)
    }
}
