package import Model

/// How many requests of one kind are under way at once, so that a slow one can not take the places of all others.
///
/// Pure. A place that nobody gave back within ``lease`` is free again: it belongs to a request that can not be under way any more.
package struct Bulkhead: Sendable, Hashable {
    /// Longer than any request may last.
    package static let lease: Duration = .seconds(660)

    /// The most at once; at least 1.
    package let capacity: Int
    private var places: [UInt64: Deadline] = [:]

    package init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    package var count: Int { places.count }
    package var isFull: Bool { places.count >= capacity }

    /// Frees the places whose lease is over.
    package mutating func clamp(now: Timestamp) {
        for (id, var lease) in places {
            lease.clamp(now: now)
            places[id] = lease.isOver(now: now) ? nil : lease
        }
    }

    /// Takes a place.
    /// - Returns: whether there was one.
    package mutating func enter(_ id: UInt64, now: Timestamp) -> Bool {
        guard !isFull else { return false }
        places[id] = Deadline(in: Self.lease, now: now)
        return true
    }

    /// - Returns: whether it had a place.
    @discardableResult
    package mutating func leave(_ id: UInt64) -> Bool {
        places.removeValue(forKey: id) != nil
    }
}
