import Synchronization

/// A port number that becomes known once, and those who wait for it.
final class BoundPort: Sendable {
    private enum State {
        case unknown([CheckedContinuation<Int?, Never>])
        case known(Int?)
    }

    private let state = Mutex(State.unknown([]))

    /// Makes it known; only the first call counts.
    func set(_ port: Int?) {
        let waiting: [CheckedContinuation<Int?, Never>] = state.withLock { state in
            guard case .unknown(let waiting) = state else { return [] }
            state = .known(port)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: port) }
    }

    func value() async -> Int? {
        await withCheckedContinuation { continuation in
            let known: Int?? = state.withLock { state in
                switch state {
                case .known(let port):
                    return .some(port)
                case .unknown(let waiting):
                    state = .unknown(waiting + [continuation])
                    return nil
                }
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
