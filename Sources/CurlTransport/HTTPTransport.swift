/// Sends HTTP requests and says what is known of each.
///
/// A request that is not replayable reaches the server at most once: who retries must know what was done, and that is the
/// caller. Any number of tasks may send at once. Cancelling the task ends its request.
package protocol HTTPTransport: Sendable {
    /// Sends the request and waits for its outcome; returns exactly once, also at cancellation and shutdown.
    func send(_ request: HTTPRequest) async -> HTTPOutcome
}

/// What became of a request, which is three-valued: between "answered" and "not sent" lies "the server may have acted".
package enum HTTPOutcome: Sendable {
    /// No byte of the request left: the server has not seen it, and sending it again is safe whatever it does.
    case notSent(TransportError)
    /// The whole response arrived; its status says what the server did.
    case response(HTTPResponse)
    /// The request was let out and no whole response came back: the server may or may not have acted. Read its state before
    /// repeating.
    case maybeSent(TransportError)
}
