import JSON
import Model
import Rules
import Store
import VPSAPI

/// After a request was applied: did it help?
///
/// A 200 is not success, and `active` is not health. An alert's run ends when its problem is over (the sender resolved it, or the probe finds
/// the server healthy) and the server is `active`, for `healthy_delay`; a command's run ends when the server has the expected status.
extension RunMachine {
    mutating func verify(_ input: RunInput, rule: Rule, event: Event, now: Timestamp) -> RunEffect {
        guard let id = run.server else { return finish(.failed, .serverGone, "the run lost its server", now: now) }
        switch input {
        case .woken:
            return askSource(rule: rule, now: now) ?? .readServer(id)
        case .server(.success(let server)):
            self.server = server
            return look(at: server, rule: rule, now: now)
        case .server(.failure(let error)) where error.code == .notFound:
            if owesStart { return park("\(serverLabel) is not found after our stop: it may have to be started", now: now) }
            return finish(.failed, .serverGone, "server \(id) does not exist any more", now: now, isDeadLetter: true)
        case .server(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        case .probe(let isHealthy):
            probeVerdict = isHealthy
            return judge(isOver: isHealthy || isProblemOver, rule: rule, now: now)
        case .inventory(.success(let snapshot)):
            fleet = snapshot.servers
            return climb(rule: rule, now: now)
        case .inventory(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        default:
            return wait(until: now + settings.verifyInterval, now: now)
        }
    }

    /// Whether the sender said that the problem is over.
    ///
    /// A problem that nobody speaks of any more is not over: nothing is known of it.
    private var isProblemOver: Bool { hasLostProblem && problemEnding != .stale }

    /// Whether our stop of a power cycle was applied and its start was not yet.
    var owesStart: Bool {
        guard rung?.action == .powerCycle, let intent = lastIntent, intent.rung == run.rung else { return false }
        // A server that was stopped before our stop was stopped by somebody else, and is not ours to start.
        if intent.operation == .stop {
            return intent.preStatus != .stopped && (intent.outcome == .applied || intent.outcome == .assumedSent)
        }
        return intent.operation == .start && (intent.outcome == .notExecuted || intent.outcome == .refused)
    }

    private mutating func look(at server: Server, rule: Rule, now: Timestamp) -> RunEffect {
        if owesStart, let effect = completePowerCycle(server, rule: rule, now: now) { return effect }
        if isStillStoppedAfterStart(server, now: now) {
            return park("\(serverLabel) is still stopped after our stop and start: start it by hand", now: now)
        }
        if let effect = judgeFields(server, rule: rule, now: now) { return effect }
        if hasLostProblem, problemEnding == .stale {
            return finishWithLastRung(
                .failed, .unverified, "nobody spoke of the problem any more: whether it helped is not known", rule: rule, now: now
            )
        }
        if isCommand {
            return judgeCommand(server, rule: rule, now: now)
        }
        if !hasProblem { return judgeOccasion(server, rule: rule, now: now) }
        // A new server stands in its place: how it is itself says nothing.
        if rung?.create != nil { return judge(isOver: isProblemOver, rule: rule, now: now) }
        guard server.status == .active else {
            run.healthySince = nil
            return notYet(rule: rule, now: now, mayClimb: !server.status.isTransitional)
        }
        if !isProblemOver, let probe = rule.probe { return .probe(probe, server) }
        return judge(isOver: isProblemOver, rule: rule, now: now)
    }

    /// Whether the start of a power cycle was taken and did nothing: a person looks before anything is sent again.
    private func isStillStoppedAfterStart(_ server: Server, now: Timestamp) -> Bool {
        guard rung?.action == .powerCycle, let intent = lastIntent, intent.rung == run.rung, intent.operation == .start,
            server.status == .stopped, let deadline = run.rungDeadline
        else { return false }
        return now >= deadline
    }

    /// Sends the owed start once the server is stopped; `nil` when nothing is owed any more.
    private mutating func completePowerCycle(_ server: Server, rule: Rule, now: Timestamp) -> RunEffect? {
        if server.status == .stopped {
            return openIntent(step: 1, operation: .start, server: server, rule: rule, checksCooldown: false, now: now)
        }
        // A refused start of a server that runs all the same: somebody else started it.
        if let intent = lastIntent, intent.step > 0, server.status == .active { return nil }
        let isLate = run.rungDeadline.map { now >= $0 } ?? true
        if isLate, server.status == .active {
            // The stop did nothing: nothing is owed, and the rung did not help.
            return notYet(rule: rule, now: now, mayClimb: true)
        }
        if isStuck(now: now) {
            return park("\(serverLabel) is \(server.status) long after our stop: it has to be started", now: now)
        }
        run.detail = "waits for \(serverLabel) to stop, it is \(server.status); then it will be started"
        return wait(until: now + settings.verifyInterval, now: now)
    }

    private mutating func judgeCommand(_ server: Server, rule: Rule, now: Timestamp) -> RunEffect {
        guard let action = rung?.action else { return finish(.succeeded, .applied, "done", now: now) }
        if server.status == action.expectedStatus {
            if lastIntent?.outcome == .assumedSent {
                return finish(
                    .failed, .unverified, "\(action.rawValue) of \(serverLabel): the answer was lost and no change was seen",
                    now: now)
            }
            return conclude(
                .succeeded, .effective, "\(action.rawValue) of \(serverLabel), which is \(server.status) again",
                output: serverOutput, now: now)
        }
        if let deadline = run.rungDeadline, now >= deadline {
            return finish(.failed, .ineffective, "\(serverLabel) is \(server.status) after \(action.rawValue)", now: now)
        }
        return wait(until: now + settings.verifyInterval, now: now)
    }

    /// The server is `active`; `isOver` says whether the problem is.
    private mutating func judge(isOver: Bool, rule: Rule, now: Timestamp) -> RunEffect {
        guard isOver else {
            run.healthySince = nil
            return notYet(rule: rule, now: now, mayClimb: true)
        }
        let since = run.healthySince ?? now
        run.healthySince = since
        let lastsUntil = since + rule.healthyDelay
        if now >= lastsUntil {
            let action = rung?.action?.rawValue ?? "the action"
            return conclude(
                .succeeded, .effective,
                "\(action) helped: \(serverLabel) has been healthy for \(Int(rule.healthyDelay.inSeconds)) s",
                output: serverOutput, now: now)
        }
        run.detail = "healthy; must last until \(lastsUntil.rfc3339)"
        return wait(until: min(lastsUntil, now + settings.verifyInterval), now: now)
    }

    /// Whether the rung's time was over long ago.
    private func isStuck(now: Timestamp) -> Bool {
        run.rungDeadline.map { now >= $0 + Self.patience } ?? false
    }

    /// How long after a rung's time a server may stay on its way before a person has to look.
    private static let patience = Duration.seconds(600)

    mutating func notYet(rule: Rule, now: Timestamp, mayClimb: Bool) -> RunEffect {
        if !mayClimb, isStuck(now: now) {
            return park(
                "\(serverLabel) is \(server?.status.rawValue ?? "unknown") long after \(rung?.action?.rawValue ?? "the action")",
                now: now)
        }
        guard let deadline = run.rungDeadline, now >= deadline, mayClimb else {
            let next = run.rungDeadline.map { max(now, min($0, now + settings.verifyInterval)) } ?? now + settings.verifyInterval
            return wait(until: mayClimb ? next : now + settings.verifyInterval, now: now)
        }
        // The fleet's size bounds what the next rung may do.
        return .readInventory(maxAge: settings.inventoryMaxAge)
    }

    /// The rung did not help in its time: the next one.
    mutating func climb(rule: Rule, now: Timestamp) -> RunEffect {
        if server == nil, run.server != nil { return wait(until: now, now: now) }
        let tried = rung.map(\.title) ?? "the action"
        let helped = run.server == nil ? "" : " \(serverLabel)"
        if isProblemOver, let server {
            return finishWithLastRung(
                .failed, .unverified, "the problem is over, but \(serverLabel) is \(server.status)", rule: rule, now: now)
        }
        guard rule.rungs.indices.contains(run.rung + 1) else {
            return finish(.failed, .ineffective, "\(tried) did not help\(helped)", now: now)
        }
        let next = rule.rungs[run.rung + 1]
        if next.changingIndex == nil, run.rung + 1 == rule.rungs.count - 1 {
            if next.hasRequests {
                return finishWithLastRung(.failed, .ineffective, "\(tried) did not help\(helped)", rule: rule, now: now)
            }
            run.rung += 1
            return finish(
                .failed, .ineffective, "\(tried) did not help\(helped); people were told", now: now,
                messages: notifications(of: next))
        }
        if let server, let refusal = mayNotBegin(next, on: server, rule: rule, now: now) { return refusal }
        // Stale evidence never acts; the next repeat or resolve wakes the run.
        if let waits = mayNotClimbYet("\(tried) did not help as far as is known", rule: rule, now: now) { return waits }
        run.rung += 1
        // A rung that is tried again goes on where it was; what earlier rungs gave is theirs.
        if lastIntent?.rung != run.rung { run.progress = RunProgress() }
        return takeStep(rule: rule, checksCooldown: false, now: now)
    }

    /// What the rung's action gives to later steps.
    var serverOutput: JSONOutput? {
        guard let rung, let index = rung.changingIndex, let server else { return nil }
        return JSONOutput(id: rung.steps[index].id, value: ["ok": true, "server": server.shown])
    }

    /// When a run that holds its lane is looked at again after a refusal: it still watches for its effect, so at least once a minute.
    func nextLook(after refusal: Refusal, now: Timestamp) -> Timestamp {
        max(min(refusal.until ?? now, now + .seconds(60)), now + .seconds(15))
    }

    /// A guard refused a later rung. A spent budget of the server ends the climb and tells people; what lifts soon is waited for.
    mutating func rungRefused(_ refusal: Refusal, rule: Rule, now: Timestamp) -> RunEffect {
        run.rung -= 1
        switch refusal.reason {
        case .budgetSpent:
            return finishWithLastRung(
                .failed, .budgetSpent, "no further rung for \(serverLabel): \(refusal.detail)", rule: rule, now: now)
        default:
            return stay(
                refusal.reason, refusal.detail, until: nextLook(after: refusal, now: now), now: now)
        }
    }
}
