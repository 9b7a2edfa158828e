/// Where a run stands.
///
/// `pending → held | approval | ready → running → (unknown) → verifying → next rung … → succeeded | failed | cancelled | expired`;
/// `parked` waits for a person. The store refuses every step that ``mayBecome(_:)`` does not name.
package enum RunState: String, Sendable, Hashable, CaseIterable {
    /// Waits for `for`, for `settle`, or for its server to be resolved.
    case pending
    /// A guard that time lifts is in the way; judged again at `dueAt`.
    case held
    /// Waits for people to approve.
    case approval
    /// Nothing is in the way; takes its lane next.
    case ready
    /// A request is on its way: its intent is on disk.
    case running
    /// A request may have reached the API; the API is read before anything else is sent.
    case unknown
    /// Between two requests: watches for the effect of the one before, or waits until the next is due.
    case verifying
    /// Only a person can say what happened.
    case parked
    case succeeded
    case failed
    case cancelled
    case expired

    /// Whether nothing more will happen.
    package var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled, .expired: true
        default: false
        }
    }

    /// Whether a run in this state owns its lane: the unique index over lanes covers just these states.
    package var holdsLane: Bool {
        switch self {
        case .running, .unknown, .verifying, .parked: true
        default: false
        }
    }

    /// The states that may follow this one; staying in the same state is always allowed while it is not final.
    package var successors: Set<RunState> {
        switch self {
        case .pending: [.held, .approval, .ready, .running, .succeeded, .cancelled, .failed, .expired]
        case .held: [.pending, .approval, .ready, .running, .verifying, .succeeded, .cancelled, .failed, .expired]
        case .approval: [.held, .ready, .cancelled, .failed, .expired]
        case .ready: [.running, .held, .approval, .verifying, .succeeded, .cancelled, .failed, .expired]
        case .running: [.unknown, .verifying, .held, .ready, .parked, .succeeded, .failed, .cancelled, .expired]
        case .unknown: [.verifying, .held, .ready, .running, .parked, .succeeded, .failed, .cancelled, .expired]
        case .verifying: [.running, .held, .ready, .parked, .succeeded, .failed, .cancelled, .expired]
        case .parked: [.ready, .verifying, .succeeded, .failed, .cancelled, .expired]
        case .succeeded, .failed, .cancelled, .expired: []
        }
    }

    package func mayBecome(_ next: RunState) -> Bool {
        successors.contains(next) || (next == self && !isFinal)
    }
}
