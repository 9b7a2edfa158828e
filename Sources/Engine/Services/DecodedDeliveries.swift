import Model
import Synchronization

/// The events of deliveries that runs were claimed for lately.
///
/// A delivery of many alerts begins many runs, and every claim of each needs its one event: decoded anew each time, n alerts would cost n times
/// n. What is kept is bounded by the bodies' bytes and by time. A delivery of a single event is not kept: nothing is gained by it, and so no
/// person's command, with the address that answers it, stays in memory.
final class DecodedDeliveries: Sendable {
    /// The most bytes of bodies whose events are kept; events take some ten times that.
    static let maxBytes = 2 << 20
    /// The most deliveries whose events are kept.
    static let maxDeliveries = 64
    /// After so long without use a delivery's events are given up. Longer than the time between two looks at a run that waits for its effect.
    static let longestUnused = Duration.seconds(60)

    private struct Entry {
        let events: [Event]
        let bytes: Int
        var usedAt: Timestamp
    }

    private let entries = Mutex<[DeliveryID: Entry]>([:])
    private let decode: @Sendable (Delivery) -> [Event]?

    /// `decode` gives the events of a delivery, `nil` when it can not be decoded any more.
    init(_ decode: @escaping @Sendable (Delivery) -> [Event]?) {
        self.decode = decode
    }

    /// One event of a delivery; `nil` when there is no such event. Callers at once wait for each other, so that a delivery is decoded once.
    func event(_ index: Int, of delivery: Delivery, now: Timestamp) -> Event? {
        entries.withLock { entries in
            Self.forgetUnused(&entries, now: now)
            if let known = entries[delivery.id] {
                entries[delivery.id]?.usedAt = now
                return Self.element(index, of: known.events)
            }
            guard let events = decode(delivery) else { return nil }
            if events.count > 1 {
                Self.keep(Entry(events: events, bytes: delivery.body.count, usedAt: now), delivery.id, &entries)
            }
            return Self.element(index, of: events)
        }
    }

    /// Gives up what nobody has asked for lately.
    func forgetUnused(now: Timestamp) {
        entries.withLock { Self.forgetUnused(&$0, now: now) }
    }

    private static func element(_ index: Int, of events: [Event]) -> Event? {
        events.indices.contains(index) ? events[index] : nil
    }

    private static func forgetUnused(_ entries: inout [DeliveryID: Entry], now: Timestamp) {
        entries = entries.filter { now.since($0.value.usedAt) <= longestUnused }
    }

    /// Makes room by giving up what was not used for longest.
    private static func keep(_ entry: Entry, _ id: DeliveryID, _ entries: inout [DeliveryID: Entry]) {
        guard entry.bytes <= maxBytes else { return }
        var bytes = entries.values.reduce(entry.bytes) { $0 + $1.bytes }
        while bytes > maxBytes || entries.count >= maxDeliveries,
            let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            entries[oldest.key] = nil
            bytes -= oldest.value.bytes
        }
        entries[id] = entry
    }
}
