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
        step: Int, operation: Operation, server: Server, rule: Rule, checksCooldown: Bool, now: Timestamp
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
        next.healthySince = nil
        next.rungDeadline = nil
        opening = next
        let guards = step == 0 ? Guards(limits: limits(of: rule), fleetSize: fleet.count, checksCooldown: checksCooldown) : nil
        let intent = NewIntent(
            rung: run.rung, step: step, operation: operation, server: server.id, preStatus: server.status,
            preUpdatedAt: server.updatedAt)
        return .commit(
            RunTransition(
                now: now, run: next, intent: .open(intent, guards: guards),
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
        case .woken:
            // Claimed again after a worker was lost: an open intent may have been sent.
            run.state = lastIntent?.outcome == nil && lastIntent != nil ? .unknown : .held
            return wait(until: now, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// The request had its effect as far as the API tells; from here on its effect on the problem is watched.
    mutating func applied(_ closing: IntentChange, _ detail: String, rule: Rule, now: Timestamp) -> RunEffect {
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
        if error.certainty == .unknown {
            run.state = .unknown
            run.reason = .outcomeUnknown
            run.detail = String(error.detail.prefix(300))
            run.attempts = 0
            run.dueAt = now + .seconds(2)
            return .commit(
                RunTransition(
                    now: now, run: run,
                    audit: [entry(.request, .outcomeUnknown, "no certain answer: \(error.detail)", now: now)], releasesLease: true
                ))
        }
        let owesStart = lastIntent.step > 0
        switch error.code {
        case .badRequest, .conflict, .paymentRequired, .unexpectedStatus:
            if owesStart { return retryOwedStart(lastIntent, outcome: .refused, error: error, rule: rule, now: now) }
            return refusedByAPI(.close(lastIntent.id, .refused), error: error, rule: rule, now: now)
        case .notFound:
            return finish(
                .failed, .serverGone, "\(serverLabel) does not exist any more", now: now,
                closing: .close(lastIntent.id, .refused), isDeadLetter: true)
        default:
            if owesStart { return retryOwedStart(lastIntent, outcome: .notExecuted, error: error, rule: rule, now: now) }
            if run.rung > 0 {
                // A later rung keeps its lane and tries again; the rung before is not forgotten.
                return backToVerifying(.close(lastIntent.id, .notExecuted), error: error, now: now)
            }
            return holdForAPI(error, now: now, closing: .close(lastIntent.id, .notExecuted))
        }
    }

    private mutating func backToVerifying(_ closing: IntentChange, error: APIError, now: Timestamp) -> RunEffect {
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
        run.reason = error.holdReason
        run.detail = "the start after our stop is owed: \(error.detail.prefix(200))"
        if error.code != .heldBack { run.attempts += 1 }
        run.rungDeadline = now + (rung?.timeout ?? .seconds(600))
        run.dueAt = now + pause(after: error)
        return .commit(
            RunTransition(
                now: now, run: run, intent: .close(intent.id, outcome),
                audit: [entry(.request, .notSent, run.detail, now: now)],
                messages: run.attempts == 3 && error.code != .heldBack
                    ? lastWords(rule: rule) + answers("Not done yet: \(run.detail)") : [],
                releasesLease: true))
    }

    /// The API said no: a refused rung jumps to the last, and people are told.
    private mutating func refusedByAPI(_ closing: IntentChange, error: APIError, rule: Rule, now: Timestamp) -> RunEffect {
        let reason: Reason = error.code == .paymentRequired ? .paymentRequired : .refused
        let detail =
            "VPS.org refused \(rung?.action?.rawValue ?? "the request") for \(serverLabel): \(error.status ?? 0) \(error.detail)"
        return finishWithLastRung(.failed, reason, detail, rule: rule, now: now, closing: closing)
    }

    /// The messages of the last rung when that changes nothing; they are owed whatever else failed.
    ///
    /// When the last rung itself failed, its channels are told `failure` instead: its messages speak of what did not come about.
    func lastWords(rule: Rule, failure: String? = nil) -> [NewMessage] {
        guard let last = rule.rungs.last, last.changingIndex == nil || rule.scales else { return [] }
        let isOwn = run.rung == rule.rungs.count - 1 && last.isChanging
        guard isOwn, let failure else { return last.changingIndex == nil ? notifications(of: last) : [] }
        return last.notifications.map { step in
            NewMessage(
                destination: .channel(step.channel), text: "Rule \(run.rule), run \(run.id): \(failure.prefix(500))", run: run.id)
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
        case .server(.success(let server)):
            self.server = server
            return reconcile(intent, with: server, rule: rule, now: now)
        case .server(.failure(let error)) where error.code == .notFound:
            return finish(
                .failed, .serverGone, "\(serverLabel) does not exist any more", now: now,
                closing: .close(intent.id, .refused), isDeadLetter: true)
        case .server(.failure(let error)):
            run.attempts += 1
            run.detail = "the outcome can not be read: \(error.detail.prefix(200))"
            return wait(until: now + pause(after: error), now: now)
        default:
            return wait(until: now + .seconds(2), now: now)
        }
    }

    private mutating func reconcile(_ intent: Intent, with server: Server, rule: Rule, now: Timestamp) -> RunEffect {
        if intent.showsEffect(on: server) {
            return applied(
                .close(intent.id, .applied), "after an unknown outcome the server was read as \(server.status)", rule: rule,
                now: now)
        }
        guard now.since(intent.createdAt) >= settings.unknownWindow else {
            return wait(until: now + .seconds(5), now: now)
        }
        if intent.operation == .start, intent.step > 0 {
            // Starting a server that still is stopped is safe to ask for again, and it is owed.
            run.state = .verifying
            run.reason = .outcomeUnknown
            run.rungDeadline = now + (rung?.timeout ?? .seconds(600))
            run.dueAt = now
            return .commit(
                RunTransition(
                    now: now, run: run, intent: .close(intent.id, .notExecuted),
                    audit: [entry(.request, .notSent, "the start had no effect; it is owed", now: now)], releasesLease: true))
        }
        return applied(
            .close(intent.id, .assumedSent),
            "the outcome stayed unknown and no change was seen: counts as sent, is not sent again", rule: rule, now: now)
    }
}

extension Intent {
    /// Whether a server, read after the request, differs from before in a way that the request explains.
    func showsEffect(on server: Server) -> Bool {
        switch operation {
        case .stop: server.status == .stopping || server.status == .stopped
        case .start: server.status == .starting || server.status == .active
        case .reboot: server.status == .rebooting || server.status != preStatus || server.updatedAt != preUpdatedAt
        default: server.status != preStatus || server.updatedAt != preUpdatedAt
        }
    }
}
