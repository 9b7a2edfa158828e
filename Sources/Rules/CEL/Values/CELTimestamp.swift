package import Model

/// An instant with a resolution of one nanosecond, in the years 0001 to 9999, as CEL and protobuf define it.
package struct CELTimestamp: Sendable, Hashable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded towards the past.
    package let seconds: Int64
    /// 0 to 999,999,999, always towards the future.
    package let nanoseconds: Int32

    static let earliestSecond: Int64 = -62_135_596_800
    static let latestSecond: Int64 = 253_402_300_799

    /// `nil` outside the years 0001 to 9999.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard (Self.earliestSecond...Self.latestSecond).contains(seconds), (0...999_999_999).contains(nanoseconds) else {
            return nil
        }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// `nil` outside the years 0001 to 9999.
    package init?(_ instant: Timestamp) {
        let (seconds, micros) = instant.microseconds.floored(by: 1_000_000)
        self.init(seconds: seconds, nanoseconds: Int32(micros) * 1_000)
    }

    package static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The instant that much later or earlier; `nil` outside the years 0001 to 9999.
    func adding(_ nanoseconds: Int64) -> CELTimestamp? {
        let (wholeSeconds, rest) = nanoseconds.floored(by: 1_000_000_000)
        let sum = Int64(self.nanoseconds) + rest
        let (carry, fraction) = sum.floored(by: 1_000_000_000)
        // No overflow: an instant and a span of Int64 nanoseconds are both far below Int64 seconds.
        return CELTimestamp(seconds: seconds + wholeSeconds + carry, nanoseconds: Int32(fraction))
    }

    /// The span from `earlier` to this instant; `nil` when it does not fit 292 years.
    func since(_ earlier: CELTimestamp) -> CELDuration? {
        let (product, overflow) = (seconds - earlier.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return nil }
        let (sum, carry) = product.addingReportingOverflow(Int64(nanoseconds) - Int64(earlier.nanoseconds))
        return carry ? nil : CELDuration(nanoseconds: sum)
    }
}

/// A span of time in nanoseconds, about 292 years either way.
package struct CELDuration: Sendable, Hashable, Comparable {
    /// The whole span.
    package let nanoseconds: Int64

    /// A span of that many nanoseconds; negative ones are allowed.
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The span in seconds as the nearest double: whole seconds and the rest apart, so that a long span loses little.
    var secondsAsDouble: Double {
        Double(nanoseconds / 1_000_000_000) + Double(nanoseconds % 1_000_000_000) / 1e9
    }

    package static func < (left: CELDuration, right: CELDuration) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Int64 {
    /// Quotient and remainder with a remainder that is never negative; the divisor is positive.
    func floored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
