import CCurl
import Synchronization

/// Set when the task that waits for a request is cancelled.
///
/// The flag and the message to the loop are both needed: the message may overtake the request that it is about, and then the
/// flag is seen.
final class CancellationMark: Sendable {
    let isSet = Atomic<Bool>(false)
}

/// A request on its way to the loop, with the one who waits for it.
struct CurlJob: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let submitted: ContinuousClock.Instant
    let deadline: ContinuousClock.Instant
    let mark: CancellationMark
    let continuation: CheckedContinuation<HTTPExchange, Never>
}

enum CurlCommand: Sendable {
    case submit(CurlJob)
    case cancel(UInt64)
    /// End what still runs at that instant, then leave.
    case close(ContinuousClock.Instant)
}

/// A multi's address. Only `ccurl_multi_wakeup` may be called on it from outside the loop's thread, and only ``CurlInbox`` does.
struct CurlMulti: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// What other threads hand to the loop: the one place that both sides touch.
final class CurlInbox: Sendable {
    private enum Phase {
        case open, closing, ended
    }

    private struct State {
        var commands: [CurlCommand] = []
        /// Requests taken in and not yet answered.
        var outstanding = 0
        var phase = Phase.open
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let multi: CurlMulti
    private let outstandingMax: Int

    init(multi: CurlMulti, outstandingMax: Int) {
        self.multi = multi
        self.outstandingMax = outstandingMax
    }

    var outstanding: Int { state.withLock { $0.outstanding } }

    /// Hands the job to the loop, or says why not; the loop resumes exactly the jobs that it was handed.
    func submit(_ job: CurlJob) -> TransportError? {
        state.withLock { state in
            guard state.phase == .open else { return TransportError(.shutdown, "the transport is shut down") }
            guard state.outstanding < outstandingMax else {
                return TransportError(.busy, "\(outstandingMax) requests run and wait already")
            }
            state.outstanding += 1
            post(.submit(job), to: &state)
            return nil
        }
    }

    func cancel(_ id: UInt64) {
        state.withLock { post(.cancel(id), to: &$0) }
    }

    /// Stops the intake; the continuation is resumed once the loop has left, at once if it has already.
    func close(at instant: ContinuousClock.Instant, closer: CheckedContinuation<Void, Never>?) {
        let hasEnded = state.withLock { state in
            if state.phase == .ended { return true }
            state.phase = .closing
            if let closer { state.closers.append(closer) }
            post(.close(instant), to: &state)
            return false
        }
        if hasEnded { closer?.resume() }
    }

    // For the loop

    func take() -> [CurlCommand] {
        state.withLock { state in
            var commands: [CurlCommand] = []
            swap(&commands, &state.commands)
            return commands
        }
    }

    func answered() {
        state.withLock { $0.outstanding -= 1 }
    }

    /// From here on nobody touches the multi but the loop; returns those who wait for its end.
    func end() -> [CheckedContinuation<Void, Never>] {
        state.withLock { state in
            state.phase = .ended
            state.commands = []
            let closers = state.closers
            state.closers = []
            return closers
        }
    }

    private func post(_ command: CurlCommand, to state: inout State) {
        guard state.phase != .ended else { return }
        state.commands.append(command)
        // Under the lock, so that the multi is not freed meanwhile; a loop that has commands waiting has been woken already.
        if state.commands.count == 1 { ccurl_multi_wakeup(multi.pointer) }
    }
}
