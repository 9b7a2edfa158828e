/// Which guard keeps a request from an upstream.
///
/// Closed: the raw value is a log field and a metric label. Until when stands beside it, never in it.
package enum GateReason: String, Sendable, Hashable, CaseIterable {
    /// The credentials were refused with 401 or 403.
    case unauthorized
    /// Too many requests in a row failed.
    case breakerOpen = "breaker_open"
    /// The breaker is half-open: a list has to be read first, and may be now.
    case probeNeeded = "probe_needed"
    /// The breaker is half-open and its probe is on its way.
    case probing
    /// The upstream said when it may be asked again.
    case askedToWait = "asked_to_wait"
    /// As many requests of the kind as may be are under way.
    case bulkhead
    /// The budget for repeats is spent.
    case retryBudget = "retry_budget"
    /// The client's own limit of requests per second.
    case rateLimit = "rate_limit"
}
