import Synchronization

/// A request on its way, as both sides see it: the task that waits and the loop.
final class CurlJob: Sendable {
    let request: HTTPRequest
    let submitted: ContinuousClock.Instant
    let deadline: ContinuousClock.Instant
    /// Set when the task that waits is cancelled.
    ///
    /// The flag and the message to the loop are both needed: the message may overtake the request that it is about, and then
    /// the flag is seen.
    let isCancelled = Atomic<Bool>(false)

    init(_ request: HTTPRequest, submitted: ContinuousClock.Instant) {
        self.request = request
        self.submitted = submitted
        deadline = submitted.advanced(by: request.totalTimeout)
    }
}

/// A job with the one who waits for it; once it is taken in, the loop alone answers it.
struct CurlSubmission: Sendable {
    let job: CurlJob
    let continuation: CheckedContinuation<HTTPExchange, Never>
}
