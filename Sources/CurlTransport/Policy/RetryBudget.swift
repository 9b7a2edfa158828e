package import Model

/// How many repeats an upstream gets, whoever asks for them: a bucket of tokens that repeats take from and successes refill.
///
/// With an upstream that answers nothing, repeats end at `capacity / cost` and go on at the pace of the refill: 500 / 14 = 35 at
/// once, then one in 14 s. The costs are those of the AWS SDKs' standard mode of 2026. An empty budget makes repeats wait, it
/// never fails them. Pure; not safe to share without a lock.
package struct RetryBudget: Sendable, Hashable {
    /// What a repeat comes after, which sets its cost.
    package enum Repeat: String, Sendable, Hashable, CaseIterable {
        /// A failure that passes: 14 tokens.
        case transient
        /// The upstream asked to slow down: 5 tokens. It is there, and the rate limit holds us back already.
        case throttling

        package var cost: Double { self == .transient ? 14 : 5 }
    }

    /// The most tokens. Default 500.
    package let capacity: Double
    /// Tokens that come back with each success. Default 1.
    package let perSuccess: Double
    /// Tokens that come back each second. Default 1.
    package let perSecond: Double

    private var left: Double
    private var readAt: Timestamp?

    /// A full budget. No value may be negative or not finite: such a one counts as its default. The capacity is never below one repeat.
    package init(capacity: Double = 500, perSuccess: Double = 1, perSecond: Double = 1) {
        let isUsable = { (value: Double) in value.isFinite && value >= 0 }
        self.capacity = max(isUsable(capacity) ? capacity : 500, Repeat.transient.cost)
        self.perSuccess = isUsable(perSuccess) ? perSuccess : 1
        self.perSecond = isUsable(perSecond) && perSecond > 0 ? perSecond : 1
        left = self.capacity
    }

    /// Goes on from `now` when the clock was set back; call it before asking.
    package mutating func clamp(now: Timestamp) {
        if let readAt, now < readAt { self.readAt = now }
    }

    /// The tokens at that time.
    package func tokens(now: Timestamp) -> Double {
        guard let readAt else { return left }
        // A clock that was set back gives nothing and takes nothing.
        return min(capacity, left + max(0, now.since(readAt).inSeconds) * perSecond)
    }

    /// How long until that repeat can be paid; zero when it can now.
    package func wait(for next: Repeat, now: Timestamp) -> Duration {
        .seconds(max(0, next.cost - tokens(now: now)) / perSecond)
    }

    /// Pays for a repeat.
    /// - Returns: whether there were tokens enough; if not, nothing is taken.
    package mutating func take(_ next: Repeat, now: Timestamp) -> Bool {
        settle(now)
        guard left >= next.cost else { return false }
        left -= next.cost
        return true
    }

    package mutating func succeeded(now: Timestamp) {
        settle(now)
        left = min(capacity, left + perSuccess)
    }

    private mutating func settle(_ now: Timestamp) {
        left = tokens(now: now)
        readAt = now
    }
}
