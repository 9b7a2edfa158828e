package import Model
import Rules
import Store

/// What is stopped: rules' runs wait, people are told at once, and a sent stop still owes its start.
extension RunMachine {
    /// A request of the run as pauses see it; without an intent, what is known of the run alone.
    package func pauseSubject(of intent: Intent?) -> PauseSubject {
        // As the store sees them: a request beside the change is itself alone.
        let isOperation = intent?.operation != nil
        var actions = intent.map { $0.kind.pausedAs(isPowerCycle: isOperation && rung?.action == .powerCycle) } ?? []
        if isOperation, let rung, let index = rung.changingIndex { actions.insert(rung.steps[index].name) }
        return PauseSubject(
            rule: run.rule, source: event?.source ?? "", servers: Set([run.server, intent?.server].compactMap(\.self)),
            actions: actions)
    }

    /// A person's command under a pause is refused before anything is read for it; `nil` when nothing stops it.
    mutating func refuseStoppedCommand(rule: Rule, now: Timestamp) -> RunEffect? {
        guard isCommand, !rule.onlyPauses else { return nil }
        var subject = pauseSubject(of: nil)
        if let name = rung?.firstChange { subject.actions.insert(name) }
        return standstill.refusal(of: subject, now: now).map { finish(.cancelled, .paused, $0.detail, now: now) }
    }

    /// A run that waited in `verifying` is not said to wait any more once nothing that it may do next is stopped.
    mutating func forgetEndedPause(rule: Rule, now: Timestamp) {
        guard run.state == .verifying, run.reason == .paused else { return }
        var subject = pauseSubject(of: nil)
        subject.actions = Set(rule.rungs.dropFirst(run.rung).flatMap { $0.steps.map(\.name) })
        if subject.actions.contains("fleet.scale") { subject.actions.formUnion(["server.create", "server.delete"]) }
        if standstill.refusal(of: subject, now: now) == nil { run.reason = .resumed }
    }

    /// A pause or the stop switch is in the way of an intent; nothing of it was written.
    mutating func paused(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        if run.state == .verifying, owesStart { return deferStart(refusal, rule: rule, now: now) }
        if isCommand, run.progress.ending == nil { return refuseCommand(refusal, rule: rule, now: now) }
        guard run.state.holdsLane else { return hold(.paused, refusal.detail, until: refusal.until, now: now) }
        // Of a rung of which nothing was begun the one below is watched on, and the climb is tried again.
        if run.rung > 0, run.progress.ending == nil, run.progress.scale == nil, !isPreparing { run.rung -= 1 }
        return waitForResume(refusal, refusal.detail, now: now)
    }

    /// The person is told who stopped it. What was begun is not taken up again by itself: by then it would be an old order.
    private mutating func refuseCommand(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        if run.progress.scale != nil { return endScaleEarly(.paused, refusal.detail, now: now) }
        guard run.state.holdsLane else { return finish(.cancelled, .paused, refusal.detail, now: now) }
        return stepFailed(.paused, refusal.detail, rule: rule, now: now)
    }

    /// The server stays stopped for now, and people are told so once.
    private mutating func deferStart(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        let detail = "the start after our stop is owed: \(refusal.detail)"
        guard run.reason != .paused else { return waitForResume(refusal, detail, now: now) }
        let text = "\(serverLabel) is stopped, and its start waits: \(refusal.detail). It is sent first when that ends."
        let told = MessagePolicy.notices(.startOwed, text, of: run, besides: [], channels: channels(of: rule))
        return waitForResume(refusal, detail, messages: told + answers("Not done yet: \(text)"), now: now)
    }

    /// The lane stays taken, and the problem is watched on.
    private mutating func waitForResume(
        _ refusal: Refusal, _ detail: String, messages: [NewMessage] = [], now: Timestamp
    ) -> RunEffect {
        let isNew = run.reason != .paused
        run.reason = .paused
        run.detail = String(detail.prefix(500))
        run.dueAt = min(refusal.until ?? now + Self.pauseLook, now + Self.pauseLook)
        return .commit(
            RunTransition(
                now: now, run: run, audit: isNew ? [entry(.run, .paused, "waits: \(detail)", now: now)] : [], messages: messages,
                releasesLease: true))
    }

    /// How often a run that holds its lane looks at its problem during a pause.
    private static let pauseLook = Duration.seconds(60)

    private func channels(of rule: Rule) -> [String] {
        var names = settings.noticeChannels
        for step in rule.rungs.last?.notifications ?? [] where !names.contains(step.channel) { names.append(step.channel) }
        return names
    }

    // MARK: What stops others

    /// A step `pause`: takes effect in the same transaction that says so.
    mutating func takePause(_ step: PauseStep, rule: Rule, now: Timestamp) -> RunEffect {
        guard let rung, let context else { return wait(until: now, now: now) }
        if rule.autonomy == .observe {
            return stepFailed(.observeOnly, "would pause: \(Self.words(.observeOnly))", rule: rule, now: now)
        }
        let scope: PauseScope
        switch step.scope {
        case .all: scope = .all
        case .rule(let name): scope = .rule(name)
        case .server:
            guard let server = run.server else {
                return stepFailed(.targetMissing, "`pause` of the run's server: it has none", rule: rule, now: now)
            }
            scope = .server(server)
        }
        let reason: String
        do throws(EvaluationFailure) {
            reason = try step.reason.renderText(context)
        } catch {
            reason = "rule \(run.rule) (its reason could not be written: \(error.message))"
        }
        let pause = NewPause(
            scope: scope, reason: String(reason.prefix(300)), actor: isCommand ? actor : "rule \(run.rule)", at: now,
            until: step.span.map { now + $0 }, mayShorten: false)
        run.progress.step += 1
        run.progress.attempts = 0
        let detail = "pauses \(scope.words): \(pause.reason)"
        var effect: RunEffect
        if rung.requestIndex(from: run.progress.step) == nil, run.progress.step > (rung.changingIndex ?? -1) {
            let ending = run.progress.ending ?? RunProgress.Ending(state: .succeeded, reason: .applied, detail: detail)
            effect = finish(ending.state, ending.reason, ending.detail, now: now, messages: notifications(of: rung))
        } else {
            run.dueAt = now
            effect = .commit(
                RunTransition(now: now, run: run, audit: [entry(.run, .paused, detail, now: now)], releasesLease: true))
        }
        effect.change { $0.pause = pause }
        return effect
    }

    /// A 402 to a create: it failed, and every create is stopped until a person resumes it. A channel is told once of both.
    mutating func createUnpaid(_ why: String, intent: Intent, rule: Rule, now: Timestamp) -> RunEffect {
        let pause = NewPause(
            scope: .action("server.create"), reason: "VPS.org answered 402: no credit is left", actor: "bridge", at: now,
            mayShorten: false)
        let remedy = "vpsbridge resume --action server.create"
        let detail = "\(why.prefix(350)): creating servers is paused until somebody says `\(remedy)`"
        var effect = scaleFailed(.paymentRequired, detail, rule: rule, closing: .close(intent.id, .refused), now: now)
        effect.change { step in
            step.pause = pause
            // What a rule's run says at its end, now or after the requests of its last rung, tells it in its detail.
            guard isCommand || step.run.state.isFinal else { return }
            let told = step.messages.filter { Array($0.text.utf8).firstRange(of: remedy.utf8) != nil }
            step.messages += MessagePolicy.notices(
                .paymentRequired, detail, of: run, besides: told, channels: settings.noticeChannels)
        }
        return effect
    }
}

extension RunEffect {
    /// Changes the step that is to be written; nothing when the effect is none.
    mutating func change(_ body: (inout RunTransition) -> Void) {
        guard case .commit(var transition) = self else { return }
        body(&transition)
        self = .commit(transition)
    }
}

extension Rung {
    /// The name of the first step that does more than pause and tell people.
    var firstChange: String? {
        steps.first { step in
            switch step.action {
            case .pause, .notify: false
            default: true
            }
        }?.name
    }
}

extension Rule {
    /// Whether the rule does no more than pause and tell people, which goes on during a pause.
    var onlyPauses: Bool {
        rungs.allSatisfy { rung in
            rung.steps.allSatisfy { step in
                switch step.action {
                case .pause, .notify: true
                default: false
                }
            }
        }
    }
}
