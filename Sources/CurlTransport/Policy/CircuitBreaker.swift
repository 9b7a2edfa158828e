package import Model

/// Keeps requests from an upstream that does not answer them.
///
/// It opens at a number of consecutive failures and stays open for 30 s, doubled with every opening in a row up to 300 s, each time
/// within 20 % of it so that several bridges do not come back together. Then it is half-open: one probe is let out, and what that
/// meets closes or opens it. Pure; the gate that owns it lets nothing but a read out as the probe.
package struct CircuitBreaker: Sendable, Hashable {
    package enum Condition: Sendable, Hashable {
        case closed
        /// Nothing is let out.
        case open(until: Timestamp)
        /// Half-open: one probe may go.
        case wantsProbe
        /// Half-open: the probe is out, and answers or is given up by then.
        case probing(until: Timestamp)
    }

    private enum Phase: Hashable, Sendable {
        case closed
        case open(Deadline)
        case probing(Deadline)
    }

    /// How many consecutive failures open it. Default 5.
    package let threshold: Int
    /// The first open time. Default 30 s.
    package let base: Duration
    /// The longest open time before it is spread. Default 300 s.
    package let cap: Duration
    /// By which part of it an open time is spread to either side.
    package static let spread = 0.2
    /// How long a probe may be out before another may go: longer than any request lasts.
    package static let probeLease: Duration = .seconds(90)

    private var phase = Phase.closed
    private var failures = 0
    /// How often it opened without having been closed for good.
    package private(set) var openings = 0

    /// Whether it was closed by a probe that is no proof: the next failure opens it again.
    package private(set) var isOnTrial = false

    package init(threshold: Int = 5, base: Duration = .seconds(30), cap: Duration = .seconds(300)) {
        self.threshold = max(1, threshold)
        self.base = max(.milliseconds(1), base)
        self.cap = max(self.base, cap)
    }

    package func condition(now: Timestamp) -> Condition {
        switch phase {
        case .closed: .closed
        case .open(let deadline): deadline.isOver(now: now) ? .wantsProbe : .open(until: deadline.until)
        case .probing(let lease): lease.isOver(now: now) ? .wantsProbe : .probing(until: lease.until)
        }
    }

    /// Pulls its deadlines back to what they can be at most; call it before asking, see ``Deadline``.
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

    /// The probe is on its way.
    package mutating func beginProbe(now: Timestamp) {
        phase = .probing(Deadline(in: Self.probeLease, now: now))
    }

    /// The probe ended without saying anything of the upstream: another may go.
    package mutating func probeSaidNothing(now: Timestamp) {
        if case .probing = phase { phase = .open(Deadline(in: .zero, now: now)) }
    }

    /// The probe was answered.
    ///
    /// - Parameter isProof: Whether the probe was a request of the kind that the breaker is for. A list that is answered is no
    ///   proof that changes are: then the breaker closes on trial, and the next failure opens it again, for twice as long.
    package mutating func probeSucceeded(isProof: Bool) {
        guard phase != .closed else { return }
        phase = .closed
        isOnTrial = !isProof
        failures = 0
        if isProof { openings = 0 }
    }

    package mutating func probeFailed(now: Timestamp, random: Double) {
        guard phase != .closed else { return }
        open(now: now, random: random)
    }

    /// A request other than the probe was answered. What was sent before the breaker opened does not close it.
    package mutating func succeeded() {
        guard phase == .closed else { return }
        failures = 0
        openings = 0
        isOnTrial = false
    }

    /// A request other than the probe failed.
    package mutating func failed(now: Timestamp, random: Double) {
        guard phase == .closed else { return }
        failures += 1
        if isOnTrial || failures >= threshold { open(now: now, random: random) }
    }

    private mutating func open(now: Timestamp, random: Double) {
        var span = base
        for _ in 0..<openings where span < cap { span = min(span * 2, cap) }
        let drawn = random.isNaN ? 0.5 : min(max(random, 0), 1)
        phase = .open(Deadline(in: span * (1 - Self.spread + 2 * Self.spread * drawn), now: now))
        openings = min(openings + 1, 32)
        failures = 0
        isOnTrial = false
    }
}
