import CCurl
import Synchronization

/// A multi's address. Only `ccurl_multi_wakeup` may be called on it from outside the loop's thread, and only ``CurlInbox`` does.
struct CurlMulti: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// What has come in since the loop looked last.
struct CurlBatch: Sendable {
    var submissions: [CurlSubmission] = []
    var cancellations: [CurlJob] = []
    /// End what still runs at that instant, then leave.
    var closing: ContinuousClock.Instant?

    var isEmpty: Bool { submissions.isEmpty && cancellations.isEmpty && closing == nil }

    /// Keeps the memory of the arrays for the next use.
    mutating func clear() {
        submissions.removeAll(keepingCapacity: true)
        cancellations.removeAll(keepingCapacity: true)
        closing = nil
    }
}

/// What other threads hand to the loop: the one place that both sides touch.
final class CurlInbox: Sendable {
    private enum Phase {
        case open, closing, ended
    }

    private struct State {
        var batch = CurlBatch()
        /// The loop waits, or is about to, and nobody has woken it since.
        var isAsleep = false
        var phase = Phase.open
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// Requests taken in and not yet answered.
    private let unanswered = Atomic<Int>(0)
    private let multi: CurlMulti
    private let outstandingMax: Int

    init(multi: CurlMulti, outstandingMax: Int) {
        self.multi = multi
        self.outstandingMax = outstandingMax
    }

    var outstanding: Int { unanswered.load(ordering: .acquiring) }

    /// Hands the job to the loop, or says why not; the loop answers exactly the jobs that it was handed.
    func submit(_ submission: CurlSubmission) -> TransportError? {
        state.withLock { state in
            guard state.phase == .open else { return TransportError(.shutdown, "the transport is shut down") }
            // Others only take away from it, so that the bound holds.
            guard unanswered.load(ordering: .relaxed) < outstandingMax else {
                return TransportError(.busy, "\(outstandingMax) requests run and wait already")
            }
            unanswered.add(1, ordering: .relaxed)
            state.batch.submissions.append(submission)
            wake(&state)
            return nil
        }
    }

    /// Tells the loop that the job's flag is set.
    func cancel(_ job: CurlJob) {
        state.withLock { state in
            guard state.phase != .ended else { return }
            state.batch.cancellations.append(job)
            wake(&state)
        }
    }

    /// Stops the intake; the continuation is resumed once the loop has left, at once if it has already.
    func close(at instant: ContinuousClock.Instant, closer: CheckedContinuation<Void, Never>?) {
        let hasEnded = state.withLock { state in
            if state.phase == .ended { return true }
            state.phase = .closing
            if let closer { state.closers.append(closer) }
            state.batch.closing = min(instant, state.batch.closing ?? instant)
            wake(&state)
            return false
        }
        if hasEnded { closer?.resume() }
    }

    // For the loop

    /// Exchanges the batch, which must be empty, for what has come in.
    func take(into batch: inout CurlBatch) {
        state.withLock { state in
            state.isAsleep = false
            swap(&state.batch, &batch)
        }
    }

    /// Whether the loop may wait: nothing has come in. From here on whatever comes in wakes it.
    func fallAsleep() -> Bool {
        state.withLock { state in
            state.isAsleep = state.batch.isEmpty
            return state.isAsleep
        }
    }

    func answered() {
        unanswered.subtract(1, ordering: .releasing)
    }

    /// From here on nobody touches the multi but the loop; returns those who wait for its end.
    func end() -> [CheckedContinuation<Void, Never>] {
        state.withLock { state in
            state.phase = .ended
            state.batch = CurlBatch()
            let closers = state.closers
            state.closers = []
            return closers
        }
    }

    /// Under the lock, so that the multi is not freed meanwhile. A loop that is awake looks by itself before it waits: no system
    /// call for that.
    private func wake(_ state: inout State) {
        guard state.isAsleep else { return }
        state.isAsleep = false
        ccurl_multi_wakeup(multi.pointer)
    }
}
