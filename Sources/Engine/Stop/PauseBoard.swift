package import Model
package import Store
import Synchronization

/// What is paused, in memory: asked again between the transaction that wrote an intent and the request that leaves.
///
/// The store decides; the board only closes the gap between the two. Safe to use from any task.
package final class PauseBoard: Sendable {
    private struct State {
        var pauses: [Pause] = []
        var lastTicket = 0
        var shownTicket = 0
    }

    private let state = Mutex(State())

    /// A board that nothing is paused on.
    package init() {}

    /// Takes what the store holds; of two that come at once the later one stays.
    package func refresh(from queries: any Queries, now: Timestamp) async throws(StoreError) {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        let pauses = try await queries.pauses(at: now)
        state.withLock { state in
            guard ticket > state.shownTicket else { return }
            state.shownTicket = ticket
            state.pauses = pauses
        }
    }

    /// Shows these, until the next refresh.
    func show(_ pauses: [Pause]) { state.withLock { $0.pauses = pauses } }

    /// What stands on it; some of it may have ended by itself.
    package var pauses: [Pause] { state.withLock { $0.pauses } }
}
