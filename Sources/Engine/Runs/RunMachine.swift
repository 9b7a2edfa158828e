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
    let episode: Episode?
    /// When the same problem was last spoken of; `nil` when it is not open.
    let problemSeenAt: Timestamp?
    /// How the problem ended, when it did.
    let problemEnding: Episode.Ending?
    /// `nil` when the run's rule can not be found any more.
    let rule: Rule?
    let event: Event?
    let settings: EngineSettings
    let resolver: ServerResolver
    /// What `${{ secrets.NAME }}` of requests stands for.
    let secrets: [String: Secret]
    /// Drawn for this claim, from 0 to below 1: spreads what is tried again.
    let random: Double

    var lastIntent: Intent?
    /// The newest question that the run asked people.
    let approval: ApprovalRequest?
    let offer: ApprovalOffer
    /// All servers, as this claim read them; empty until then.
    var fleet: [Server] = [] {
        didSet { knowsFleet = true }
    }
    private var knowsFleet = false
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
    /// The run as it is while the end of its question is being written, which somebody's answer may come before.
    var undecided: Run?

    package init(
        claimed: ClaimedRun, rule: Rule?, event: Event?, settings: EngineSettings, resolver: ServerResolver, offer: ApprovalOffer,
        secrets: [String: Secret] = [:], random: Double = 0
    ) {
        run = claimed.run
        episode = claimed.episode
        problemSeenAt = claimed.problemSeenAt
        problemEnding = claimed.latestEnding
        lastIntent = claimed.lastIntent
        approval = claimed.approval
        self.offer = offer
        self.rule = rule
        self.event = event
        self.settings = settings
        self.resolver = resolver
        self.secrets = secrets
        self.random = random
    }

    /// What bounds the run: the rule's own limits and the floor of today, which may have risen since the rule was written.
    func limits(of rule: Rule) -> Limits { settings.limits.strictest(rule.limits) }

    var isProblemOpen: Bool { problemSeenAt != nil }

    /// Whether a person asked for this run, rather than an alert.
    var isCommand: Bool { run.episode == nil }

    /// The next effect.
    package mutating func next(_ input: RunInput, now: Timestamp) -> RunEffect {
        guard let rule, let event else {
            return abandon(now: now)
        }
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
    private mutating func refused(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        prepared = nil
        if run.state == .verifying, owesStart {
            // A sent stop owes its start: the run keeps its lane and its rung, whatever is in the way.
            run.reason = refusal.reason
            run.detail = "the start after our stop is owed: \(refusal.detail)"
            return wait(until: max(refusal.until ?? now, now + settings.verifyInterval), now: now)
        }
        if let rung, rung.hasRequests || rung.scale != nil { return stepRefused(refusal, rule: rule, now: now) }
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
            fleet: knowsFleet ? fleet : nil, steps: run.progress.outputs)
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

    /// A guard that lifts by itself is in the way: judged again at `until`, or, without one, after a back-off of up to 5 minutes.
    mutating func hold(_ reason: Reason, _ detail: String, until: Timestamp?, now: Timestamp, closing: IntentChange? = nil)
        -> RunEffect
    {
        let isNew = run.state != .held || run.reason != reason
        run.attempts = isNew ? 0 : run.attempts + 1
        run.state = .held
        run.reason = reason
        run.detail = detail
        run.rungDeadline = nil
        run.healthySince = nil
        run.dueAt = until ?? now + backoff(run.attempts)
        let audit = isNew ? [entry(.run, reason, "held: \(detail)", now: now)] : []
        return .commit(RunTransition(now: now, run: run, intent: closing, audit: audit, releasesLease: true))
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
        let told = approvalMessage("Approval \(approval?.id.description ?? ""), rule \(run.rule). \(outcome)")
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, approval: change,
                audit: [entry(.run, reason, "\(state.rawValue): \(detail)", now: now)],
                messages: messages + told + answers(outcome), deadLetter: letter, releasesLease: true))
    }

    /// Only a person can say what happened; the lane stays taken.
    mutating func park(_ detail: String, now: Timestamp) -> RunEffect {
        run.state = .parked
        run.reason = .outcomeUnknown
        run.detail = String(detail.prefix(500))
        run.dueAt = now + .seconds(365 * 86_400)
        let letter = DeadLetter(
            at: now, reason: .outcomeUnknown, event: run.event, run: run.id, rule: run.rule, detail: run.detail)
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.run, .outcomeUnknown, "parked: \(detail)", now: now)],
                messages: (rule.map { lastWords(rule: $0, failure: detail) } ?? []) + answers("A person must decide: \(detail)"),
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
        guard let event, let url = event.command?.responseURL else { return [] }
        return [NewMessage(destination: .response(source: event.source, url: url), text: text, run: run.id)]
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
            return NewMessage(destination: .channel(step.channel), text: text, run: run.id)
        }
    }
}
