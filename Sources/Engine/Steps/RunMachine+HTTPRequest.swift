import JSON
import Model
import Rules
import Store

/// `http.request`: the intent before it leaves, what its answer means, and when it is sent again.
extension RunMachine {
    /// Renders a step's request and writes its intent; what can not be rendered is never sent and not tried again.
    mutating func openRequest(
        _ terms: RequestTerms, step: Step, rule: Rule, checksCooldown: Bool, now: Timestamp
    ) -> RunEffect {
        guard let context else { return wait(until: now, now: now) }
        let request: PreparedRequest
        do throws(EvaluationFailure) {
            request = PreparedRequest(try terms.request.render(context, secrets: secrets), timeout: terms.timeout)
        } catch {
            return stepFailed(.templateError, "\(label(of: step)) could not be written: \(error.message)", rule: rule, now: now)
        }
        if request.goesAround(settings.apiOrigin) {
            return stepFailed(
                .protected,
                "\(label(of: step)), \(request): servers are changed by server.* and fleet.scale alone, which are bounded",
                rule: rule, now: now)
        }
        if let reason = mayNotSend(rule) {
            return stepFailed(reason, "would \(request): \(Self.words(reason))", rule: rule, now: now)
        }
        return open(
            request, step: run.progress.step, label: label(of: step),
            guards: requestGuards(rule: rule, checksCooldown: checksCooldown), now: now)
    }

    /// What a request is checked against: the first one of a run takes the lane under the rule's guards, those after it wait for what
    /// stops all rules.
    ///
    /// `nil` for what a person asked for, and for what a rung owes whose change is made: what was taken out of service comes back.
    private func requestGuards(rule: Rule, checksCooldown: Bool) -> Guards? {
        let isDecided = run.progress.ending != nil
        if !isDecided, !run.state.holdsLane { return firstGuards(rule: rule, checksCooldown: checksCooldown) }
        let hasBegun = lastIntent.map { $0.rung == run.rung && $0.outcome != .notExecuted } ?? false
        return isCommand || (isDecided && hasBegun) ? nil : followingGuards(rule: rule)
    }

    /// The guards of a request that follows others of its run.
    func followingGuards(rule: Rule) -> Guards {
        var guards = guards(limits(of: rule), checksCooldown: false)
        guards.action = Intent.Kind.httpRequest.rawValue
        guards.isFollowing = true
        return guards
    }

    /// Writes the intent of a request; it leaves when the store says that the intent is on disk.
    ///
    /// `server` is one of a group that the request is about.
    mutating func open(
        _ request: PreparedRequest, step: Int, label: String, server: ServerID? = nil, guards: Guards?, now: Timestamp
    ) -> RunEffect {
        var next = run
        next.state = .running
        next.reason = nil
        next.detail = String("\(request)".prefix(500))
        next.dueAt = now
        next.attempts = 0
        next.rungDeadline = nil
        next.healthySince = nil
        next.progress.attempts += 1
        opening = next
        prepared = request
        let intent = NewIntent(rung: run.rung, step: step, kind: .httpRequest, server: server, request: request.intent)
        let attempt = next.progress.attempts > 1 ? ", attempt \(next.progress.attempts)" : ""
        return .commit(
            RunTransition(
                now: now, run: next, intent: .open(intent, guards: guards), warning: answerPlace,
                audit: [entry(.request, .matched, "\(label): will \(request)\(attempt)", now: now)], releasesLease: false))
    }

    /// The guards of a rung that begins with a request: those of its server, or, where there is none, the cooldown of its key.
    func firstGuards(rule: Rule, checksCooldown: Bool) -> Guards {
        var limits = limits(of: rule)
        if rule.sendsOnly {
            limits.budgets = []
            limits.fleetBudgets = []
        } else if rule.scales {
            // The floor's budgets are one server's; a group has those of its rule, and the fleet's.
            limits.budgets = rule.limits.budgets
        }
        return guards(limits, checksCooldown: checksCooldown)
    }

    /// Those limits over what the present rung does first.
    func guards(_ limits: Limits, checksCooldown: Bool) -> Guards {
        Guards(
            limits: limits, fleetSize: fleet.count, checksCooldown: checksCooldown, isCommand: isCommand,
            action: rung.flatMap { rung in rung.changingIndex.map { rung.steps[$0].name } ?? rung.steps.first?.name } ?? "",
            source: event?.source ?? "", after: isCommand ? [:] : rule?.after ?? [:], endedProblem: endedProblem)
    }

    /// Names a step for people.
    func label(of step: Step) -> String { "rung \(run.rung + 1), step \(run.progress.step + 1) (\(step.id ?? step.name))" }

    /// Why nothing is sent to any API whatever the guards say.
    func mayNotSend(_ rule: Rule) -> Reason? {
        if rule.autonomy == .observe { return .observeOnly }
        return settings.live ? nil : .notLive
    }

    static func words(_ reason: Reason) -> String {
        reason == .observeOnly ? "the rule only observes" : "the bridge is not live"
    }

    // MARK: The answer

    /// A request has an open intent: its answer came, or the worker that waited for it is gone.
    mutating func atRequest(_ intent: Intent, _ input: RunInput, rule: Rule, now: Timestamp) -> RunEffect {
        let reply: RequestReply
        switch input {
        case .reply(let answer): reply = answer
        case .woken: reply = .lost
        default: return wait(until: now + .seconds(5), now: now)
        }
        if case .stopped(let why) = reply { return stoppedBeforeSending(intent, why, now: now) }
        if run.progress.ending == nil, run.progress.scale?.current != nil {
            return drainReplied(reply, intent: intent, rule: rule, now: now)
        }
        guard let rung, rung.steps.indices.contains(intent.step), case .httpRequest(let request) = rung.steps[intent.step].action
        else { return park("the step of \(Self.title(of: intent)) is gone: it may have been received", now: now) }
        let step = rung.steps[intent.step]
        run.progress.step = intent.step
        let judged = RequestJudgement.judge(
            reply, RequestTerms(request, of: step), attempt: run.progress.attempts, random: random)
        switch judged {
        case .done(let status, let output):
            return stepDone(step, status: status, output, intent: intent, rule: rule, now: now)
        case .again(let outcome, let reason, let delay, let why):
            return repeatLater(intent, outcome, reason, after: delay, why: "\(label(of: step)): \(why)", now: now)
        case .failed(let outcome, let reason, let why):
            return stepFailed(
                reason, "\(label(of: step)), \(Self.title(of: intent)): \(why)", rule: rule, now: now,
                closing: .close(intent.id, outcome))
        case .ambiguous(let why):
            return stepAmbiguous("\(label(of: step)), \(Self.title(of: intent)): \(why)", intent: intent, rule: rule, now: now)
        }
    }

    /// Stopped between its intent and its leaving: it was no attempt, and the next look meets the pause.
    ///
    /// Where nothing else of the rung was begun the run stands as before its intent: on the rung below, whose time is over, or held.
    private mutating func stoppedBeforeSending(_ intent: Intent, _ why: String, now: Timestamp) -> RunEffect {
        run.progress.attempts = max(0, run.progress.attempts - 1)
        run.progress.step = intent.step
        forgetVictim()
        let closing = IntentChange.close(intent.id, .notExecuted)
        let told = entry(.request, .paused, "not sent: \(why)", now: now)
        let hasBegun = run.progress.ending != nil || run.progress.scale != nil || isPreparing
        if !hasBegun, run.rung == 0 {
            var effect = hold(.notSent, why, until: now + .seconds(1), now: now, closing: closing)
            effect.change { $0.audit.insert(told, at: 0) }
            return effect
        }
        if !hasBegun {
            run.rung -= 1
            run.rungDeadline = now
        }
        run.state = .verifying
        run.reason = .notSent
        run.detail = String(why.prefix(500))
        run.dueAt = now + .seconds(1)
        return .commit(RunTransition(now: now, run: run, intent: closing, audit: [told], releasesLease: true))
    }

    static func title(of intent: Intent) -> String {
        guard let request = intent.request else { return intent.kind.rawValue }
        return "\(request.method) \(request.url)"
    }

    private mutating func stepDone(
        _ step: Step, status: Int, _ output: JSONValue, intent: Intent, rule: Rule, now: Timestamp
    ) -> RunEffect {
        keep(JSONOutput(id: step.id, value: output))
        let closing = IntentChange.close(intent.id, .applied)
        let detail = "\(label(of: step)): \(Self.title(of: intent)) was answered with \(status)"
        run.progress.step = intent.step + 1
        run.progress.attempts = 0
        if run.progress.ending == nil, let rung, rung.changingIndex == nil, rung.requestIndex(from: intent.step + 1) == nil {
            run.progress.step = rung.steps.count
            // The last of a rung of requests: a rule that ends here has done what it is for; others watch whether it helped.
            guard run.rung < rule.rungs.count - 1 else {
                return finish(.succeeded, .applied, detail, now: now, closing: closing, messages: notifications(of: rung))
            }
            return applied(closing, detail, rule: rule, now: now)
        }
        run.state = .verifying
        run.reason = .applied
        run.detail = String(detail.prefix(500))
        run.dueAt = now
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.request, .applied, detail, now: now)], releasesLease: true))
    }

    /// Tries a request again when its time has come; the time is stored, nothing sleeps.
    mutating func repeatLater(
        _ intent: Intent, _ outcome: Intent.Outcome, _ reason: Reason, after delay: Duration, why: String, now: Timestamp
    ) -> RunEffect {
        run.state = .verifying
        run.reason = reason
        run.detail = String("\(why); it is sent again".prefix(500))
        run.dueAt = now + delay
        return .commit(
            RunTransition(
                now: now, run: run, intent: .close(intent.id, outcome),
                audit: [entry(.request, reason, "\(why); sent again at \(run.dueAt.rfc3339)", now: now)], releasesLease: true))
    }

    /// A step that failed for good ends the run; what was decided before it stays decided.
    mutating func stepFailed(
        _ reason: Reason, _ detail: String, rule: Rule, now: Timestamp, closing: IntentChange? = nil, isDeadLetter: Bool = false
    ) -> RunEffect {
        let isQuiet = reason == .observeOnly || reason == .notLive
        if let ending = run.progress.ending {
            let wasGood = ending.state == .succeeded && !isQuiet
            return finish(
                wasGood ? .failed : ending.state, wasGood ? reason : ending.reason, "\(ending.detail); then \(detail)", now: now,
                closing: closing, messages: rung.map { notifications(of: $0) } ?? [], isDeadLetter: isDeadLetter)
        }
        if isQuiet { return finish(.cancelled, reason, detail, now: now, closing: closing) }
        return finishWithLastRung(.failed, reason, detail, rule: rule, now: now, closing: closing)
    }

    /// Nobody but a person can say whether it was received. Before a change the run waits for one; after it nothing of the server is
    /// open, so the run ends and people are told.
    private mutating func stepAmbiguous(_ detail: String, intent: Intent, rule: Rule, now: Timestamp) -> RunEffect {
        if run.progress.ending != nil {
            return stepFailed(
                .unverified, "\(detail): it may have been received and is not sent again", rule: rule, now: now,
                closing: .close(intent.id, .assumedSent), isDeadLetter: true)
        }
        return park("\(detail): it may have been received and is not sent again; look there, then resolve the run", now: now)
    }
}
