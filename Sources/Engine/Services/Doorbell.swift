import Synchronization

/// Wakes one waiting loop; rings are remembered, any number of them as one.
///
/// Safe to ring from any thread. One loop waits at a time.
package final class Doorbell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
        var timer: Task<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes the waiting loop, or lets its next wait return at once.
    package func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Returns at the next ring, after `limit`, or when the task is cancelled.
    package func wait(atMost limit: Duration) async {
        let timer = Task { [self] in
            do {
                try await Task.sleep(for: limit)
                ring()
            } catch {
                // Cancelled: the bell rang before.
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let passes = state.withLock { state -> Bool in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if passes { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        timer.cancel()
    }
}
