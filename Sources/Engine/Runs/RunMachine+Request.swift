import Model
import Rules
import Store
import VPSAPI

/// A request on its way: `running` and `unknown`.
extension RunMachine {
    /// Writes the intent of a request; the request is sent when the store says that it is on disk.
    ///
    /// Step 0 is a rung's first request, which spends a budget unit; step 1 is the start of `server.power_cycle`, which spends none,
    /// since a sent stop owes its start.
    mutating func openIntent(
        step: Int, operation: Operation, server: Server, request: IntentRequest? = nil, rule: Rule, checksCooldown: Bool,
        now: Timestamp
    ) -> RunEffect {
        var next = run
        next.state = .running
        next.reason = nil
        next.detail = "\(operation.rawValue) \(serverLabel)"
        next.dueAt = now
        // The start that is owed backs off over its attempts.
        if step == 0 { next.attempts = 0 }
        // Only once the intent is on disk: a guard that refuses it leaves the step to be taken.
        if step == 0, let rung, rung.hasRequests, let changing = rung.changingIndex { next.progress.step = changing + 1 }
        if request != nil { next.progress.attempts += 1 }
        next.healthySince = nil
        next.rungDeadline = nil
        opening = next
        let guards = step == 0 ? guards(limits(of: rule), checksCooldown: checksCooldown) : nil
        let intent = NewIntent(
            rung: run.rung, step: step, kind: .operation(operation), server: server.id, preStatus: server.status,
            preUpdatedAt: server.updatedAt, request: request, isPowerCycle: rung?.action == .powerCycle)
        return .commit(
            RunTransition(
                now: now, run: next, intent: .open(intent, guards: guards), warning: answerPlace,
                audit: [
                    entry(.request, .matched, "rung \(run.rung + 1): will send \(operation.rawValue) to \(serverLabel)", now: now)
                ],
                releasesLease: false))
    }

    mutating func request(_ input: RunInput, rule: Rule, event: Event, now: Timestamp) -> RunEffect {
        switch input {
        case .answer(.success(let message)):
            guard let lastIntent else { return wait(until: now, now: now) }
            return applied(.close(lastIntent.id, .applied), "answered: \(message)", rule: rule, now: now)
        case .answer(.failure(let error)):
            return answeredBadly(error, rule: rule, now: now)
        case .server(let answer):
            return judgeRefusal(answer, rule: rule, now: now)
        case .woken:
            // Claimed again after a worker was lost: an open intent may have been sent.
            run.state = lastIntent?.outcome == nil && lastIntent != nil ? .unknown : .held
            return wait(until: now, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// The request had its effect as far as the API tells; from here on its effect on the problem is watched.
    mutating func applied(_ closing: IntentChange?, _ detail: String, rule: Rule, now: Timestamp) -> RunEffect {
        run.state = .verifying
        run.reason = .applied
        run.detail = String(detail.prefix(500))
        run.rungDeadline = now + (rung?.timeout ?? .seconds(600))
        run.healthySince = nil
        run.attempts = 0
        run.dueAt = now + settings.verifyInterval
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.request, .applied, detail, now: now)], releasesLease: true))
    }

    private mutating func answeredBadly(_ error: APIError, rule: Rule, now: Timestamp) -> RunEffect {
        guard let lastIntent else { return wait(until: now, now: now) }
        if error.certainty == .unknown { return becomesUnknown(lastIntent, error, now: now) }
        let owesStart = lastIntent.step > 0
        switch error.code {
        case .badRequest:
            // The server may be as it was asked for all the same: it is read before the refusal counts.
            guard let id = lastIntent.server else { return wait(until: now, now: now) }
            refusal = error
            return .readServer(id)
        case .conflict, .paymentRequired, .unexpectedStatus:
            if owesStart { return retryOwedStart(lastIntent, outcome: .refused, error: error, rule: rule, now: now) }
            return refusedByAPI(.close(lastIntent.id, .refused), error: error, rule: rule, now: now)
        case .notFound:
            return serverGone(.close(lastIntent.id, .refused), now: now)
        default:
            if owesStart { return retryOwedStart(lastIntent, outcome: .notExecuted, error: error, rule: rule, now: now) }
            if run.rung > 0 {
                // A later rung keeps its lane and tries again; the rung before is not forgotten.
                return backToStep(.close(lastIntent.id, .notExecuted), error: error, now: now)
            }
            return holdForAPI(error, now: now, closing: .close(lastIntent.id, .notExecuted))
        }
    }

    private mutating func becomesUnknown(_ intent: Intent, _ error: APIError, now: Timestamp) -> RunEffect {
        run.state = .unknown
        run.reason = .outcomeUnknown
        run.detail = String(error.detail.prefix(300))
        // Of an owed start all attempts are counted: people are told when it does not come about.
        if intent.step == 0 { run.attempts = 0 }
        run.dueAt = intent.sent().map { settings.reconciliation.firstReading(of: $0.change, now: now) } ?? now
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.request, .outcomeUnknown, "no certain answer: \(error.detail)", now: now)],
                releasesLease: true))
    }

    /// What a server, read after a 400, makes of it.
    private mutating func judgeRefusal(_ answer: Result<Server, APIError>, rule: Rule, now: Timestamp) -> RunEffect {
        guard let intent = lastIntent, let refusal, let sent = intent.sent(isFollowing: intent.step > 0, answer: .refused) else {
            return wait(until: now + .seconds(5), now: now)
        }
        self.refusal = nil
        if case .success(let server) = answer { self.server = server }
        let closing = IntentChange.close(intent.id, .refused)
        switch settings.reconciliation.judge(sent, Reading(answer), now: now) {
        case .alreadySo(let server) where rung?.action != .powerCycle:
            return applied(closing, "refused, for \(serverLabel) is \(server.status) already", rule: rule, now: now)
        case .alreadySo(let server), .refused(let server?):
            // A stop that was not ours must not be followed by a start of ours.
            return refusedByAPI(closing, error: refusal, status: server.status, rule: rule, now: now)
        case .notExecuted:
            return retryOwedStart(intent, outcome: .refused, error: refusal, rule: rule, now: now)
        case .gone:
            return serverGone(closing, now: now)
        case .stillUnknown where intent.step > 0, .ambiguous where intent.step > 0:
            return retryOwedStart(intent, outcome: .refused, error: refusal, rule: rule, now: now)
        case .applied(let server?) where intent.fields != nil:
            return applied(closing, "refused, for \(serverLabel) is as asked already, and \(server.status)", rule: rule, now: now)
        case .stillUnknown where rung?.action == .powerCycle, .ambiguous where rung?.action == .powerCycle:
            // As a request of unknown outcome the stop would be taken for ours when somebody else has stopped the server.
            return refusedByAPI(closing, error: refusal, rule: rule, now: now)
        case .stillUnknown, .ambiguous:
            // Read again as any request without a certain outcome.
            return becomesUnknown(intent, refusal, now: now)
        case .applied, .assumedSent, .refused(nil):
            return refusedByAPI(closing, error: refusal, rule: rule, now: now)
        }
    }

    private mutating func serverGone(_ closing: IntentChange, now: Timestamp) -> RunEffect {
        finish(
            .failed, .serverGone, "\(serverLabel) does not exist any more", now: now, closing: closing,
            messages: rung?.action == nil ? rule.map { lastWords(rule: $0, failure: "\(serverLabel) is gone") } ?? [] : [],
            isDeadLetter: true)
    }

    mutating func backToStep(_ closing: IntentChange?, error: APIError, now: Timestamp) -> RunEffect {
        run.state = .verifying
        run.reason = error.holdReason
        run.detail = String(error.detail.prefix(300))
        if let rung, rung.hasRequests, let changing = rung.changingIndex, changing > 0 {
            // The requests before it were sent and are not repeated: only the step itself is taken again.
            run.progress.step = changing
        } else {
            run.rung -= 1
            run.rungDeadline = now
        }
        if error.code != .heldBack { run.attempts += 1 }
        run.dueAt = now + pause(after: error)
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing, audit: [entry(.request, .notSent, error.detail, now: now)],
                releasesLease: true))
    }

    /// A sent stop owes its start: the run keeps its lane and tries again until the server runs.
    private mutating func retryOwedStart(
        _ intent: Intent, outcome: Intent.Outcome, error: APIError, rule: Rule, now: Timestamp
    ) -> RunEffect {
        run.state = .verifying
        // Stopped between its intent and its request: the next look meets the pause, and people are told then.
        run.reason = error.code == .heldBack && error.heldBy == nil ? .notSent : error.holdReason
        run.detail = "the start after our stop is owed: \(error.detail.prefix(200))"
        if error.code != .heldBack { run.attempts += 1 }
        run.rungDeadline = now + (rung?.timeout ?? .seconds(600))
        run.dueAt = now + pause(after: error)
        return .commit(
            RunTransition(
                now: now, run: run, intent: .close(intent.id, outcome),
                audit: [entry(.request, .notSent, run.detail, now: now)],
                messages: run.attempts == 3 && error.code != .heldBack ? tellOfOwedStart(rule: rule) : [],
                releasesLease: true))
    }

    /// A server is left stopped for longer than it takes: people are told.
    private func tellOfOwedStart(rule: Rule) -> [NewMessage] {
        let told = lastWords(rule: rule)
        return told + answers("Not done yet: \(run.detail)")
            + MessagePolicy.notices(
                .startOwed, "\(serverLabel): \(run.detail)", of: run, besides: told, channels: settings.noticeChannels)
    }

    /// The API said no: a refused rung jumps to the last, and people are told.
    private mutating func refusedByAPI(
        _ closing: IntentChange, error: APIError, status: ServerStatus? = nil, rule: Rule, now: Timestamp
    ) -> RunEffect {
        let reason: Reason = error.code == .paymentRequired ? .paymentRequired : .refused
        let label = status.map { "\(serverLabel), which is \($0)" } ?? serverLabel
        let detail =
            "VPS.org refused \(rung?.targetChange?.name ?? "the request") for \(label): \(error.status ?? 0) \(error.detail)"
        return finishWithLastRung(.failed, reason, detail, rule: rule, now: now, closing: closing)
    }

    /// The messages of the last rung when that changes nothing; they are owed whatever else failed.
    ///
    /// When the last rung itself failed, its channels are told `failure` instead: its messages speak of what did not come about.
    func lastWords(rule: Rule, failure: String? = nil) -> [NewMessage] {
        guard let last = rule.rungs.last, last.action == nil else { return [] }
        let isOwn = run.rung == rule.rungs.count - 1 && last.isChanging
        guard isOwn, let failure else { return last.changingIndex == nil ? notifications(of: last) : [] }
        return last.notifications.map { step in
            MessagePolicy.ownWords("Rule \(run.rule), run \(run.id): \(failure.prefix(500))", in: step.channel, run: run.id)
        }
    }

    // MARK: Unknown

    /// Reads the API to learn whether a request that may have left had its effect; sends nothing.
    mutating func reconcile(_ input: RunInput, rule: Rule, event: Event, now: Timestamp) -> RunEffect {
        guard let intent = lastIntent, intent.outcome == nil else {
            run.state = .held
            return wait(until: now, now: now)
        }
        switch input {
        case .woken:
            guard let id = intent.server else { return wait(until: now + .seconds(5), now: now) }
            return .readServer(id)
        case .server(let answer):
            switch answer {
            case .success(let server): self.server = server
            case .failure(let error): run.detail = "the outcome can not be read: \(error.detail.prefix(200))"
            }
            return reconcile(intent, Reading(answer), rule: rule, now: now)
        default:
            return wait(until: now + .seconds(2), now: now)
        }
    }

    private mutating func reconcile(_ intent: Intent, _ reading: Reading, rule: Rule, now: Timestamp) -> RunEffect {
        guard let sent = intent.sent(isFollowing: intent.step > 0) else {
            return park("what became of \(intent.kind.rawValue) can not be told: look before it is asked for again", now: now)
        }
        switch settings.reconciliation.judge(sent, reading, now: now) {
        case .applied(let server), .refused(let server):
            return applied(
                .close(intent.id, .applied),
                "after an unknown outcome the server was read as \(server?.status.rawValue ?? "gone")", rule: rule, now: now)
        case .alreadySo(let server):
            return applied(
                .close(intent.id, .applied), "after an unknown outcome the server was read as \(server.status)", rule: rule,
                now: now)
        case .gone:
            return serverGone(.close(intent.id, .refused), now: now)
        case .stillUnknown(let next):
            return wait(until: next, now: now)
        case .notExecuted where intent.step > 0:
            return owedStartHadNoEffect(intent, rule: rule, now: now)
        case .notExecuted where intent.fields != nil:
            return changeAgain(intent, rule: rule, now: now)
        case .notExecuted, .assumedSent:
            return applied(
                .close(intent.id, .assumedSent),
                "the outcome stayed unknown and no change was seen: counts as sent, is not sent again", rule: rule, now: now)
        case .ambiguous(let why):
            return park(why.words(name: run.serverName ?? "the server"), now: now)
        }
    }

    /// Starting a server that still is stopped is safe to ask for again, and it is owed.
    private mutating func owedStartHadNoEffect(_ intent: Intent, rule: Rule, now: Timestamp) -> RunEffect {
        run.state = .verifying
        run.reason = .outcomeUnknown
        run.detail = "the start after our stop had no effect, it is owed"
        run.attempts += 1
        run.rungDeadline = now + (rung?.timeout ?? .seconds(600))
        run.dueAt = run.attempts > 1 ? now + backoff(run.attempts) : now
        return .commit(
            RunTransition(
                now: now, run: run, intent: .close(intent.id, .notExecuted),
                audit: [entry(.request, .notSent, run.detail, now: now)],
                messages: run.attempts == 3 ? tellOfOwedStart(rule: rule) : [],
                releasesLease: true))
    }
}
