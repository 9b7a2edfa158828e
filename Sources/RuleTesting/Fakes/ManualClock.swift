package import Model
import Synchronization

/// A clock that stands still until it is turned.
package final class ManualClock: TimeSource {
    private let time: Mutex<Timestamp>

    package init(_ start: Timestamp = Timestamp(seconds: 1_795_286_400)) {
        time = Mutex(start)
    }

    package func now() -> Timestamp { time.withLock { $0 } }

    package func advance(by span: Duration) {
        time.withLock { $0 = $0 + span }
    }

    package func set(_ instant: Timestamp) {
        time.withLock { $0 = max($0, instant) }
    }
}
