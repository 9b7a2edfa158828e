package import Model

/// How many requests per second an upstream gets: a bucket of tokens whose rate is halved when the upstream asks to slow down and
/// then grows back (additive increase, multiplicative decrease, as in TCP).
///
/// Default 5/s with a burst of 10; each 429 halves the rate down to ``floor`` and empties the bucket; every 10 s without one give
/// back a tenth of the configured rate, so that from the floor it is whole again after 100 s. In no span of t seconds are more
/// than `burst + rate * t` requests let out. Pure.
package struct RateLimit: Sendable, Hashable {
    /// Tokens per second when nobody objects.
    package let limit: Double
    /// The most tokens, and so the largest burst.
    package let burst: Double
    /// The slowest rate: a request in 5 s, or the limit when that is slower.
    package let floor: Double
    /// What is left for changes: a read takes no token below this many, since a change that was read for would then have to wait
    /// and be read for again.
    package let reserve: Double

    private var rate: Double
    private var left: Double
    private var readAt: Timestamp?
    private var halvedAt: Timestamp?

    /// - Parameters:
    ///   - limit: Requests per second, above 0. Default 5.
    ///   - burst: At least 1. Default 10.
    package init(limit: Double = 5, burst: Int = 10) {
        self.limit = limit.isFinite && limit > 0 ? limit : 5
        self.burst = Double(max(1, min(burst, 1_000_000)))
        floor = min(0.2, self.limit)
        reserve = max(0, min(2, self.burst - 1))
        rate = self.limit
        left = self.burst
    }

    /// Goes on from `now` when the clock was set back; call it before asking.
    package mutating func clamp(now: Timestamp) {
        if let readAt, now < readAt { self.readAt = now }
    }

    /// The rate at that time, in requests per second.
    package func rate(now: Timestamp) -> Double {
        min(limit, rate + elapsed(now) * limit / 100)
    }

    /// The tokens at that time.
    package func tokens(now: Timestamp) -> Double {
        // The rate grows in a line, so its mean is what counts; near the limit this gives a little less than the truth.
        min(burst, left + elapsed(now) * (rate + rate(now: now)) / 2)
    }

    /// How long until a request of that kind may go; zero when it may now.
    package func wait(for kind: RequestClass, now: Timestamp) -> Duration {
        .seconds(max(0, need(kind) - tokens(now: now)) / rate(now: now))
    }

    /// Takes a token.
    /// - Returns: whether there was one for that kind of request.
    package mutating func take(_ kind: RequestClass, now: Timestamp) -> Bool {
        settle(now)
        guard left >= need(kind) else { return false }
        left -= 1
        return true
    }

    /// Takes a token that may not be there yet: what is lent is missing from all that come after.
    package mutating func borrow(now: Timestamp) {
        settle(now)
        left -= 1
    }

    /// The upstream asked to slow down.
    ///
    /// - Parameters:
    ///   - sentAt: When the request that it answered was let out: one that left before the last halving says nothing new, or a
    ///     burst of ten would end at the floor at once.
    ///   - now: The present time.
    package mutating func throttled(sentAt: Timestamp, now: Timestamp) {
        settle(now)
        left = min(left, 0)
        if let halvedAt, sentAt <= halvedAt, halvedAt <= now { return }
        rate = max(floor, rate / 2)
        halvedAt = now
    }

    /// A probe and a change may take the last token.
    private func need(_ kind: RequestClass) -> Double { kind == .read ? 1 + reserve : 1 }

    private func elapsed(_ now: Timestamp) -> Double {
        // A clock that was set back gives nothing and takes nothing.
        readAt.map { max(0, now.since($0).inSeconds) } ?? 0
    }

    private mutating func settle(_ now: Timestamp) {
        (left, rate) = (tokens(now: now), rate(now: now))
        readAt = now
    }
}
