/// What was found at the places of a ``JSONPathTree`` in one reading; reused from reading to reading without being cleared.
///
/// Not shared between threads.
package final class JSONSlotTable {
    /// Which places the slots stand for.
    package let tree: JSONPathTree
    /// One slot for every place; filled ones carry the number of the present reading.
    package let slots: UnsafeMutablePointer<JSONSlot>
    /// The watched places that have a value in this reading; ``foundCount`` of them.
    package let found: UnsafeMutablePointer<Int32>
    /// How many watched places have a value.
    package private(set) var foundCount = 0
    /// The number of the present reading.
    package private(set) var reading: UInt32 = 0

    /// All places without a value.
    package init(tree: JSONPathTree) {
        self.tree = tree
        slots = .allocate(capacity: max(tree.count, 1))
        slots.initialize(repeating: JSONSlot(kind: .null, bits: 0, reading: 0), count: max(tree.count, 1))
        found = .allocate(capacity: max(tree.count, 1))
        found.initialize(repeating: 0, count: max(tree.count, 1))
    }

    deinit {
        slots.deallocate()
        found.deallocate()
    }

    /// Empties all slots.
    package func begin() {
        foundCount = 0
        reading &+= 1
        guard reading == 0 else { return }
        // After four billion readings the numbers begin anew: no slot may carry one of them.
        for place in 0..<tree.count { slots[place].reading = 0 }
        reading = 1
    }

    /// Puts a value at a place that has none yet.
    package func fill(_ place: Int32, _ kind: JSONSlot.Kind, bits: UInt64, count: UInt32 = 0) {
        slots[Int(place)] = JSONSlot(kind: kind, bits: bits, count: count, reading: reading)
        guard tree.isWatched(place) else { return }
        found[foundCount] = place
        foundCount += 1
    }

    /// Takes over what a walk has found; it fills slots by itself.
    func finish(found count: Int) {
        foundCount = count
    }
}
