package import CurlTransport
import Model

/// Why an operation has no result, and whether it may have had an effect all the same.
package struct APIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Closed: a log field and a metric label.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// 400: the request's values, or the server's state (start of a running one), do not allow it.
        case badRequest
        /// 401: the token is missing or not valid. Check the configuration; no attempt is worth making.
        case unauthorized
        /// 403: the token may not do this.
        case forbidden
        /// 402: the account has no credit. Stop every create until a person resumes.
        case paymentRequired
        /// 404: there is no such server.
        case notFound
        /// 409: read the server's state before anything else.
        case conflict
        /// 425 or 429: ask again after `retryAfter`.
        case rateLimited
        /// 408 or 5xx: the server may have acted before it failed.
        case serverError
        /// 3xx: the base URL is wrong; the detail names the host that it points to. Redirects are never followed.
        case redirected
        /// Any other status.
        case unexpectedStatus
        /// A 2xx whose body is not what the operation promises.
        case invalidAnswer
        /// No byte of the request left.
        case notSent
        /// It was not sent, since a guard of this side keeps requests back for now (see ``APIError/heldBy`` and `retryAfter`), or since it
        /// was stopped by a pause (then `heldBy` is `nil`).
        case heldBack
        /// The request was let out and no whole answer came back.
        case outcomeUnknown
    }

    /// Whether a changing request had an effect.
    package enum Certainty: String, Sendable, Hashable {
        /// It certainly had none: sending it again can not double it. Errors of `list` and `get`, which change nothing, always
        /// say this.
        case notExecuted
        /// It may have had its effect: read the state before anything is sent again.
        case unknown
    }

    package let code: Code
    package let certainty: Certainty
    /// The response's status, when one arrived.
    package let status: Int?
    /// How long the API asks to wait, 0 to 300 s.
    package let retryAfter: Duration?
    /// Which guard held the request back; `retryAfter` is then how long, and not bounded by 300 s.
    package let heldBy: GateReason?
    /// What the transport reported, when there is no whole response.
    package let transport: TransportError.Code?
    /// For people: the first 500 bytes of the body made printable, or what went wrong on the way. Never the token.
    package let detail: String

    package init(
        code: Code, certainty: Certainty, status: Int? = nil, retryAfter: Duration? = nil,
        transport: TransportError.Code? = nil, heldBy: GateReason? = nil, detail: String
    ) {
        self.code = code
        self.certainty = certainty
        self.status = status
        self.retryAfter = retryAfter
        self.transport = transport
        self.heldBy = heldBy
        self.detail = detail
    }

    package var description: String {
        let head = status.map { "\(code.rawValue) (\($0))" } ?? code.rawValue
        return detail.isEmpty ? head : "\(head): \(detail)"
    }
}

extension APIError {
    /// Nothing was sent: a guard of this side is in the way.
    package init(_ held: Upstream.HeldBack) {
        self.init(
            code: .heldBack, certainty: .notExecuted, retryAfter: held.wait, heldBy: held.reason,
            detail: "not sent: \(held.reason.rawValue) until \(held.until.rfc3339)")
    }
}
