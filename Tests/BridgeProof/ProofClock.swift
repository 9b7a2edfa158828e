import Model
import Synchronization

/// Numbers that are all different, for the ids of questions to people.
final class ProofNumbers: Sendable {
    private let last = Mutex<UInt64>(0)

    func next() -> UInt64 {
        last.withLock { last in
            last += 1
            return last
        }
    }
}

/// A wall clock that is turned, and set: forwards and backwards.
final class ProofClock: TimeSource {
    static let start = Timestamp(seconds: 1_795_286_400)

    private let time: Mutex<Timestamp>

    init(_ start: Timestamp = ProofClock.start) { time = Mutex(start) }

    func now() -> Timestamp { time.withLock { $0 } }

    func advance(by span: Duration) { time.withLock { $0 = $0 + span } }

    func set(_ instant: Timestamp) { time.withLock { $0 = instant } }
}
