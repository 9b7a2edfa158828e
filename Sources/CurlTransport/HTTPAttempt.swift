/// What is measured of one attempt to send a request.
package struct HTTPAttempt: Sendable, Hashable {
    /// How long the request waited for its turn, before libcurl knew of it.
    package let queued: Duration
    /// How long each phase took; `nil` when the request never reached libcurl.
    package let timings: HTTPTimings?
    /// Whether it went over a connection that an earlier request had made; false when there was no connection.
    package let isConnectionReused: Bool
    /// The bytes of the request, head and body, that left; behind a proxy those of its CONNECT too.
    package let bytesSent: Int64
    /// The bytes of the response, head and body, that were taken in; interim responses and trailers included.
    package let bytesReceived: Int64
    /// How often libcurl was let start to send the request: 0 proves that nothing of it left. More than 1: a replayable request
    /// was repeated, or the connection of an earlier start was dead and took no byte.
    package let requestsReleased: Int

    package init(
        queued: Duration = .zero, timings: HTTPTimings? = nil, isConnectionReused: Bool = false, bytesSent: Int64 = 0,
        bytesReceived: Int64 = 0, requestsReleased: Int = 0
    ) {
        self.queued = queued
        self.timings = timings
        self.isConnectionReused = isConnectionReused
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.requestsReleased = requestsReleased
    }
}
