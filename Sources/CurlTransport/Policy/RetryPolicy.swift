/// How long to wait before a request is tried again: exponential backoff with full jitter.
///
/// Full jitter spreads the load best of the known forms (AWS Architecture Blog, "Exponential Backoff And Jitter"). Pure: the
/// randomness is passed in, and the caller stores the due time; nothing sleeps here.
package struct RetryPolicy: Sendable, Hashable {
    /// The ceiling of the first delay. Default 2 s.
    package let base: Duration
    /// The ceiling of every delay. Default 300 s.
    package let cap: Duration

    package init(base: Duration = .seconds(2), cap: Duration = .seconds(300)) {
        self.base = max(base, .zero)
        self.cap = max(cap, .zero)
    }

    /// Draws the delay after that many failed attempts.
    ///
    /// It is uniform over 0 ..< min(cap, base * 2^(attempt - 1)): with the defaults up to 2, 4, 8 ... 256, 300 s. Never earlier
    /// than the server asked for, and never later than `cap` whatever it asked for.
    ///
    /// - Parameters:
    ///   - attempt: How many attempts have failed, from 1; less counts as 1.
    ///   - retryAfter: What the server asked for, see ``RetryAfter``.
    ///   - random: A number from 0 to below 1; clamped, not a number counts as 0.
    /// - Returns: The delay, from 0 to `cap`.
    package func delay(attempt: Int, retryAfter: Duration?, random: Double) -> Duration {
        var ceiling = min(base, cap)
        var left = attempt - 1
        while left > 0, ceiling > .zero, cap > ceiling {
            ceiling = min(ceiling * 2, cap)
            left -= 1
        }
        let fraction = random.isNaN ? 0 : min(max(random, 0), 1)
        return max(ceiling * fraction, min(max(retryAfter ?? .zero, .zero), cap))
    }
}
