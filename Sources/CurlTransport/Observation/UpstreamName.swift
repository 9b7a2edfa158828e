/// Whom a request is for; closed: a metric label and a span attribute.
package enum UpstreamName: String, Sendable, Hashable, CaseIterable {
    /// The Servers API.
    case api
    /// Messages to people.
    case notification
    /// Requests of rules to other APIs.
    case request
    /// What a source of alerts thinks now.
    case evidence
    /// The bridge's own look at a server.
    case probe
}
