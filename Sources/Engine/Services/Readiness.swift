import Synchronization

/// Whether the bridge can do its work: the store takes writes. What `/readyz` answers with.
///
/// Safe to ask from any thread; asking never waits.
package final class Readiness: Sendable {
    private let state = Mutex(true)

    package init() {}

    package var isReady: Bool { state.withLock { $0 } }

    func set(_ isReady: Bool) {
        state.withLock { $0 = isReady }
    }
}
