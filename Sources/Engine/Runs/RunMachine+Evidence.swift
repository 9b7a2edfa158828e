import Model
import Rules
import Store

/// Fresh evidence: what the source's own API says of the problem, and what the rule's probe finds before a first rung.
extension RunMachine {
    /// A word of a problem is looked behind when it is older than this.
    static let youngWord = Duration.seconds(60)
    /// How often a silence is looked at that nobody has lifted yet.
    private static let silenceInterval = Duration.seconds(300)

    /// Asks the source before a rung acts on a word that is not young; once in a claim.
    ///
    /// Before a further rung also a young word is looked behind: it may be what this run itself has learnt.
    mutating func askSource(rule: Rule, isClimbing: Bool = false, now: Timestamp) -> RunEffect? {
        guard canPull, pulledAt == nil, rule.isChanging, let event, let seen = problemSeenAt,
            isClimbing || now.since(seen) > Self.youngWord
        else { return nil }
        pulledAt = now
        return .pull(event)
    }

    /// Takes the source's answer; afterwards the run goes on as if it had been woken by it. `nil`: it goes on.
    mutating func take(_ evidence: Evidence, now: Timestamp) -> RunEffect? {
        guard let episode, problemSeenAt != nil else { return nil }
        let askedAt = pulledAt ?? now
        switch evidence {
        case .firing:
            problemSeenAt = askedAt
            learnt = .seen(episode.key, at: askedAt)
        case .silenced(let until, let why):
            // No word to act on, for no run: it is not noted as one.
            let next = min(until ?? now + Self.silenceInterval, now + Self.silenceInterval)
            let detail = why + (until.map { " until \($0.rfc3339)" } ?? "")
            // What holds its lane goes on watching for its effect, and owes what it owes; it takes no further rung.
            silence = Refusal(reason: .silenced, until: max(next, now + .seconds(1)), detail: detail)
            if !run.state.holdsLane { return hold(.silenced, detail, until: silence?.until, now: now) }
        case .gone:
            beforeGone = run
            problemSeenAt = nil
            problemEnding = .resolved
            self.episode?.closedAt = now
            self.episode?.ending = .resolved
            learnt = .gone(episode.key, askedAt: askedAt)
        case .unavailable(let why):
            sourceTrouble = why
        }
        return nil
    }

    /// Why no further rung may be taken now: the problem is silenced, or the last word of it is too old; the lane stays taken.
    mutating func mayNotClimbYet(_ tried: String, rule: Rule, now: Timestamp) -> RunEffect? {
        if let asking = askSource(rule: rule, isClimbing: true, now: now) { return asking }
        if let silence {
            return stay(.silenced, silence.detail, until: silence.until ?? now + .seconds(60), now: now)
        }
        guard probeVerdict != false, let seen = problemSeenAt, now.since(seen) > limits(of: rule).maxEventAge else { return nil }
        return stay(
            .staleEvidence, "\(tried), but the last word of the problem is too old to act on" + trouble,
            until: now + .seconds(60),
            now: now)
    }

    /// Why the source could not be asked, to be added to a sentence.
    var trouble: String { sourceTrouble.map { "; \($0.prefix(200))" } ?? "" }

    // MARK: The probe before a first rung

    /// Looks at the server before anything is done to it, when the rule has a probe of its own.
    ///
    /// A server that is not `active` needs no look: no probe would speak for it.
    func lookFirst(_ server: Server, rule: Rule) -> RunEffect? {
        guard hasProblem, probeVerdict == nil, !isPreparing, !run.state.holdsLane, server.status == .active,
            let probe = rule.probe
        else { return nil }
        return .probe(probe, server)
    }

    /// Whether a run that ends for that reason rests on its probe's word alone: its sender has not called the problem over and may speak
    /// of it again, and a run that is over would leave it alone for ever.
    ///
    /// What is created, deleted or given other fields has its effect by being so, and no probe was asked.
    func restsOnProbe(_ reason: Reason) -> Bool {
        guard isProblemOpen, let rung else { return false }
        return switch reason {
        case .resolved: true
        case .effective: rung.action != nil || (rung.targetChange == nil && !rung.countsServers)
        default: false
        }
    }

    /// What the probe found: an unhealthy server is evidence as fresh as it gets, a healthy one is left alone, and for good once it has been
    /// healthy for `healthy_delay`.
    mutating func probed(isHealthy: Bool, rule: Rule, now: Timestamp) -> RunEffect? {
        probeVerdict = isHealthy
        guard isHealthy else {
            run.healthySince = nil
            return nil
        }
        let since = run.healthySince ?? now
        let until = since + rule.healthyDelay
        guard now < until else {
            return finish(
                run.progress.repetitions > 0 ? .succeeded : .cancelled, .resolved,
                "the probe has found \(serverLabel) healthy for \(Int(rule.healthyDelay.inSeconds)) s: nothing is done", now: now)
        }
        let isNew = run.state != .held || run.reason != .probeHealthy
        run.state = .held
        run.reason = .probeHealthy
        run.detail = "the probe finds \(serverLabel) healthy; must last until \(until.rfc3339)"
        run.healthySince = since
        run.rungDeadline = nil
        run.dueAt = min(until, now + settings.verifyInterval)
        return .commit(
            RunTransition(
                now: now, run: run, audit: isNew ? [entry(.run, .probeHealthy, "held: \(run.detail)", now: now)] : [],
                releasesLease: true))
    }
}
