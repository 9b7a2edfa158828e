import Synchronization

/// A count that only grows; safe to use from any thread without waiting.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    package var value: UInt64 { count.load(ordering: .relaxed) }

    /// Adds one, or that many.
    package func increment(by amount: UInt64 = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }
}
