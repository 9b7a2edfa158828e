import Synchronization

/// How many bytes of bodies are held at once, over all connections.
final class BodyBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// The bytes that are reserved now.
    var reserved: Int { used.load(ordering: .relaxed) }

    fileprivate func reserve(_ count: Int) -> Bool {
        let total = used.wrappingAdd(count, ordering: .relaxed).newValue
        if total <= limit { return true }
        release(count)
        return false
    }

    fileprivate func release(_ count: Int) {
        used.wrappingSubtract(count, ordering: .relaxed)
    }
}

/// One body's share of a ``BodyBudget``, given back when nobody holds it any more.
///
/// It grows by what has arrived, not by what `Content-Length` announces: announcing costs a stranger nothing.
final class BodyReservation: Sendable {
    private let budget: BodyBudget
    private let bytes = Atomic<Int>(0)

    init(_ budget: BodyBudget) {
        self.budget = budget
    }

    deinit {
        budget.release(bytes.load(ordering: .relaxed))
    }

    /// Whether there was room for that many more bytes.
    func grow(by count: Int) -> Bool {
        guard budget.reserve(count) else { return false }
        bytes.wrappingAdd(count, ordering: .relaxed)
        return true
    }
}
