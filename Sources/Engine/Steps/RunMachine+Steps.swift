import JSON
import Model
import Rules
import Store
import VPSAPI

/// A rung with several steps: requests to other APIs before and after the step that changes servers, one at a time.
///
/// Which step is next, how often it was tried and what the steps before it gave is kept with the run, and each request has an intent
/// of its own: after a crash at any point the run goes on where it was, and nothing that may have been done is done again.
extension RunMachine {
    /// What a run with several steps does next; `nil` leaves it to its state.
    mutating func stepwise(_ input: RunInput, rule: Rule, event: Event, now: Timestamp) -> RunEffect? {
        guard run.state != .parked else { return nil }
        if case .stepRead(let answer) = input { return stepRead(answer, rule: rule, now: now) }
        if awaitsList, case .inventory(let answer) = input { return listRead(answer, rule: rule, now: now) }
        if case .owned(let created) = input, rule.actsOnServer, run.state.holdsLane {
            owned = Set(created.map(\.id))
            return takeStep(rule: rule, checksCooldown: false, now: now)
        }
        if let intent = lastIntent, intent.kind == .httpRequest, intent.outcome == nil {
            return atRequest(intent, input, rule: rule, now: now)
        }
        if run.progress.ending != nil { return atEnding(input, rule: rule, now: now) }
        if let effect = atScale(input, rule: rule, now: now) { return effect }
        guard run.state == .verifying else { return nil }
        if isPreparing {
            return run.rung == 0
                ? approach(input, rule: rule, event: event, now: now) : prepareLaterRung(input, rule: rule, now: now)
        }
        return rule.sendsOnly && run.server == nil ? watch(input, rule: rule, now: now) : nil
    }

    /// The first look at a rule that only sends requests; everything that it may read was read in this claim.
    mutating func approachRequests(rule: Rule, now: Timestamp) -> RunEffect {
        guard let context, let event else { return wait(until: now, now: now) }
        do throws(EvaluationFailure) {
            run.lane = try requestLane(rule, context: context, event: event)
        } catch {
            return finish(.failed, .templateError, "the key can not be told: \(error.message)", now: now, isDeadLetter: true)
        }
        if let stale = staleEvidence(rule: rule, now: now) { return stale }
        if lacksApproval(rule: rule, now: now) { return ask(server, rule: rule, now: now) }
        return takeStep(rule: rule, checksCooldown: !isCommand, now: now)
    }

    /// What runs of the rule wait for each other by: `limits.key`, else `group_by`, else the server, else the problem itself.
    private func requestLane(
        _ rule: Rule, context: EvaluationContext, event: Event
    ) throws(EvaluationFailure) -> Lane {
        // What is sent at a problem's end must not wait for the cooldown of what was sent at its beginning.
        let occasion = event.status == .resolved ? ".resolved" : ""
        if let key = rule.limitKey ?? rule.groupBy {
            return .rule(rule.name, key: LaneKey.text(try key.key(context) + occasion))
        }
        if let id = run.server { return .rule(rule.name, key: id.description + occasion) }
        return .rule(
            rule.name, key: LaneKey.text(isCommand ? "\(run.event.delivery).\(run.event.index)" : event.fingerprint + occasion))
    }

    /// Whether requests of the rung were sent and its changing step was not yet.
    var isPreparing: Bool {
        // After a later rung whose step was not executed the run stands a rung below, with the progress of the later one.
        guard run.progress.ending == nil, let rung, rung.hasRequests,
            run.progress.step > 0 || run.progress.attempts > 0 || run.progress.waitUntil != nil,
            lastIntent.map({ $0.rung <= run.rung }) ?? true
        else { return false }
        return run.progress.step < (rung.changingIndex.map { $0 + 1 } ?? rung.steps.count)
    }

    /// The next step of the rung at work that has a request; the last one is followed by the end of the rung.
    ///
    /// Everything that the steps may read was read in this claim.
    mutating func takeStep(rule: Rule, checksCooldown: Bool, now: Timestamp) -> RunEffect {
        guard let rung else { return wait(until: now + .seconds(60), now: now) }
        if run.progress.ending == nil, let changing = rung.changingIndex, run.progress.step > changing {
            // Its request was not executed: the step is taken again, those before it are not.
            run.progress.step = changing
        }
        while rung.steps.indices.contains(run.progress.step) {
            let index = run.progress.step
            let step = rung.steps[index]
            if case .notify = step.action {
                run.progress.step += 1
                continue
            }
            if let skipped = skip(step, rung: rung, now: now) { return skipped }
            switch step.action {
            case .httpRequest(let request):
                return openRequest(
                    RequestTerms(request, of: step), step: step, rule: rule, checksCooldown: checksCooldown, now: now)
            case .server(let action):
                guard let server else { return wait(until: now + .seconds(60), now: now) }
                // Allowed by `start_stopped` alone: there is nothing to stop, and the start is the whole cycle.
                let isStopped = action == .powerCycle && server.status == .stopped
                return openIntent(
                    step: 0, operation: isStopped ? .start : action.firstOperation, server: server, rule: rule,
                    checksCooldown: checksCooldown,
                    now: now
                )
            case .read(let read):
                return takeRead(read, step: step, rule: rule, now: now)
            case .fields(let fields):
                return changeFields(fields, step: step, rule: rule, checksCooldown: checksCooldown, now: now)
            case .delete:
                return deleteTarget(rule: rule, checksCooldown: checksCooldown, now: now)
            case .create(let create):
                return createStep(create, rule: rule, checksCooldown: checksCooldown, now: now)
            case .scale(let scale):
                return scaleStep(scale, rule: rule, checksCooldown: checksCooldown, now: now)
            case .pause(let pause):
                return takePause(pause, rule: rule, now: now)
            case .wait(let span):
                if let waits = waitStep(span, now: now) { return waits }
                run.progress.step += 1
            case .notify:
                continue
            }
        }
        return endOfSteps(rule: rule, rung: rung, now: now)
    }

    /// Leaves a step out whose `if` does not hold; one that can not be judged does not hold.
    mutating func skip(_ step: Step, rung: Rung, now: Timestamp) -> RunEffect? {
        guard let condition = step.condition, let context else { return nil }
        let reason: Reason
        let why: String
        switch condition.judge(context).verdict {
        case .match: return nil
        case .noMatch: (reason, why) = (.stepSkipped, "`\(condition.text)` does not hold")
        case .missing(let path): (reason, why) = (.conditionMissing, "`\(condition.text)`: no \(path)")
        case .error(let message): (reason, why) = (.conditionError, "`\(condition.text)`: \(message)")
        }
        let detail = "rung \(run.rung + 1), step \(run.progress.step + 1) (\(step.name)) is left out: \(why)"
        if run.progress.step == rung.changingIndex, run.progress.ending == nil {
            run.progress.ending = RunProgress.Ending(state: .succeeded, reason: .stepSkipped, detail: detail)
        }
        run.progress.step += 1
        run.progress.attempts = 0
        run.dueAt = now
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.request, reason, String(detail.prefix(500)), now: now)], releasesLease: true))
    }

    /// All steps of the rung are done or left out.
    private mutating func endOfSteps(rule: Rule, rung: Rung, now: Timestamp) -> RunEffect {
        let isLast = run.rung == rule.rungs.count - 1
        guard let ending = run.progress.ending else {
            if !rung.isChanging {
                // A message that `while_firing` repeats; of a rule that changes something it is told only that this did not help.
                return finish(
                    rule.rungs.count > 1 ? .failed : .succeeded, rule.rungs.count > 1 ? .ineffective : .applied,
                    "people were told again", now: now, messages: notifications(of: rung))
            }
            // Its requests are sent: a rule that ends here has done what it is for.
            let isOwn = lastIntent?.rung == run.rung
            let isDone = isOwn && lastIntent?.outcome == .applied && rung.changingIndex == nil
            if isDone || (isOwn && run.state == .verifying) || (isLast && run.reason == .applied) {
                guard isLast else {
                    return applied(nil, isDone ? "rung \(run.rung + 1) is done" : run.detail, rule: rule, now: now)
                }
                let detail = isDone ? "all steps are done" : run.detail
                return finish(.succeeded, .applied, detail, now: now, messages: notifications(of: rung))
            }
            // No request was sent: every step's condition said no.
            return isLast
                ? finish(.succeeded, .stepSkipped, "no step's condition held", now: now, messages: notifications(of: rung))
                : leaveRung(now: now)
        }
        if [.stepSkipped, .nothingToDo].contains(ending.reason), ending.state == .succeeded, !isLast {
            return leaveRung(now: now)
        }
        return finish(ending.state, ending.reason, ending.detail, now: now, messages: notifications(of: rung))
    }

    /// Goes past a rung in which nothing was changed.
    private mutating func leaveRung(now: Timestamp) -> RunEffect {
        run.progress = RunProgress()
        run.dueAt = now
        if run.state == .verifying {
            // Its time is over, so that the next look takes the next rung.
            run.rungDeadline = now
        } else {
            run.rung += 1
        }
        return .commit(
            RunTransition(
                now: now, run: run, audit: [entry(.run, .stepSkipped, "nothing of the rung was left to do", now: now)],
                releasesLease: true))
    }

    // MARK: How a rung ends

    /// The changing step of the rung had its effect, or did not help: what is left of the rung's requests is sent, then the run ends.
    mutating func conclude(_ state: RunState, _ reason: Reason, _ detail: String, output: JSONOutput? = nil, now: Timestamp)
        -> RunEffect
    {
        guard let rung else { return finish(state, reason, detail, now: now) }
        if let output { keep(output) }
        let next = (rung.changingIndex ?? -1) + 1
        guard rung.requestIndex(from: next) != nil else {
            return finish(state, reason, detail, now: now, messages: notifications(of: rung))
        }
        run.progress.step = next
        run.progress.attempts = 0
        return commitEnding(RunProgress.Ending(state: state, reason: reason, detail: detail), closing: nil, now: now)
    }

    /// The run ends without its effect: the requests and messages of the last rung, when that changes nothing, are owed all the same.
    mutating func finishWithLastRung(
        _ state: RunState, _ reason: Reason, _ detail: String, rule: Rule, now: Timestamp, closing: IntentChange? = nil
    ) -> RunEffect {
        guard let last = rule.rungs.last, run.rung < rule.rungs.count - 1, last.changingIndex == nil, last.hasRequests,
            run.lane != nil
        else {
            return finish(
                state, reason, detail, now: now, closing: closing, messages: lastWords(rule: rule, failure: detail))
        }
        run.rung = rule.rungs.count - 1
        run.progress = RunProgress()
        return commitEnding(RunProgress.Ending(state: state, reason: reason, detail: detail), closing: closing, now: now)
    }

    private mutating func commitEnding(_ ending: RunProgress.Ending, closing: IntentChange?, now: Timestamp) -> RunEffect {
        run.progress.ending = ending
        run.reason = ending.reason
        run.detail = String(ending.detail.prefix(500))
        run.rungDeadline = nil
        run.healthySince = nil
        run.dueAt = now
        if run.state.holdsLane { run.state = .verifying }
        return .commit(
            RunTransition(
                now: now, run: run, intent: closing,
                audit: [entry(.run, ending.reason, "\(ending.detail); the requests that are left follow", now: now)],
                releasesLease: true))
    }

    /// Sends the requests that are left when the run is decided.
    private mutating func atEnding(_ input: RunInput, rule: Rule, now: Timestamp) -> RunEffect {
        switch input {
        case .woken:
            if let id = run.server { return .readServer(id) }
            return takeStep(rule: rule, checksCooldown: false, now: now)
        case .server(.success(let server)):
            self.server = server
            return .readInventory(maxAge: settings.inventoryMaxAge)
        case .server(.failure):
            // What is owed does not wait for VPS.org: what is known of the server is its name.
            server = run.server.map { Server(id: $0, name: run.serverName ?? "", status: ServerStatus(rawValue: "unknown")) }
            return takeStep(rule: rule, checksCooldown: false, now: now)
        case .inventory(let result):
            if let snapshot = try? result.get() { fleet = snapshot.servers }
            return takeStep(rule: rule, checksCooldown: false, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// Keeps what a step gave for the steps after it.
    mutating func keep(_ output: JSONOutput) {
        guard let id = output.id else { return }
        run.progress.outputs[id] = output.value
    }

    // MARK: Between two steps of a later rung

    /// A later rung whose first requests were answered: its changing step is next, if it still may be done.
    private mutating func prepareLaterRung(_ input: RunInput, rule: Rule, now: Timestamp) -> RunEffect {
        switch input {
        case .woken:
            if let asking = askSource(rule: rule, now: now) { return asking }
            if hasLostProblem {
                return finish(.cancelled, .resolved, "the problem was over before the rest was done", now: now)
            }
            guard let id = run.server else { return takeStep(rule: rule, checksCooldown: false, now: now) }
            return .readServer(id)
        case .server(.success(let server)):
            self.server = server
            return .readInventory(maxAge: settings.inventoryMaxAge)
        case .inventory(.success(let snapshot)):
            fleet = snapshot.servers
            guard let server, let rung else { return wait(until: now + .seconds(60), now: now) }
            if let refusal = mayNotBegin(rung, on: server, rule: rule, now: now) { return refusal }
            if let waits = mayNotClimbYet("the rung has begun", rule: rule, now: now) { return waits }
            return takeStep(rule: rule, checksCooldown: false, now: now)
        case .server(.failure(let error)) where error.code == .notFound:
            return finish(.failed, .serverGone, "\(serverLabel) does not exist any more", now: now, isDeadLetter: true)
        case .server(.failure(let error)), .inventory(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    /// A guard refused a step of a rung that has begun: its lane stays taken, what time lifts is waited for.
    mutating func stepRefused(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        if run.rung == 0, run.progress.ending == nil { return guardRefused(refusal, now: now) }
        if refusal.reason == .budgetSpent || refusal.reason == .costCap {
            return finishWithLastRung(
                .failed, refusal.reason, "no further step for \(serverLabel): \(refusal.detail)", rule: rule, now: now)
        }
        // Nothing of the rung was begun: the rung below is watched on, and the climb is tried again.
        if run.state == .verifying, run.progress.ending == nil, run.progress.scale == nil, !isPreparing { run.rung -= 1 }
        return stay(refusal.reason, refusal.detail, until: nextLook(after: refusal, now: now), now: now)
    }

    /// Whether a rung of requests helped a problem that has no server: over for `healthy_delay`, or the next rung.
    private mutating func watch(_ input: RunInput, rule: Rule, now: Timestamp) -> RunEffect {
        guard case .woken = input else { return wait(until: now + settings.verifyInterval, now: now) }
        if let asking = askSource(rule: rule, now: now) { return asking }
        if !hasProblem, !isCommand {
            // Nobody will say whether it helped: what was asked for was done, and no further rung is climbed blindly.
            return finish(
                .succeeded, .applied, "the requests were answered", now: now, messages: rung.map { notifications(of: $0) } ?? [])
        }
        if hasLostProblem {
            if problemEnding == .stale {
                return finishWithLastRung(
                    .failed, .unverified, "nobody spoke of the problem any more: whether it helped is not known", rule: rule,
                    now: now)
            }
            let since = run.healthySince ?? now
            run.healthySince = since
            if now >= since + rule.healthyDelay {
                return finish(
                    .succeeded, .effective, "the problem is over", now: now, messages: rung.map { notifications(of: $0) } ?? [])
            }
            return wait(until: since + rule.healthyDelay, now: now)
        }
        run.healthySince = nil
        guard let deadline = run.rungDeadline, now >= deadline else {
            return wait(until: run.rungDeadline ?? now + settings.verifyInterval, now: now)
        }
        return climb(rule: rule, now: now)
    }
}

/// What stands in a lane's name for a text from outside.
enum LaneKey {
    /// The text itself where it is short and plain, else a hash of it.
    static func text(_ key: String) -> String {
        let isPlain =
            key.utf8.count <= 80 && key.utf8.first != UInt8(ascii: "#") && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isPlain ? key : "#" + RequestHash.of(key)
    }
}

/// What a step gave, under its id.
struct JSONOutput {
    let id: String?
    let value: JSONValue
}
