/// An instant in UTC with a resolution of one microsecond.
///
/// The type carries no clock: whoever needs the present time is handed it. Arithmetic saturates at the ends of `Int64`, so that a
/// hostile date in a webhook can not trap.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The instant that many whole seconds after 1970-01-01T00:00:00Z.
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    package static func + (instant: Timestamp, span: Duration) -> Timestamp {
        let (sum, overflow) = instant.microseconds.addingReportingOverflow(span.wholeMicroseconds)
        return Timestamp(microseconds: overflow ? (span < .zero ? .min : .max) : sum)
    }

    package static func - (instant: Timestamp, span: Duration) -> Timestamp {
        let (difference, overflow) = instant.microseconds.subtractingReportingOverflow(span.wholeMicroseconds)
        return Timestamp(microseconds: overflow ? (span < .zero ? .max : .min) : difference)
    }

    /// The time from `earlier` to this instant; negative when `earlier` is later.
    package func since(_ earlier: Timestamp) -> Duration {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(earlier.microseconds)
        return .microseconds(overflow ? (microseconds < earlier.microseconds ? Int64.min : .max) : difference)
    }
}

extension Duration {
    /// The span in whole microseconds, rounded towards zero and saturated at the ends of `Int64`.
    package var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// The span in seconds, for metrics and texts.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
