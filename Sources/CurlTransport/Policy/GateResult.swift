/// What became of a request, as far as a gate wants to know.
package enum GateResult: Sendable, Hashable {
    /// A 2xx.
    case succeeded
    /// Any other answer that shows an upstream at work: the request was wrong, not the upstream.
    case answered
    /// 425 or 429, and how long it asked to wait.
    case throttled(retryAfter: Duration?)
    /// 401 or 403.
    case unauthorized
    /// 408, 5xx, no connection, or no whole answer; and how long it asked to wait.
    case unavailable(retryAfter: Duration?)
    /// It ended on this side, by a cancellation or a shutdown: it says nothing of the upstream.
    case silent

    package init(_ outcome: HTTPOutcome) {
        switch outcome {
        case .response(let response):
            self.init(status: response.status, retryAfter: response.retryAfter)
        case .maybeSent(let error), .notSent(let error):
            if let status = error.status {
                self.init(status: status, retryAfter: nil)
                return
            }
            switch error.code {
            case .cancelled, .shutdown, .busy: self = .silent
            case .resolve, .connect, .tls, .timeout, .tooLarge, .reset, .other: self = .unavailable(retryAfter: nil)
            }
        }
    }

    private init(status: Int, retryAfter: Duration?) {
        switch status {
        case 200..<300: self = .succeeded
        case 401, 403: self = .unauthorized
        case 425, 429: self = .throttled(retryAfter: retryAfter)
        case 408, 500...599: self = .unavailable(retryAfter: retryAfter)
        default: self = .answered
        }
    }
}
