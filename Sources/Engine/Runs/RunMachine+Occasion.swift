import Model
import Rules
import Store

/// What set a run in motion, and what that means: an open problem, the end of one, an instant of a schedule, or a person.
extension RunMachine {
    /// Whether a person asked for this run.
    var isCommand: Bool { event?.command != nil }

    /// Whether the run works on a problem, whose end ends it.
    var hasProblem: Bool { run.episode != nil }

    /// The problem whose end set the run in motion, as long as nothing of it was sent.
    var endedProblem: EpisodeKey? {
        guard !hasProblem, lastIntent == nil, let event, event.status == .resolved else { return nil }
        return EpisodeKey(source: event.source, fingerprint: event.fingerprint)
    }

    /// Whether the run's problem is over, or gave way to a later one.
    var hasLostProblem: Bool { hasProblem && !isProblemOpen }

    /// Ends a run whose occasion lies too far back, or lets it wait for what comes before a first action.
    mutating func beginWithoutProblem(_ event: Event, rule: Rule, now: Timestamp) -> RunEffect? {
        if run.state != .approval, run.progress.since == nil, now.since(waitsSince(event)) > limits(of: rule).maxEventAge {
            let what = isCommand ? "the command" : event.status == .schedule ? "the instant" : "the end of the problem"
            if run.progress.scale != nil { return endScaleEarly(.expired, "\(what) waited too long", now: now) }
            return finish(.expired, .expired, "\(what) waited too long: \(run.detail)", now: now)
        }
        // An alert's end is an alert too: a storm has to be seen before anything is changed.
        guard event.status == .resolved, rule.actsOnServer || rule.scales else { return nil }
        let settled = run.createdAt + limits(of: rule).settle
        guard now < settled else { return nil }
        run.reason = .settling
        return wait(until: settled, now: now)
    }

    /// Whether what was done without a problem had its effect: the expected status, and the rule's probe where it has one.
    mutating func judgeOccasion(_ server: Server, rule: Rule, now: Timestamp) -> RunEffect {
        guard let action = rung?.action else { return finish(.succeeded, .applied, "done", now: now) }
        guard server.status == action.expectedStatus else {
            run.healthySince = nil
            return notYet(rule: rule, now: now, mayClimb: !server.status.isTransitional)
        }
        if let probe = rule.probe, server.status == .active { return .probe(probe, server) }
        if lastIntent?.outcome == .assumedSent {
            return finishWithLastRung(
                .failed, .unverified, "\(action.rawValue) of \(serverLabel): the answer was lost and no change was seen",
                rule: rule, now: now)
        }
        return conclude(
            .succeeded, .effective, "\(action.rawValue) of \(serverLabel), which is \(server.status) again",
            output: serverOutput, now: now)
    }
}
