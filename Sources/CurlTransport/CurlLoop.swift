import CCurl
import Synchronization

/// The loop of the driver's thread: the only code that calls libcurl, save for the wake-up.
///
/// Created, run and released on that thread. It keeps the queue itself: time that a transfer waits inside libcurl would count
/// against its timeout unseen.
final class CurlLoop {
    /// How long the loop sleeps when nothing is due.
    private static let idleMilliseconds = 1_000

    private let inbox: CurlInbox
    private let multi: OpaquePointer
    private let configuration: CurlDriverConfiguration
    private var pool: CurlPool
    private var waiting = CurlQueue()
    private var batch = CurlBatch()
    private var closingAt: ContinuousClock.Instant?

    init(inbox: CurlInbox, multi: CurlMulti, configuration: CurlDriverConfiguration) {
        self.inbox = inbox
        self.multi = multi.pointer
        self.configuration = configuration
        pool = CurlPool(capacity: configuration.maxInFlight, settings: CurlSettings(configuration))
    }

    /// Runs until it is told to close, then frees the multi and tells those who wait for it.
    func run() {
        while true {
            obey()
            startWaiting()
            // An error here is libcurl out of memory or misused: nothing that runs can be trusted to end.
            if !ccurl_multi_work(multi) { endAll(TransportError(.other, "libcurl failed")) }
            harvest()
            if hasToLeave() { break }
            startWaiting()
            if inbox.fallAsleep() { ccurl_multi_wait(multi, Int32(millisecondsToNextDue())) }
        }
        let closers = inbox.end()
        pool.removeAll()
        ccurl_multi_destroy(multi)
        for closer in closers { closer.resume() }
    }

    /// Takes in what others have handed over. Submissions first: a cancellation may be about one of them.
    ///
    /// A cancelled task sets its job's flag, then sends its message. So whoever is not seen to be cancelled here is found, by the
    /// message that is still to come, among those that wait or run.
    private func obey() {
        inbox.take(into: &batch)
        if let instant = batch.closing { closingAt = min(instant, closingAt ?? instant) }
        for submission in batch.submissions {
            // The message about it may have come before it, and would find nothing.
            if submission.job.isCancelled.load(ordering: .acquiring) {
                refuse(submission, Self.cancelled)
            } else {
                waiting.append(submission)
            }
        }
        if !batch.cancellations.isEmpty {
            for transfer in pool.running {
                guard let entry = transfer.entry, entry.submission.job.isCancelled.load(ordering: .acquiring) else { continue }
                end(transfer, entry, Self.cancelled)
            }
            dropSpent()
        }
        batch.clear()
    }

    /// Answers those that have been cancelled, or have waited too long, before their turn.
    private func dropSpent() {
        for submission in waiting.removeSpent(at: .now) {
            let isCancelled = submission.job.isCancelled.load(ordering: .acquiring)
            refuse(submission, isCancelled ? Self.cancelled : TransportError(.timeout, "no turn before the timeout"))
        }
    }

    /// Starts what may start.
    private func startWaiting() {
        guard !waiting.isEmpty else { return }
        if closingAt != nil {
            for submission in waiting.removeAll() { refuse(submission, Self.shutDown) }
            return
        }
        let now = ContinuousClock.now
        if let deadline = waiting.nextDeadline, deadline <= now { dropSpent() }
        while pool.hasFree, let submission = waiting.popFirst() { start(submission, now: now) }
    }

    private func start(_ submission: CurlSubmission, now: ContinuousClock.Instant) {
        guard let transfer = pool.take() else {
            refuse(submission, Self.refused)
            return
        }
        let remaining = now.duration(to: submission.job.deadline)
        guard transfer.prepare(submission.job, remaining: remaining, configuration: configuration),
            ccurl_multi_add(multi, transfer.pointer)
        else {
            pool.giveBack(transfer, isReusable: false)
            refuse(submission, Self.refused)
            return
        }
        transfer.entry = CurlTransfer.Entry(submission: submission, started: now)
    }

    private func harvest() {
        var result = ccurl_result.other
        while let pointer = ccurl_multi_take_finished(multi, &result) {
            guard let transfer = pool[ccurl_transfer_tag(pointer)], let entry = transfer.entry else { continue }
            let exchange = transfer.exchange(result, queued: entry.queued)
            // libcurl counts what it repeats by itself per handle, sets the count back in `curl_easy_reset` alone, and gives up after five.
            pool.giveBack(transfer, isReusable: result == .complete && exchange.attempt.requestsReleased <= 1)
            answer(entry.submission, exchange)
        }
    }

    /// Whether the loop is closing and nothing is left; ends what has used up the time to drain.
    private func hasToLeave() -> Bool {
        guard let closingAt else { return false }
        if closingAt <= ContinuousClock.now { endAll(Self.shutDown) }
        return pool.runningCount == 0 && waiting.isEmpty
    }

    private func endAll(_ error: TransportError) {
        for transfer in pool.running {
            if let entry = transfer.entry { end(transfer, entry, error) }
        }
    }

    private func end(_ transfer: CurlTransfer, _ entry: CurlTransfer.Entry, _ error: TransportError) {
        ccurl_multi_remove(multi, transfer.pointer)
        let exchange = transfer.exchange(error, queued: entry.queued, after: entry.started.duration(to: .now))
        pool.giveBack(transfer, isReusable: false)
        answer(entry.submission, exchange)
    }

    /// Answers a request that libcurl has not been given.
    private func refuse(_ submission: CurlSubmission, _ error: TransportError) {
        let queued = submission.job.submitted.duration(to: .now)
        answer(submission, HTTPExchange(outcome: .notSent(error), attempt: HTTPAttempt(queued: queued)))
    }

    /// The single place where a request is answered.
    private func answer(_ submission: CurlSubmission, _ exchange: HTTPExchange) {
        inbox.answered()
        submission.continuation.resume(returning: exchange)
    }

    /// How long the loop may wait for what libcurl does not know of.
    private func millisecondsToNextDue() -> Int {
        guard let due = Self.earlier(closingAt, waiting.nextDeadline) else { return Self.idleMilliseconds }
        return min(CurlTransfer.milliseconds(ContinuousClock.now.duration(to: due)), Self.idleMilliseconds)
    }

    private static func earlier(
        _ one: ContinuousClock.Instant?, _ other: ContinuousClock.Instant?
    ) -> ContinuousClock.Instant? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    private static let cancelled = TransportError(.cancelled, "the task was cancelled")
    private static let shutDown = TransportError(.shutdown, "the transport is shut down")
    private static let refused = TransportError(.other, "libcurl refused the request")
}
