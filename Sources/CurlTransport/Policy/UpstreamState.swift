package import Model

/// What a gate looks like at one moment, for metrics and pages.
package struct UpstreamState: Sendable, Hashable {
    /// A breaker as people and metrics name it.
    package enum BreakerState: String, Sendable, Hashable, CaseIterable {
        case closed, open
        case halfOpen = "half_open"
    }

    /// The breakers of a gate; the raw value is a metric label.
    package enum Breaker: String, Sendable, Hashable, CaseIterable {
        case read, mutate
        /// Of 401 and 403, for all requests.
        case credentials
    }

    package let breakers: [Breaker: BreakerState]
    /// When the breakers that are open let a probe out.
    package let openUntil: [Breaker: Timestamp]
    /// Tokens left for repeats, 0 to 500.
    package let retryTokens: Double
    /// Requests per second that are let out at present.
    package let rate: Double
    /// Requests that could go at once.
    package let rateTokens: Double
    package let readsInFlight: Int
    package let mutationsInFlight: Int
    /// Requests that were let out since the start.
    package let admitted: Int
    /// Requests and enquiries that were refused since the start; every reason has a number.
    package let refusals: [GateReason: Int]
    /// Until when `Retry-After` keeps every request back.
    package let askedToWaitUntil: Timestamp?
}

extension UpstreamGate {
    /// The gate as it is at that time.
    package mutating func state(now: Timestamp) -> UpstreamState {
        clamp(now: now)
        let conditions: [UpstreamState.Breaker: CircuitBreaker.Condition] = [
            .read: readBreaker.condition(now: now), .mutate: mutateBreaker.condition(now: now),
            .credentials: configuration.condition(now: now),
        ]
        let openUntil = conditions.compactMapValues { condition -> Timestamp? in
            if case .open(let until) = condition { until } else { nil }
        }
        return UpstreamState(
            breakers: conditions.mapValues(\.state), openUntil: openUntil, retryTokens: budget.tokens(now: now),
            rate: rateLimit.rate(now: now), rateTokens: rateLimit.tokens(now: now), readsInFlight: reads.count,
            mutationsInFlight: mutations.count, admitted: admitted,
            refusals: Dictionary(uniqueKeysWithValues: GateReason.allCases.map { ($0, refusals[$0] ?? 0) }),
            askedToWaitUntil: askedToWait?.until)
    }
}

extension CircuitBreaker.Condition {
    fileprivate var state: UpstreamState.BreakerState {
        switch self {
        case .closed: .closed
        case .open: .open
        case .wantsProbe, .probing: .halfOpen
        }
    }
}
