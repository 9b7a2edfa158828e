import CCurl
import Synchronization

/// The loop of the driver's thread: the only code that calls libcurl, save for the wake-up.
///
/// Created, run and released on that thread. It keeps the queue itself: time that a transfer waits inside libcurl would count
/// against its timeout unseen.
final class CurlLoop {
    private struct Running {
        let job: CurlJob
        let transfer: CurlTransfer
        let started: ContinuousClock.Instant

        var queued: Duration { job.submitted.duration(to: started) }
    }

    /// How long the loop sleeps when nothing is due.
    private static let idleMilliseconds: Int64 = 1_000

    private let inbox: CurlInbox
    private let multi: OpaquePointer
    private let configuration: CurlDriverConfiguration
    private var running: [UInt64: Running] = [:]
    /// First in, first out; at most `maxWaiting` long.
    private var waiting: [CurlJob] = []
    private var closingAt: ContinuousClock.Instant?

    init(inbox: CurlInbox, multi: CurlMulti, configuration: CurlDriverConfiguration) {
        self.inbox = inbox
        self.multi = multi.pointer
        self.configuration = configuration
    }

    /// Runs until it is told to close, then frees the multi and tells those who wait for it.
    func run() {
        while true {
            for command in inbox.take() { obey(command) }
            startWaiting()
            // An error here is libcurl out of memory or misused: nothing that runs can be trusted to end.
            if !ccurl_multi_work(multi) { endAll(TransportError(.other, "libcurl failed")) }
            harvest()
            if hasToLeave() { break }
            startWaiting()
            ccurl_multi_wait(multi, Int32(milliseconds(to: nextDue())))
        }
        let closers = inbox.end()
        ccurl_multi_destroy(multi)
        for closer in closers { closer.resume() }
    }

    private func obey(_ command: CurlCommand) {
        switch command {
        case .submit(let job):
            if job.mark.isSet.load(ordering: .acquiring) {
                refuse(job, Self.cancelled)
            } else {
                waiting.append(job)
            }
        case .cancel(let id):
            if let entry = running[id] {
                end(entry, Self.cancelled)
            } else if let index = waiting.firstIndex(where: { $0.id == id }) {
                refuse(waiting.remove(at: index), Self.cancelled)
            }
        case .close(let instant):
            closingAt = min(instant, closingAt ?? instant)
        }
    }

    /// Starts what may start, and drops what has waited too long.
    private func startWaiting() {
        guard !waiting.isEmpty else { return }
        let now = ContinuousClock.now
        if closingAt != nil {
            let refused = waiting
            waiting = []
            for job in refused { refuse(job, Self.shutDown) }
            return
        }
        let expired = waiting.filter { $0.deadline <= now }
        waiting.removeAll { $0.deadline <= now }
        for job in expired { refuse(job, TransportError(.timeout, "no turn before the timeout")) }
        let free = max(0, configuration.maxInFlight - running.count)
        let starting = waiting.prefix(free)
        waiting.removeFirst(starting.count)
        for job in starting { start(job, now: now) }
    }

    private func start(_ job: CurlJob, now: ContinuousClock.Instant) {
        let remaining = now.duration(to: job.deadline)
        guard
            let transfer = CurlTransfer(tag: job.id, request: job.request, remaining: remaining, configuration: configuration),
            ccurl_multi_add(multi, transfer.pointer)
        else {
            refuse(job, TransportError(.other, "libcurl refused the request"))
            return
        }
        running[job.id] = Running(job: job, transfer: transfer, started: now)
    }

    private func harvest() {
        var result = ccurl_result.other
        while let pointer = ccurl_multi_take_finished(multi, &result) {
            guard let entry = running.removeValue(forKey: ccurl_transfer_tag(pointer)) else { continue }
            answer(entry.job, entry.transfer.exchange(result, queued: entry.queued))
        }
    }

    /// Whether the loop is closing and nothing is left; ends what has used up the time to drain.
    private func hasToLeave() -> Bool {
        guard let closingAt else { return false }
        if closingAt <= ContinuousClock.now { endAll(Self.shutDown) }
        return running.isEmpty && waiting.isEmpty
    }

    private func endAll(_ error: TransportError) {
        for entry in running.values { end(entry, error) }
    }

    private func end(_ entry: Running, _ error: TransportError) {
        ccurl_multi_remove(multi, entry.transfer.pointer)
        running[entry.job.id] = nil
        let after = entry.started.duration(to: .now)
        answer(entry.job, entry.transfer.exchange(error, queued: entry.queued, after: after))
    }

    /// Answers a request that libcurl has not been given.
    private func refuse(_ job: CurlJob, _ error: TransportError) {
        answer(job, HTTPExchange(outcome: .notSent(error), attempt: HTTPAttempt(queued: job.submitted.duration(to: .now))))
    }

    /// The single place where a request is answered.
    private func answer(_ job: CurlJob, _ exchange: HTTPExchange) {
        inbox.answered()
        job.continuation.resume(returning: exchange)
    }

    /// The next instant that libcurl does not know of.
    private func nextDue() -> ContinuousClock.Instant? {
        let deadline = waiting.lazy.map(\.deadline).min()
        guard let closingAt else { return deadline }
        return min(closingAt, deadline ?? closingAt)
    }

    private func milliseconds(to instant: ContinuousClock.Instant?) -> Int64 {
        guard let instant else { return Self.idleMilliseconds }
        return min(CurlTransfer.milliseconds(ContinuousClock.now.duration(to: instant)), Self.idleMilliseconds)
    }

    private static let cancelled = TransportError(.cancelled, "the task was cancelled")
    private static let shutDown = TransportError(.shutdown, "the transport is shut down")
}
