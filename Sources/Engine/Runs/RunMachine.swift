import CurlTransport
package import Model
package import Rules
package import Store
package import VPSAPI

/// How one run goes on: a pure function of what the run is, what it is told, and the time.
///
/// The machine performs nothing. A worker claims a run, makes a machine of it, hands it ``RunInput/woken`` and from then on the outcome of
/// each effect it asked for, until a transition releases the lease. Nothing is kept between two claims but the run itself, so a crash at
/// any point is the same as a claim that never ended.
package struct RunMachine: Sendable {
    /// The run as it will be after the next transition.
    package internal(set) var run: Run
    var episode: Episode?
    /// When the same problem was last spoken of; `nil` when it is not open.
    var problemSeenAt: Timestamp?
    /// How the problem ended, when it did.
    var problemEnding: Episode.Ending?
    /// `nil` when the run's rule can not be found any more.
    let rule: Rule?
    let event: Event?
    let settings: EngineSettings
    let resolver: ServerResolver
    /// What `${{ secrets.NAME }}` of requests stands for.
    let secrets: [String: Secret]
    /// Whether the source of the run's event can be asked what has become of the problem.
    let canPull: Bool
    /// Drawn for this claim, from 0 to below 1: spreads what is tried again.
    let random: Double
    /// What was stopped when the run was claimed; what is stopped when a request leaves is asked then.
    let standstill: Standstill

    var lastIntent: Intent?
    /// The newest question that the run asked people.
    let approval: ApprovalRequest?
    /// Whether the rule was demoted: it asks for approval although it says `autonomy: auto`.
    let isDemoted: Bool
    let offer: ApprovalOffer
    /// All servers, as this claim read them; empty until then.
    var fleet: [Server] = [] {
        didSet { knowsFleet = true }
    }
    private var knowsFleet = false
    /// What this claim saw when it asked for the list of servers; `nil` when it did not.
    var sight: FleetSight?
    var server: Server?
    /// Whether the list of servers was read anew for this claim, so that "not found" is not the cache's word.
    var hasFreshInventory = false
    /// The run as it will be once the intent or the question that is being written is on disk.
    var opening: Run?
    /// What `when_server` said in this claim; `nil` while it was not asked.
    package internal(set) var judgement: ServerJudgement?
    /// The request to another API whose intent is being written.
    var prepared: PreparedRequest?
    /// The 400 that this claim got, until what it read says what it means.
    var refusal: APIError?
    /// What this claim has read on its way to a delete.
    var removal: Removal?
    /// Whether a create waits for a list that is read in this claim.
    var awaitsList = false
    /// The servers that this bridge created, as this claim read them; `nil` until then.
    var owned: Set<ServerID>?
    /// When this claim asked the source; `nil` when it did not.
    var pulledAt: Timestamp?
    /// What the source said, until it is on disk with a step of the run.
    var learnt: EvidenceChange?
    /// The run as it was before the source said that its problem is gone, of which the sender may have spoken since.
    var beforeGone: Run?
    /// Why the source could not be asked.
    var sourceTrouble: String?
    /// That the problem is silenced, for a run that holds its lane.
    var silence: Refusal?
    /// What this claim's probe found; `nil` when nobody looked.
    var probeVerdict: Bool?
    /// The run as it is while the end of its question is being written, which somebody's answer may come before.
    var undecided: Run?

    package init(
        claimed: ClaimedRun, rule: Rule?, event: Event?, settings: EngineSettings, resolver: ServerResolver, offer: ApprovalOffer,
        secrets: [String: Secret] = [:], canPull: Bool = false, random: Double = 0, standstill: Standstill = Standstill()
    ) {
        run = claimed.run
        episode = claimed.episode
        problemSeenAt = claimed.problemSeenAt
        problemEnding = claimed.latestEnding
        lastIntent = claimed.lastIntent
        approval = claimed.approval
        isDemoted = claimed.isDemoted
        self.offer = offer
        self.rule = rule
        self.event = event
        self.settings = settings
        self.resolver = resolver
        self.secrets = secrets
        self.canPull = canPull
        self.random = random
        self.standstill = standstill
    }

    /// What bounds the run: the rule's own limits and the floor of today, which may have risen since the rule was written.
    func limits(of rule: Rule) -> Limits { settings.limits.strictest(rule.limits) }

    var isProblemOpen: Bool { problemSeenAt != nil }

    /// The next effect, before it is held against the windows and states in which rules change nothing.
    mutating func proceed(_ input: RunInput, now: Timestamp) -> RunEffect {
        if case .committed = input { (learnt, sight) = (nil, nil) }
        if case .refused(let refusal) = input, refusal.reason == .refreshed, let before = beforeGone {
            // Nothing of the answer counts, nor of what was made of it; the run is looked at again.
            (learnt, opening, prepared, undecided, beforeGone) = (nil, nil, nil, nil, nil)
            run = before
            return wait(until: now, now: now)
        }
        guard case .evidence(let evidence) = input else { return decide(input, now: now) }
        return take(evidence, now: now) ?? decide(.woken, now: now)
    }

    private mutating func decide(_ input: RunInput, now: Timestamp) -> RunEffect {
        guard let rule, let event else {
            return abandon(now: now)
        }
        if case .woken = input { forgetEndedPause(rule: rule, now: now) }
        if let waiting = undecided {
            undecided = nil
            run = waiting
            return wait(until: now, now: now)
        }
        if let opened = opening {
            opening = nil
            switch input {
            case .committed(let intent?):
                run = opened
                lastIntent = intent
                return prepared.map(RunEffect.request) ?? .send(intent)
            case .refused(let refusal):
                return refused(refusal, rule: rule, now: now)
            default:
                break
            }
        }
        if let effect = stepwise(input, rule: rule, event: event, now: now) { return effect }
        switch run.state {
        case .pending, .held, .ready, .approval:
            return approach(input, rule: rule, event: event, now: now)
        case .running:
            return request(input, rule: rule, event: event, now: now)
        case .unknown:
            return reconcile(input, rule: rule, event: event, now: now)
        case .verifying:
            return verify(input, rule: rule, event: event, now: now)
        case .parked, .succeeded, .failed, .cancelled, .expired:
            // Never claimed; give it back untouched and out of the way.
            return wait(until: now + .seconds(3_600), now: now)
        }
    }

    /// A guard refused the intent that was to be written; nothing of it was.
    mutating func refused(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        prepared = nil
        if refusal.reason == .superseded {
            return finish(.cancelled, .superseded, "\(refusal.detail), before anything was done", now: now)
        }
        var refusal = refusal
        if let other = passOver(&refusal, rule: rule, now: now) { return other }
        if refusal.reason == .paused { return paused(refusal, rule: rule, now: now) }
        if run.state == .verifying, owesStart {
            // A sent stop owes its start: the run keeps its lane and its rung, whatever is in the way.
            return stay(
                refusal.reason, "the start after our stop is owed: \(refusal.detail)",
                until: max(refusal.until ?? now, now + settings.verifyInterval), now: now)
        }
        if let rung, rung.hasRequests || rung.countsServers || rung.deletesTarget {
            return stepRefused(refusal, rule: rule, now: now)
        }
        return run.state == .verifying ? rungRefused(refusal, rule: rule, now: now) : guardRefused(refusal, now: now)
    }

    /// A run whose rule or event is gone: nothing was sent, so it ends; something may have been, so a person decides.
    private mutating func abandon(now: Timestamp) -> RunEffect {
        if run.state == .parked { return wait(until: now + .seconds(3_600), now: now) }
        if run.state.holdsLane, let lastIntent {
            if lastIntent.outcome == nil {
                return park("rule \(run.rule) is gone while \(lastIntent.kind.rawValue) may be on its way", now: now)
            }
            let owesStart = lastIntent.operation == .start && lastIntent.step > 0 && lastIntent.outcome != .applied
            if lastIntent.operation == .stop || owesStart {
                return park("rule \(run.rule) is gone after a stop of \(serverLabel): it may have to be started", now: now)
            }
        }
        return finish(.cancelled, .ruleRemoved, "rule \(run.rule) of revision \(run.revision) is gone", now: now)
    }

    // MARK: Words that every state uses

    var context: EvaluationContext? {
        guard let rule, let event else { return nil }
        return EvaluationContext(
            event: event, args: CommandDesk.arguments(of: event, for: rule), server: server,
            fleet: knowsFleet ? fleet : nil, steps: run.progress.outputs, run: RunNames(run))
    }

    /// The server action of the rung that is at work or next.
    var rung: Rung? {
        guard let rule, rule.rungs.indices.contains(run.rung) else { return nil }
        return rule.rungs[run.rung]
    }

    /// Names the run's server for people.
    var serverLabel: String {
        guard let id = run.server else { return "no server" }
        return "\(run.serverName ?? "server") (\(id))"
    }

    /// Stays in its state and is looked at again later.
    func wait(until: Timestamp, now: Timestamp) -> RunEffect {
        var waiting = run
        waiting.dueAt = until
        return .commit(RunTransition(now: now, run: waiting, releasesLease: true))
    }

    /// Stays in its state for a reason that the audit is told once.
    mutating func stay(_ reason: Reason, _ detail: String, until: Timestamp, now: Timestamp) -> RunEffect {
        let isNew = run.reason != reason
        run.reason = reason
        run.detail = detail
        run.dueAt = until
        return .commit(
            RunTransition(
                now: now, run: run, audit: isNew ? [entry(.run, reason, "waits: \(detail)", now: now)] : [], releasesLease: true))
    }

    /// A guard that lifts by itself is in the way: judged again at `until`, or, without one, after a back-off of up to 5 minutes.
    mutating func hold(_ reason: Reason, _ detail: String, until: Timestamp?, now: Timestamp, closing: IntentChange? = nil)
        -> RunEffect
    {
        let isNew = run.state != .held || run.reason != reason
        run.attempts = isNew ? 0 : run.attempts + 1
        if hasOnlyRead, !hasWaited {
            // What was only read is read again then; time that was waited out counts.
            run.progress.step = 0
            run.progress.attempts = 0
            run.progress.outputs = [:]
            run.progress.since = nil
        }
        run.state = .held
        run.reason = reason
        run.detail = detail
        run.rungDeadline = nil
        run.healthySince = nil
        run.dueAt = until ?? now + backoff(run.attempts)
        let audit = isNew ? [entry(.run, reason, "held: \(detail)", now: now)] : []
        return .commit(RunTransition(now: now, run: run, intent: closing, audit: audit, releasesLease: true))
    }

    /// Whether nothing of the run was done but readings and steps that were left out, all of which a later look does anew.
    private var hasOnlyRead: Bool {
        guard lastIntent == nil, run.progress.ending == nil, run.progress.scale == nil, let rung else { return false }
        return rung.steps.prefix(run.progress.step + 1).allSatisfy { step in
            switch step.action {
            case .wait, .pause: false
            default: true
            }
        }
    }

    /// Full jitter under 2 s, 4 s, 8 s … 5 minutes, see `RetryPolicy`; never so short that nothing can have changed.
    func backoff(_ attempts: Int) -> Duration {
        max(Self.shortestPause, RetryPolicy().delay(attempt: attempts + 1, retryAfter: nil, random: random))
    }

    /// How long to leave the API alone after an error: what it asks for, but never less than our own back-off. What a guard of this
    /// side held back was no attempt, and comes again when that guard says.
    func pause(after error: APIError) -> Duration {
        if error.code == .heldBack { return max(error.retryAfter ?? .zero, Self.shortestPause) }
        return max(error.retryAfter ?? .zero, backoff(run.attempts))
    }

    private static let shortestPause: Duration = .milliseconds(250)

    /// The run ends; what it owes people goes to the outbox in the same transaction.
    mutating func finish(
        _ state: RunState, _ reason: Reason, _ detail: String, now: Timestamp, closing: IntentChange? = nil,
        approval change: ApprovalChange? = nil, messages: [NewMessage] = [], isDeadLetter: Bool = false
    ) -> RunEffect {
        if let again = repetition(insteadOf: state, reason, detail, closing: closing, messages: messages, now: now) {
            return again
        }
        if run.state == .approval, state == .succeeded {
            // What waits for people is judged again before it ends well.
            run.state = .held
            run.reason = reason
            run.detail = String(detail.prefix(500))
            return wait(until: now, now: now)
        }
        run.state = state
        run.reason = reason
        run.detail = String(detail.prefix(500))
        run.finishedAt = now
        run.dueAt = now
        run.healthySince = nil
        run.rungDeadline = nil
        let letter =
            isDeadLetter
            ? DeadLetter(at: now, reason: reason, event: run.event, run: run.id, rule: run.rule, detail: run.detail) : nil
        let outcome = "\(outcomeWord(state)) \(detail)"
        let told =
            news(messages) + approvalMessage("Approval \(approval?.id.description ?? ""), rule \(run.rule). \(outcome)")
            + answers(ownWords(of: state) ?? outcome)
        let notices = MessagePolicy.ending(
            of: run, server: run.server.map { _ in serverLabel }, besides: told, channels: settings.noticeChannels)
        var ending = RunTransition(
            now: now, run: run, intent: closing, approval: change,
            audit: [entry(.run, reason, "\(state.rawValue): \(detail)", now: now)],
            messages: told + notices, deadLetter: letter, releasesLease: true)
        ending.isRenewable = restsOnProbe(reason)
        return .commit(ending)
    }

    /// Only a person can say what happened; the lane stays taken.
    mutating func park(_ detail: String, now: Timestamp) -> RunEffect {
        run.state = .parked
        run.reason = .outcomeUnknown
        run.detail = String(detail.prefix(500))
        run.dueAt = now + .seconds(365 * 86_400)
        let letter = DeadLetter(
            at: now, reason: .outcomeUnknown, event: run.event, run: run.id, rule: run.rule, detail: run.detail)
        let told = rule.map { lastWords(rule: $0, failure: detail) } ?? []
        let notices = MessagePolicy.notices(
            .parked, "a person must decide: \(detail). Then: vpsbridge runs resolve \(run.id) happened|not", of: run,
            besides: told,
            channels: settings.noticeChannels)
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.run, .outcomeUnknown, "parked: \(detail)", now: now)],
                messages: told + answers("A person must decide: \(detail)") + notices,
                deadLetter: letter, releasesLease: true))
    }

    func entry(_ kind: AuditEntry.Kind, _ reason: Reason, _ detail: String, now: Timestamp) -> AuditEntry {
        AuditEntry(
            at: now, kind: kind, reason: reason, delivery: run.event.delivery, run: run.id, rule: run.rule, server: run.server,
            actor: actor, detail: String(detail.prefix(500)))
    }

    /// Who set the run in motion, as the audit writes it.
    var actor: String {
        guard let command = event?.command, let source = event?.source else { return "rule" }
        return "\(source):\(command.userID)"
    }

    /// What the person who gave a command is told; an alert has nobody to answer.
    func answers(_ text: String) -> [NewMessage] {
        answerPlace.map { [MessagePolicy.answer(text, to: $0, run: run.id)] } ?? []
    }

    /// Where the person who gave a command is answered.
    var answerPlace: MessageDestination? {
        guard let event, let url = event.command?.responseURL else { return nil }
        return .response(source: event.source, url: url)
    }

    /// What the rule itself says to the person at its run's end; `nil` where it says nothing, or can not.
    private func ownWords(of state: RunState) -> String? {
        let template: Template? =
            switch state {
            case .cancelled, .expired: rule?.replies.skipped
            case .failed: rule?.replies.failed
            default: nil
            }
        guard let template, let context else { return nil }
        return try? template.renderText(context)
    }

    private func outcomeWord(_ state: RunState) -> String {
        switch state {
        case .succeeded: "Done:"
        case .cancelled: "Not done:"
        case .expired: "Not done any more:"
        default: "Failed:"
        }
    }

    /// The messages of a rung, rendered; a template that fails says so in its place, so that people are told in any case.
    func notifications(of rung: Rung) -> [NewMessage] {
        guard let context else { return [] }
        return rung.steps.compactMap { whole in
            guard case .notify(let step) = whole.action else { return nil }
            if let condition = whole.condition, condition.judge(context).verdict == .noMatch { return nil }
            let text: String
            do throws(EvaluationFailure) {
                text = try step.text.renderText(context)
            } catch {
                text = "Rule \(run.rule), run \(run.id), \(serverLabel): its message could not be written (\(error.message))."
            }
            return MessagePolicy.ownWords(text, in: step.channel, run: run.id)
        }
    }
}
