import NIOCore
import Synchronization

/// How many durations fell into which bucket; safe to use from any thread without waiting.
final class Histogram: Sendable {
    /// The upper bounds in seconds: a bound is in its bucket. Around the 500 ms within which senders are to be answered.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let buckets: [Counter]
    private let nanoseconds = Atomic<UInt64>(0)

    init() {
        buckets = (0...Self.bounds.count).map { _ in Counter() }
    }

    func observe(_ duration: TimeAmount) {
        let elapsed = UInt64(clamping: duration.nanoseconds)
        let seconds = Double(elapsed) / 1e9
        buckets[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count].increment()
        nanoseconds.wrappingAdd(elapsed, ordering: .relaxed)
    }

    /// The counts up to and including each bound, then all; and the sum in seconds.
    func snapshot() -> (cumulative: [UInt64], sum: Double) {
        var total: UInt64 = 0
        let cumulative = buckets.map { bucket in
            total += bucket.value
            return total
        }
        return (cumulative, Double(nanoseconds.load(ordering: .relaxed)) / 1e9)
    }
}

/// A count that only grows; safe to use from any thread without waiting.
final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    var value: UInt64 { count.load(ordering: .relaxed) }

    func increment() {
        count.wrappingAdd(1, ordering: .relaxed)
    }
}
