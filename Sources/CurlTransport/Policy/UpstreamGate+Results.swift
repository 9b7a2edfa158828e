import Model

/// What the answers to requests do to a gate.
extension UpstreamGate {
    /// - Returns: whether people have to be told that the credentials are refused.
    mutating func settle(_ permit: GatePermit, _ result: GateResult, now: Timestamp, random: Double) -> Bool {
        switch result {
        case .succeeded:
            budget.succeeded(now: now)
            wasAnswered(permit)
        case .answered:
            wasAnswered(permit)
        case .throttled(let retryAfter):
            throttled(permit, retryAfter: retryAfter, now: now, random: random)
            // It is there; of the credentials it says nothing.
            if permit.probes.contains(.configuration) { configuration.probeSaidNothing(now: now) }
            succeed(permit)
        case .unauthorized:
            succeed(permit)
            return configuration.wasRefused(permit.kind, isProbe: permit.probes.contains(.configuration), now: now)
        case .unavailable(let retryAfter):
            wait(retryAfter, now: now)
            wasNotAnswered(permit, now: now, random: random)
        case .silent:
            if permit.probes.contains(.configuration) { configuration.probeSaidNothing(now: now) }
            if permit.probes.contains(.read) { readBreaker.probeSaidNothing(now: now) }
            if permit.probes.contains(.mutate) { mutateBreaker.probeSaidNothing(now: now) }
        }
        return false
    }

    private mutating func wasAnswered(_ permit: GatePermit) {
        configuration.wentThrough(permit.kind, isProbe: permit.probes.contains(.configuration))
        succeed(permit)
        throttles = 0
    }

    /// Half the rate, and a pause: a rate alone would ask all through the hour an upstream that wants to be left alone for an hour.
    private mutating func throttled(_ permit: GatePermit, retryAfter: Duration?, now: Timestamp, random: Double) {
        rateLimit.throttled(sentAt: permit.admittedAt, now: now)
        if throttledAt.map({ permit.admittedAt > $0 || $0 > now }) ?? true {
            throttles = min(throttles + 1, 32)
            throttledAt = now
        }
        let pause = RetryPolicy(base: .seconds(1)).delay(attempt: throttles, retryAfter: retryAfter, random: random)
        wait(pause, now: now)
    }

    /// The upstream is there.
    private mutating func succeed(_ permit: GatePermit) {
        if permit.probes.contains(.mutate) { mutateBreaker.probeSucceeded(isProof: false) }
        if permit.probes.contains(.read) {
            readBreaker.probeSucceeded(isProof: true)
        } else if permit.kind.changes {
            mutateBreaker.succeeded()
        } else {
            readBreaker.succeeded()
        }
    }

    private mutating func wasNotAnswered(_ permit: GatePermit, now: Timestamp, random: Double) {
        if permit.probes.contains(.configuration) { configuration.probeSaidNothing(now: now) }
        if permit.probes.contains(.mutate) { mutateBreaker.probeFailed(now: now, random: random) }
        if permit.probes.contains(.read) {
            readBreaker.probeFailed(now: now, random: random)
        } else if permit.kind.changes {
            mutateBreaker.failed(now: now, random: random)
        } else {
            readBreaker.failed(now: now, random: random)
        }
    }

    private mutating func wait(_ retryAfter: Duration?, now: Timestamp) {
        guard let retryAfter, retryAfter > .zero else { return }
        let deadline = Deadline(in: min(retryAfter, .seconds(300)), now: now)
        if let askedToWait, askedToWait.until > deadline.until { return }
        askedToWait = deadline
    }
}
