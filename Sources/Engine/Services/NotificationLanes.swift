import CurlTransport
import Model
import Synchronization

/// Which messages may be under way at once: 16 in all, 4 of the places for answers to commands alone, and 4 to one receiver.
///
/// A receiver that fails three times in a row is left alone by its own breaker; one message tries it when that is half-open. Pure.
struct NotificationLanes {
    /// Where messages go that stand in each other's way.
    struct Lane: Hashable {
        let isAnswer: Bool
        let origin: String
    }

    enum Admission: Equatable {
        case go
        case later(Timestamp)
    }

    private struct Receiver {
        var places = Bulkhead(capacity: NotificationLanes.perReceiver)
        var breaker = CircuitBreaker(threshold: 3)
    }

    static let capacity = 16
    static let forAnswers = 4
    static let perReceiver = 4
    /// When to look again when all places are taken.
    static let pace: Duration = .seconds(1)

    private var all = Bulkhead(capacity: capacity)
    private var channels = Bulkhead(capacity: capacity - forAnswers)
    private var receivers: [Lane: Receiver] = [:]
    /// Until when channels are left alone whose receiver counts what it gets.
    private var quiet: [String: Timestamp] = [:]
    private var times = DueTimes()

    var free: Int { all.capacity - all.count }

    /// Leaves a channel alone until then.
    mutating func keepQuiet(_ channel: String, until: Timestamp) {
        quiet[channel] = max(until, quiet[channel] ?? until)
    }

    /// Gives a message its places, or says when to come again.
    mutating func enter(_ id: UInt64, _ lane: Lane, channel: String? = nil, now: Timestamp) -> Admission {
        if let channel, let until = quiet[channel] {
            // A clock that was set back must not silence a channel for longer than a receiver may ask for.
            if until > now, until.since(now) <= RetryAfter.max { return .later(until) }
            quiet[channel] = nil
        }
        all.clamp(now: now)
        channels.clamp(now: now)
        var receiver = receivers[lane] ?? Receiver()
        receiver.places.clamp(now: now)
        receiver.breaker.clamp(now: now)
        defer { receivers[lane] = receiver }
        switch receiver.breaker.condition(now: now) {
        case .open(let until): return .later(until)
        case .probing(let until): return .later(min(until, now + Self.pace * 5))
        case .closed, .wantsProbe: break
        }
        if all.isFull || receiver.places.isFull || (!lane.isAnswer && channels.isFull) {
            // One after the other: a thousand that wait are not all written anew every second.
            return .later(times.next(in: Self.pace, spacing: .milliseconds(100), now: now))
        }
        _ = all.enter(id, now: now)
        _ = receiver.places.enter(id, now: now)
        if !lane.isAnswer { _ = channels.enter(id, now: now) }
        if receiver.breaker.condition(now: now) == .wantsProbe { receiver.breaker.beginProbe(now: now) }
        return .go
    }

    /// Takes a message's places back.
    /// - Returns: until when its receiver is left alone; `nil` when it is not.
    mutating func leave(_ id: UInt64, _ lane: Lane, isThere: Bool, now: Timestamp, random: Double) -> Timestamp? {
        all.leave(id)
        channels.leave(id)
        guard var receiver = receivers[lane] else { return nil }
        receiver.places.leave(id)
        if case .probing = receiver.breaker.condition(now: now) {
            if isThere {
                receiver.breaker.probeSucceeded(isProof: true)
            } else {
                receiver.breaker.probeFailed(now: now, random: random)
            }
        } else if isThere {
            receiver.breaker.succeeded()
        } else {
            receiver.breaker.failed(now: now, random: random)
        }
        // Only those are kept of which something is known.
        receivers[lane] = receiver.places.count == 0 && receiver.breaker == CircuitBreaker(threshold: 3) ? nil : receiver
        if case .open(let until) = receiver.breaker.condition(now: now) { return until }
        return nil
    }
}

/// The lanes as the messages under way share them.
final class NotificationPlaces: Sendable {
    private let lanes = Mutex(NotificationLanes())

    var free: Int { lanes.withLock { $0.free } }

    func enter(
        _ id: Int64, _ lane: NotificationLanes.Lane, channel: String?, now: Timestamp
    ) -> NotificationLanes.Admission {
        lanes.withLock { $0.enter(UInt64(bitPattern: id), lane, channel: channel, now: now) }
    }

    func keepQuiet(_ channel: String, until: Timestamp) {
        lanes.withLock { $0.keepQuiet(channel, until: until) }
    }

    func leave(_ id: Int64, _ lane: NotificationLanes.Lane, isThere: Bool, now: Timestamp, random: Double) -> Timestamp? {
        lanes.withLock { $0.leave(UInt64(bitPattern: id), lane, isThere: isThere, now: now, random: random) }
    }
}

extension GateResult {
    /// Whether the receiver was there; what ended on this side is no failure of it.
    var showsReceiver: Bool {
        if case .unavailable = self { false } else { true }
    }
}
