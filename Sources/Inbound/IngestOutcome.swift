/// What became of a request for a webhook source; closed, so that it can be a metric label.
package enum IngestOutcome: String, Sendable, Hashable, CaseIterable {
    /// On disk, answered with the sender's success.
    case accepted
    /// On disk since an earlier delivery, answered with the sender's success.
    case duplicate
    /// Answered at once, nothing to store: a platform's check of the address.
    case answered
    /// Authentication failed, or a signed request was replayed.
    case rejectedAuth = "rejected_auth"
    /// Refused for what it is: path, method, size, type, syntax.
    case invalid
    /// Refused because it could not be stored now; answered 503.
    case overloaded
}
