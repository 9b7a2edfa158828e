import Synchronization

/// How many durations fell into which bucket; safe to use from any thread without waiting.
package final class Histogram: Sendable {
    /// What was counted up to an instant.
    package struct Snapshot: Sendable {
        /// The upper bounds in seconds.
        package let bounds: [Double]
        /// The counts up to and including each bound, then all.
        package let cumulative: [UInt64]
        /// All durations together, in seconds.
        package let sum: Double
    }

    private let bounds: [Double]
    private let buckets: [Counter]
    private let nanoseconds = Atomic<UInt64>(0)

    /// Buckets with those upper bounds in seconds, ascending; a bound is in its bucket, and one bucket more takes the rest.
    package init(bounds: [Double]) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts a duration; one below zero counts as zero.
    package func observe(_ duration: Duration) {
        let elapsed = duration.wholeNanoseconds
        let seconds = Double(elapsed) / 1e9
        buckets[bounds.firstIndex { seconds <= $0 } ?? bounds.count].increment()
        nanoseconds.wrappingAdd(elapsed, ordering: .relaxed)
    }

    /// What was counted so far.
    package func snapshot() -> Snapshot {
        var total: UInt64 = 0
        let cumulative = buckets.map { bucket in
            total += bucket.value
            return total
        }
        return Snapshot(bounds: bounds, cumulative: cumulative, sum: Double(nanoseconds.load(ordering: .relaxed)) / 1e9)
    }
}

extension Duration {
    /// In nanoseconds, from 0 to `UInt64.max`.
    fileprivate var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carries) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return overflows || carries ? .max : sum
    }
}
