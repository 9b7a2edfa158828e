import Model
import Rules
import Store
import VPSAPI

/// From the beginning of a run to its first request: `pending`, `held` and `ready`.
extension RunMachine {
    mutating func approach(_ input: RunInput, rule: Rule, event: Event, now: Timestamp) -> RunEffect {
        switch input {
        case .woken:
            return begin(rule: rule, now: now)
        case .inventory(let result) where rule.sendsOnly && !rule.hasTarget:
            // A rule without servers does not wait for VPS.org; what it says of `fleet` has no value then.
            if let snapshot = try? result.get() { fleet = snapshot.servers }
            return approachRequests(rule: rule, now: now)
        case .inventory(.success(let snapshot)):
            fleet = snapshot.servers
            return rule.scales ? decideScale(rule: rule, now: now) : resolve(rule: rule, now: now)
        case .inventory(.failure(let error)):
            if let later = lookLater(error, rule: rule, now: now) { return later }
            // Who knows what its words name when the list is there again: it is looked up anew then.
            if run.state == .pending { run.server = nil }
            return holdBlind(error, now: now)
        case .owned(let created) where rule.actsOnServer:
            owned = Set(created.map(\.id))
            return server.map { decide($0, rule: rule, now: now) } ?? wait(until: now + .seconds(5), now: now)
        case .owned,
            .server where rule.scales:
            guard let scale = rung?.scale else { return wait(until: now + .seconds(60), now: now) }
            return continueRemoval(input, scale: scale, rule: rule, now: now)
        case .server(let answer) where run.state == .approval:
            server = try? answer.get()
            return giveUp(rule: rule, now: now)
        case .server(.failure(let error)) where error.code == .notFound:
            if let current = run.progress.scale?.current, lastIntent?.operation == .delete {
                return deleted(current, "is gone", closing: nil, now: now)
            }
            return finish(
                .failed, .serverGone, "server \(run.server?.description ?? "") does not exist any more", now: now,
                isDeadLetter: true)
        case .server(.failure(let error)):
            return holdForAPI(error, now: now)
        case .server(.success(let server)):
            self.server = server
            return decide(server, rule: rule, now: now)
        case .probe(let isHealthy):
            guard let server else { return wait(until: now, now: now) }
            return probed(isHealthy: isHealthy, rule: rule, now: now) ?? decide(server, rule: rule, now: now)
        case .committed where run.state == .ready:
            return begin(rule: rule, now: now)
        default:
            return wait(until: now + .seconds(5), now: now)
        }
    }

    mutating func begin(rule: Rule, now: Timestamp) -> RunEffect {
        if let episode {
            if !isProblemOpen || !episode.isOpen { return endWithEpisode(episode, now: now) }
            if let refusal = sourceRefusal(rule, now: now) { return refusal }
            if let early = waitForOwnTime(now: now) { return early }
            if isEarly(rule: rule, now: now) {
                // Its server is looked up at once, so that a storm is seen before anything is done.
                if rule.namesServer, run.server == nil { return .readInventory(maxAge: settings.inventoryMaxAge) }
                return waitForTime(rule: rule, now: now)
            }
        } else if let event {
            if let early = waitForOwnTime(now: now) ?? beginWithoutProblem(event, rule: rule, now: now) { return early }
        }
        if episode == nil, let refusal = sourceRefusal(rule, now: now) { return refusal }
        if run.state == .approval, let effect = awaitApproval(rule: rule, now: now) { return effect }
        if rule.isChanging, let refused = refuseStoppedCommand(rule: rule, now: now) { return refused }
        if let asking = askSource(rule: rule, now: now) { return asking }
        guard rule.isChanging else {
            let messages = rule.rungs.flatMap { notifications(of: $0) }
            return finish(.succeeded, .applied, "people were told", now: now, messages: messages)
        }
        // Servers are counted, and names taken, on a list that is not older than this moment.
        hasFreshInventory = rule.scales
        return .readInventory(maxAge: rule.scales ? .zero : settings.inventoryMaxAge)
    }

    private mutating func endWithEpisode(_ episode: Episode, now: Timestamp) -> RunEffect {
        if run.progress.scale != nil { return endScaleEarly(.resolved, "the problem is over", now: now) }
        if run.progress.repetitions > 0, episode.ending != .stale {
            return finish(.succeeded, .resolved, "the problem ended before its last rung was due again", now: now)
        }
        return switch episode.ending {
        case .superseded: finish(.cancelled, .superseded, "the same problem began anew", now: now)
        case .stale: finish(.cancelled, .episodeStale, "nobody spoke of the problem any more", now: now)
        case .resolved, nil: finish(.cancelled, .resolved, "the problem was over before anything was done", now: now)
        }
    }

    private mutating func resolve(rule: Rule, now: Timestamp) -> RunEffect {
        let early = isEarly(rule: rule, now: now)
        if let id = run.server {
            if run.state != .pending { return .readServer(id) }
            // It was looked up when the run began: by now the same words may name another.
            (run.lane, run.server, run.serverName) = (nil, nil, nil)
        }
        guard let context else { return wait(until: now, now: now) }
        let target: String
        do throws(EvaluationFailure) {
            target = try rule.evaluateTarget(context)
        } catch {
            return finish(.failed, .targetMissing, "the target can not be told: \(error.message)", now: now, isDeadLetter: true)
        }
        let shown = String(target.prefix(100))
        switch resolver.resolve(target, among: fleet) {
        case .one(let server):
            run.server = server.id
            run.serverName = server.name
            if !rule.sendsOnly { run.lane = .server(server.id) }
            if early { return waitForTime(rule: rule, now: now) }
            if settings.protected.contains(server), !rule.sendsOnly {
                return finish(.cancelled, .protected, "\(serverLabel) is protected", now: now)
            }
            return .readServer(server.id)
        case .none:
            if !hasFreshInventory {
                hasFreshInventory = true
                return .readInventory(maxAge: .zero)
            }
            return finish(.failed, .targetNotFound, "no server is named by \"\(shown)\"", now: now, isDeadLetter: true)
        case .several(let servers):
            let names = servers.prefix(5).map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
            return finish(
                .failed, .targetAmbiguous, "\"\(shown)\" names \(servers.count) servers: \(names)", now: now, isDeadLetter: true)
        }
    }

    /// The last judgement before a first request; everything that it needs was read in this claim.
    private mutating func decide(_ server: Server, rule: Rule, now: Timestamp) -> RunEffect {
        if rule.deletesTarget {
            // What is deleted is the server that was meant, under the name that it had when it was found.
            if let renamed = refuseRenamed(server, now: now) { return renamed }
            if rule.autonomy == .auto, owned == nil { return .readOwned }
        }
        run.serverName = server.name
        if settings.protected.contains(server), !rule.sendsOnly {
            return finish(.cancelled, .protected, "\(serverLabel) is protected", now: now)
        }
        if let context {
            let judged = rule.evaluateServerConditions(context)
            judgement = ServerJudgement(run: run.id, rule: rule, verdict: judged.verdict, conditions: judged.conditions)
            if case .match = judged.verdict {
            } else {
                let failed = judged.conditions.first { if case .match = $0.verdict { false } else { true } }
                return finish(
                    .cancelled, .serverConditionFalse, "when_server does not hold: \(failed?.expression ?? "")", now: now)
            }
        }
        if rule.sendsOnly {
            if !isPreparing, let changed = changedSinceApproval(server, rule: rule, now: now) { return changed }
            return approachRequests(rule: rule, now: now)
        }
        guard let rung else { return wait(until: now + .seconds(60), now: now) }
        if rung.isChanging, let look = lookFirst(server, rule: rule) { return look }
        if let refusal = mayNotBegin(rung, on: server, rule: rule, now: now) { return refusal }
        if let changed = changedSinceApproval(server, rule: rule, now: now) { return changed }
        if let stale = staleEvidence(rule: rule, now: now) { return stale }
        if rung.targetChange != nil, server.status.isTransitional {
            return hold(.serverBusy, "\(serverLabel) is \(server.status)", until: now + .seconds(15), now: now)
        }
        if rung.isChanging, lacksApproval(rule: rule, now: now) { return ask(server, rule: rule, now: now) }
        return takeStep(rule: rule, checksCooldown: !isCommand, now: now)
    }

    /// Why a rung must not begin whatever the guards say; a rung of requests alone is asked when a request is to be sent.
    mutating func mayNotBegin(_ rung: Rung, on server: Server, rule: Rule, now: Timestamp) -> RunEffect? {
        (rung.targetChange ?? rung.changingStep).flatMap { mayNotChange(server, by: $0, rule: rule, now: now) }
    }

    /// Why the action must not be sent whatever the guards say; asked before every rung, since the configuration may have changed.
    mutating func mayNotChange(_ server: Server, by step: Step, rule: Rule, now: Timestamp) -> RunEffect? {
        let isLater = run.rung > 0 || run.state == .verifying
        if settings.protected.contains(server) {
            let detail = "\(serverLabel) is protected"
            return isLater
                ? finishWithLastRung(.cancelled, .protected, detail, rule: rule, now: now)
                : finish(.cancelled, .protected, detail, now: now)
        }
        // People are asked although the bridge is not live, so that a trial shows the whole way.
        if let reason = mayNotSend(rule),
            reason == .observeOnly || run.state == .verifying || !lacksApproval(rule: rule, now: now)
        {
            return finish(
                .cancelled, reason, "would \(step.name) \(serverLabel): \(Self.words(reason))", now: now,
                messages: isLater ? lastWords(rule: rule) : [])
        }
        if case .server(.powerCycle) = step.action, server.status == .stopped, !rule.startsStopped {
            // Our stop would be refused, and a start would undo what somebody did on purpose.
            return finishWithLastRung(
                .failed, .refused, "\(serverLabel) is stopped, and not by the bridge: it is not started", rule: rule, now: now)
        }
        return nil
    }

    /// Holds the run when the last word of its problem is too old to act on; the next repeat wakes it.
    mutating func staleEvidence(rule: Rule, now: Timestamp) -> RunEffect? {
        guard let episode, probeVerdict != false else { return nil }
        let seen = max(episode.lastSeenAt, problemSeenAt ?? episode.lastSeenAt)
        guard now.since(seen) > limits(of: rule).maxEventAge else { return nil }
        let age = Int(now.since(seen).inSeconds)
        return hold(
            .staleEvidence, "the last word of the problem is \(age) s old; waits for a repeat\(trouble)",
            until: now + .seconds(300),
            now: now)
    }

    /// A guard refused the first rung: what time lifts is waited for; a person is told at once that a budget is spent.
    mutating func guardRefused(_ refusal: Refusal, now: Timestamp) -> RunEffect {
        if isCommand, [.budgetSpent, .fleetBudgetSpent, .costCap].contains(refusal.reason) {
            return finish(.failed, refusal.reason, refusal.detail, now: now)
        }
        return hold(refusal.reason, refusal.detail, until: refusal.until, now: now)
    }

    mutating func holdForAPI(_ error: APIError, now: Timestamp, closing: IntentChange? = nil) -> RunEffect {
        switch error.code {
        case .heldBack:
            hold(
                error.holdReason, "VPS.org is not asked now: \(error.detail)", until: now + pause(after: error), now: now,
                closing: closing)
        case .unauthorized, .forbidden:
            hold(
                .unauthorized, "VPS.org refuses the token (\(error.status ?? 401)): check api.token_file",
                until: now + .seconds(60),
                now: now, closing: closing)
        case .rateLimited:
            hold(
                .rateLimited, "VPS.org asks to slow down", until: error.retryAfter.map { now + max($0, .seconds(1)) }, now: now,
                closing: closing)
        default:
            hold(.apiUnavailable, "VPS.org can not be asked: \(error.detail)", until: nil, now: now, closing: closing)
        }
    }
}

extension ServerAction {
    /// The first request of the action; `server.power_cycle` has a second.
    var firstOperation: Operation {
        switch self {
        case .reboot: .reboot
        case .start: .start
        case .stop, .powerCycle: .stop
        }
    }

    /// The status that a person's command waits for.
    var expectedStatus: ServerStatus {
        self == .stop ? .stopped : .active
    }
}
