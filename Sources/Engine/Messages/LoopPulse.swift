import Synchronization

/// When a loop last got through its work; what tells a loop that hangs or fails from one that has nothing to do.
///
/// By a clock that nobody sets. Safe to use from any thread.
package final class LoopPulse: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    package init() {}

    /// The loop got through.
    package func beat(at now: ContinuousClock.Instant = .now) {
        last.withLock { $0 = max($0 ?? now, now) }
    }

    /// How long ago that was; `nil` when it never did.
    package func age(at now: ContinuousClock.Instant = .now) -> Duration? {
        last.withLock { $0?.duration(to: now) }
    }
}
