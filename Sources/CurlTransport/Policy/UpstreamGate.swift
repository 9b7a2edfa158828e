package import Model

/// Decides for each request to one upstream whether it may go now: breakers, bulkheads, the budget for repeats and the rate limit
/// in one pure state machine.
///
/// Ask ``admit(_:retry:now:)`` before a request and tell ``finished(_:_:now:random:)`` what became of it. Whoever is refused is told
/// by which guard and when to come again, and stores that time; nothing waits in here. ``outlook(_:retry:now:)`` answers ahead of
/// time, before anything is written that a refusal would undo. A change needs reads to be possible too, since its outcome must be
/// readable.
///
/// The clock may jump: set forward, waits are over sooner and budgets fill up to their capacity; set back, no wait lasts longer than
/// it would have at most. Not safe to share without a lock; ``Upstream`` has one.
package struct UpstreamGate: Sendable, Hashable {
    /// How long to leave the upstream alone when a place is not free.
    static let bulkheadPace: Duration = .milliseconds(250)
    /// How soon to look again while a probe is out.
    static let probePace: Duration = .seconds(2)

    var configuration = ConfigurationBreaker()
    var readBreaker = CircuitBreaker()
    var mutateBreaker = CircuitBreaker()
    var budget = RetryBudget()
    var rateLimit: RateLimit
    var reads: Bulkhead
    var mutations: Bulkhead
    /// What `Retry-After` asked for, or our own patience with an upstream that keeps asking to slow down.
    var askedToWait: Deadline?
    /// How often in a row it asked to slow down, each time in answer to a request that left after it had asked before.
    var throttles = 0
    var throttledAt: Timestamp?
    private var rateTimes = DueTimes()
    private var budgetTimes = DueTimes()
    private var bulkheadTimes = DueTimes()
    private var lastPermit: UInt64 = 0
    private(set) var admitted = 0
    private(set) var refusals: [GateReason: Int] = [:]

    package init(limits: GateLimits = GateLimits()) {
        rateLimit = RateLimit(limit: limits.rate, burst: limits.burst)
        reads = Bulkhead(capacity: limits.reads)
        mutations = Bulkhead(capacity: limits.mutations)
    }

    /// Lets a request out, or says why not.
    ///
    /// - Parameters:
    ///   - kind: What kind of request it is. Only a `list` is ever let out as a probe.
    ///   - retry: What it is a repeat after; `nil` when it is no repeat. A probe costs nothing.
    ///   - now: The present time.
    /// - Returns: the permit, which is owed to ``finished(_:_:now:random:)``, or why not and until when.
    package mutating func admit(_ kind: RequestClass, retry: RetryBudget.Repeat? = nil, now: Timestamp) -> Admission {
        clamp(now: now)
        let probes = kind == .list ? wantedProbes(now: now) : []
        let retry = probes.isEmpty ? retry : nil
        if let refusal = refusal(of: kind, retry: retry, isProbe: !probes.isEmpty, now: now) {
            refusals[refusal.reason, default: 0] &+= 1
            return .refused(refusal.reason, until: refusal.until)
        }
        if let retry { _ = budget.take(retry, now: now) }
        _ = rateLimit.take(kind, now: now)
        lastPermit &+= 1
        _ = kind.changes ? mutations.enter(lastPermit, now: now) : reads.enter(lastPermit, now: now)
        if probes.contains(.configuration) { configuration.beginProbe(now: now) }
        if probes.contains(.read) { readBreaker.beginProbe(now: now) }
        if probes.contains(.mutate) { mutateBreaker.beginProbe(now: now) }
        admitted &+= 1
        return .admitted(GatePermit(id: lastPermit, kind: kind, admittedAt: now, probes: probes))
    }

    /// Lets the next page of a listing out: only the breakers and a wait that was asked for are in its way.
    ///
    /// A listing is admitted as a whole, by its first page: one that had to begin anew at each page that is refused might never end.
    /// Its further pages may leave the rate limit in debt, which all others then wait for.
    package mutating func admitPage(now: Timestamp) -> Admission {
        clamp(now: now)
        if let refusal = interruption(isProbe: false, now: now) {
            refusals[refusal.reason, default: 0] &+= 1
            return .refused(refusal.reason, until: refusal.until)
        }
        rateLimit.borrow(now: now)
        lastPermit &+= 1
        _ = reads.enter(lastPermit, now: now)
        admitted &+= 1
        return .admitted(GatePermit(id: lastPermit, kind: .list, admittedAt: now, probes: []))
    }

    /// Whether a request would be let out now. Takes nothing; only the due times that it hands out move on.
    package mutating func outlook(_ kind: RequestClass, retry: RetryBudget.Repeat? = nil, now: Timestamp) -> Outlook {
        clamp(now: now)
        let isProbe = kind == .list && !wantedProbes(now: now).isEmpty
        guard let refusal = refusal(of: kind, retry: isProbe ? nil : retry, isProbe: isProbe, now: now) else { return .clear }
        if refusal.reason == .probeNeeded { return .probe }
        refusals[refusal.reason, default: 0] &+= 1
        return .refused(refusal.reason, until: refusal.until)
    }

    /// Takes what became of an admitted request; a permit that was given back before changes nothing.
    ///
    /// - Parameters:
    ///   - permit: The permit.
    ///   - result: What became of the request.
    ///   - now: The present time.
    ///   - random: From 0 to below 1, spreads how long a breaker stays open.
    /// - Returns: whether people have to be told that the credentials are refused.
    @discardableResult
    package mutating func finished(_ permit: GatePermit, _ result: GateResult, now: Timestamp, random: Double) -> Bool {
        clamp(now: now)
        guard permit.kind.changes ? mutations.leave(permit.id) : reads.leave(permit.id) else { return false }
        return settle(permit, result, now: now, random: random)
    }

    /// Other credentials are in use: they are tried at once.
    package mutating func credentialsReplaced(now: Timestamp) {
        configuration.credentialsReplaced(now: now)
    }

    // MARK: Judging

    private typealias Refusal = (reason: GateReason, until: Timestamp)

    /// The first guard that is in the way; every guard that takes something comes after all that only look.
    private mutating func refusal(
        of kind: RequestClass, retry: RetryBudget.Repeat?, isProbe: Bool, now: Timestamp
    ) -> Refusal? {
        if let refusal = Self.refusal(by: configuration.condition(now: now), .unauthorized, isProbe: isProbe, now: now) {
            return refusal
        }
        if let refusal = Self.refusal(by: readBreaker.condition(now: now), .breakerOpen, isProbe: isProbe, now: now) {
            return refusal
        }
        if kind.changes,
            let refusal = Self.refusal(by: mutateBreaker.condition(now: now), .breakerOpen, isProbe: false, now: now)
        {
            return refusal
        }
        // On trial one change at a time shows whether the breaker stays closed.
        if kind.changes, mutateBreaker.isOnTrial, mutations.count > 0 { return (.probing, now + Self.probePace) }
        if let askedToWait { return (.askedToWait, askedToWait.until) }
        if kind.changes ? mutations.isFull : reads.isFull {
            return (.bulkhead, bulkheadTimes.next(in: Self.bulkheadPace, spacing: Self.bulkheadPace, now: now))
        }
        if let retry, budget.tokens(now: now) < retry.cost {
            let spacing = Duration.seconds(retry.cost / budget.perSecond)
            return (.retryBudget, budgetTimes.next(in: budget.wait(for: retry, now: now), spacing: spacing, now: now))
        }
        let wait = rateLimit.wait(for: kind, now: now)
        guard wait > .zero else { return nil }
        let spacing = Duration.seconds(1 / rateLimit.rate(now: now))
        return (.rateLimit, rateTimes.next(in: wait, spacing: spacing, now: now))
    }

    /// What ends a listing that has begun.
    private func interruption(isProbe: Bool, now: Timestamp) -> Refusal? {
        Self.refusal(by: configuration.condition(now: now), .unauthorized, isProbe: isProbe, now: now)
            ?? Self.refusal(by: readBreaker.condition(now: now), .breakerOpen, isProbe: isProbe, now: now)
            ?? askedToWait.map { (.askedToWait, $0.until) }
    }

    private static func refusal(
        by condition: CircuitBreaker.Condition, _ reason: GateReason, isProbe: Bool, now: Timestamp
    ) -> Refusal? {
        switch condition {
        case .closed: nil
        case .open(let until): (reason, until)
        // The probe answers in a second as a rule; who waits for it looks again then, not when its lease ends.
        case .probing(let until): (.probing, min(until, now + probePace))
        case .wantsProbe: isProbe ? nil : (.probeNeeded, now)
        }
    }

    /// The breakers that are half-open and have no probe out.
    private func wantedProbes(now: Timestamp) -> Set<GatePermit.Breaker> {
        var wanted: Set<GatePermit.Breaker> = []
        if configuration.condition(now: now) == .wantsProbe { wanted.insert(.configuration) }
        if readBreaker.condition(now: now) == .wantsProbe { wanted.insert(.read) }
        if mutateBreaker.condition(now: now) == .wantsProbe { wanted.insert(.mutate) }
        return wanted
    }

    mutating func clamp(now: Timestamp) {
        configuration.clamp(now: now)
        readBreaker.clamp(now: now)
        mutateBreaker.clamp(now: now)
        budget.clamp(now: now)
        rateLimit.clamp(now: now)
        reads.clamp(now: now)
        mutations.clamp(now: now)
        askedToWait?.clamp(now: now)
        if askedToWait?.isOver(now: now) == true { askedToWait = nil }
    }
}
