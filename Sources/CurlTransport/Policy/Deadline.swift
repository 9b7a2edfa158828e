package import Model

/// An instant until which something waits, which a clock that is set back can not move out of reach.
///
/// Due times are kept on the wall clock. When that is set back by three days, a wait of 30 s would last three days; therefore
/// whoever holds a deadline calls ``clamp(now:)`` before it looks, and nothing waits longer than its span from the present time.
package struct Deadline: Sendable, Hashable {
    package private(set) var until: Timestamp
    /// The longest that is ever waited, counted from whatever the time is.
    package let span: Duration

    /// A deadline that much later than `now`; negative spans count as zero.
    package init(in span: Duration, now: Timestamp) {
        self.span = max(span, .zero)
        until = now + self.span
    }

    package func isOver(now: Timestamp) -> Bool { now >= until }

    /// Pulls the deadline back to at most its span from `now`.
    package mutating func clamp(now: Timestamp) {
        until = min(until, now + span)
    }
}
