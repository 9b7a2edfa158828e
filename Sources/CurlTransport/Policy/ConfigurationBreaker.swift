package import Model

/// Keeps requests from an upstream that refuses the credentials: 401 or 403.
///
/// It opens at the first such answer, since another one would be the same, and lets one probe out every 60 s and at once when the
/// credentials were replaced. People are told once, and not again before a request of the kind that was refused went through; of a
/// single server that may not be read at most every 6 hours, since others may be read in between. Pure.
package struct ConfigurationBreaker: Sendable, Hashable {
    /// How long after a refusal it is asked again. Default 60 s.
    package let interval: Duration

    /// How long after people were told a listing that is refused too is the same news.
    private static let sameNews: Duration = .seconds(600)
    /// How long after people were told a read that is refused is none.
    private static let quiet: Duration = .seconds(21_600)

    private enum Phase: Hashable, Sendable {
        case closed
        case open(Deadline)
        case probing(Deadline)
    }

    private var phase = Phase.closed
    /// The kinds of request that were refused and have not gone through since.
    private var refused: Set<RequestClass> = []
    private var toldAt: Timestamp?

    package init(interval: Duration = .seconds(60)) {
        self.interval = max(.milliseconds(1), interval)
    }

    package func condition(now: Timestamp) -> CircuitBreaker.Condition {
        switch phase {
        case .closed: .closed
        case .open(let deadline): deadline.isOver(now: now) ? .wantsProbe : .open(until: deadline.until)
        case .probing(let lease): lease.isOver(now: now) ? .wantsProbe : .probing(until: lease.until)
        }
    }

    /// Pulls its deadlines back to what they can be at most, see ``Deadline``.
    package mutating func clamp(now: Timestamp) {
        switch phase {
        case .closed: break
        case .open(var deadline):
            deadline.clamp(now: now)
            phase = .open(deadline)
        case .probing(var lease):
            lease.clamp(now: now)
            phase = .probing(lease)
        }
    }

    package mutating func beginProbe(now: Timestamp) {
        phase = .probing(Deadline(in: CircuitBreaker.probeLease, now: now))
    }

    /// The credentials were refused.
    /// - Returns: whether people have to be told.
    package mutating func wasRefused(_ kind: RequestClass, isProbe: Bool, now: Timestamp) -> Bool {
        // What was sent before the breaker opened says nothing new.
        if phase == .closed || isProbe { phase = .open(Deadline(in: interval, now: now)) }
        let isNews =
            switch kind {
            case .list: !refused.contains(.list) && !wasTold(within: Self.sameNews, now: now)
            case .read: refused.isEmpty && !wasTold(within: Self.quiet, now: now)
            case .mutate, .create: refused.isEmpty
            }
        refused.insert(kind.refusedAs)
        if isNews { toldAt = now }
        return isNews
    }

    /// A clock that was set back says nothing of it.
    private func wasTold(within span: Duration, now: Timestamp) -> Bool {
        toldAt.map { now >= $0 && now.since($0) < span } ?? false
    }

    /// A request was answered with something else than a refusal of the credentials.
    package mutating func wentThrough(_ kind: RequestClass, isProbe: Bool) {
        guard phase == .closed || isProbe else { return }
        phase = .closed
        refused.remove(kind.refusedAs)
    }

    /// The probe ended without saying anything of the credentials: the next one in its time.
    package mutating func probeSaidNothing(now: Timestamp) {
        if case .probing = phase { phase = .open(Deadline(in: interval, now: now)) }
    }

    /// Other credentials are in use: a probe may go at once.
    package mutating func credentialsReplaced(now: Timestamp) {
        if phase != .closed { phase = .open(Deadline(in: .zero, now: now)) }
    }
}

extension RequestClass {
    /// All changes are one kind for credentials.
    fileprivate var refusedAs: RequestClass { self == .create ? .mutate : self }
}
