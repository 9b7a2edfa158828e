import Synchronization

/// The requests that wait for their turn: first in, first out, each end in constant time.
struct CurlQueue {
    /// Slots before `head` are spent.
    private var slots: [CurlSubmission?] = []
    private var head = 0
    /// No deadline in the queue is earlier.
    private var earliest: ContinuousClock.Instant?

    var isEmpty: Bool { head == slots.count }

    /// The instant at which a request may have waited too long; `nil` when none waits. May lie before the first that has.
    var nextDeadline: ContinuousClock.Instant? { isEmpty ? nil : earliest }

    mutating func append(_ submission: CurlSubmission) {
        let deadline = submission.job.deadline
        earliest = isEmpty ? deadline : min(earliest ?? deadline, deadline)
        slots.append(submission)
    }

    mutating func popFirst() -> CurlSubmission? {
        guard head < slots.count else { return nil }
        let first = slots[head]
        slots[head] = nil
        head += 1
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= slots.count {
            slots.removeFirst(head)
            head = 0
        }
        return first
    }

    /// Takes out what has been cancelled or has waited too long, in order; looks at every request.
    mutating func removeSpent(at now: ContinuousClock.Instant) -> [CurlSubmission] {
        var spent: [CurlSubmission] = []
        var kept: [CurlSubmission?] = []
        earliest = nil
        for case let submission? in slots[head...] {
            let job = submission.job
            if job.deadline <= now || job.isCancelled.load(ordering: .acquiring) {
                spent.append(submission)
            } else {
                earliest = min(earliest ?? job.deadline, job.deadline)
                kept.append(submission)
            }
        }
        slots = kept
        head = 0
        return spent
    }

    /// Takes out all, in order.
    mutating func removeAll() -> [CurlSubmission] {
        let all = slots[head...].compactMap { $0 }
        slots = []
        head = 0
        return all
    }
}
