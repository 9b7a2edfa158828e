/// What became of an attempt, in the closed words of a metric label.
struct AttemptResult: Sendable, Hashable {
    /// The statuses that are told apart; of others only the class is kept, so that an upstream can not add series at will.
    private static let knownStatuses: Set<Int> = [
        200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 429,
        500, 501, 502, 503, 504,
    ]

    /// `response`, `not_sent` or `maybe_sent`.
    let outcome: String
    /// Of a response its status, such as `404`, or its class, such as `4xx`; else the code of the ``TransportError``.
    let code: String

    init(_ outcome: HTTPOutcome) {
        switch outcome {
        case .response(let response):
            self.outcome = "response"
            code = Self.word(ofStatus: response.status)
        case .notSent(let error):
            self.outcome = "not_sent"
            code = error.code.rawValue
        case .maybeSent(let error):
            self.outcome = "maybe_sent"
            code = error.code.rawValue
        }
    }

    private static func word(ofStatus status: Int) -> String {
        if knownStatuses.contains(status) { return String(status) }
        return (100...999).contains(status) ? "\(status / 100)xx" : "other"
    }
}
