import JSON
import Model
import Rules
import Store
import VPSAPI

/// `fleet.scale` and `server.create`: servers of a rule's own set are created or deleted one at a time, on the lane of their group.
///
/// How many there are is known only from a complete list that was read in the same claim: from an incomplete, an empty or an old one
/// nothing is created and nothing deleted.
extension RunMachine {
    /// The last judgement before a group is changed; the list of servers was read anew in this claim.
    mutating func decideScale(rule: Rule, now: Timestamp) -> RunEffect {
        guard let rung, rung.countsServers, let context else { return wait(until: now + .seconds(60), now: now) }
        if let blind = holdIfBlind(now: now) { return blind }
        do throws(EvaluationFailure) {
            run.lane = .group(LaneKey.text(try rule.groupName(context)))
        } catch {
            return finish(.failed, .templateError, "the group can not be told: \(error.message)", now: now, isDeadLetter: true)
        }
        var words = ""
        if let create = rung.create {
            // Nobody is asked for what can not be done.
            if run.progress.scale == nil, let next = try? nextRequest(create, done: []), next.request == nil {
                return nameTaken(next.name, rule: rule, now: now)
            }
            words = "create \(self.words(create))"
        }
        if let scale = rung.scale {
            let members: [Server]
            switch self.members(of: rule) {
            case .success(let found): members = found
            case .failure(let error): return unknownMembers(error, rule: rule, now: now)
            }
            if run.progress.scale == nil, scale.desired(from: members.count) == members.count {
                return nothingToDo(scale, count: members.count, now: now)
            }
            words = scale.words(from: members.count)
        }
        if let reason = mayNotSend(rule), reason == .observeOnly || !lacksApproval(rule: rule, now: now) {
            return finish(.cancelled, reason, "would \(words) of \(groupLabel): \(Self.words(reason))", now: now)
        }
        if autonomy(of: rule) == .auto, let scale = rung.scale, scale.delta < 0, rule.fleet?.deletesCreated != true {
            return finish(.cancelled, .notPermitted, "the rule may not delete servers without an approval", now: now)
        }
        if let stale = staleEvidence(rule: rule, now: now) { return stale }
        if lacksApproval(rule: rule, now: now) { return ask(nil, rule: rule, now: now) }
        // Also for a run that was held between two servers: others may have worked on the group since.
        return takeStep(rule: rule, checksCooldown: !isCommand, now: now)
    }

    /// An account that looks empty is one that can not be seen.
    private mutating func holdIfBlind(now: Timestamp) -> RunEffect? {
        guard fleet.isEmpty else { return nil }
        return hold(.inventoryUnavailable, "the list of servers is empty: nothing is created or deleted", until: nil, now: now)
    }

    /// Holds a run that could not read the servers; a list that is not complete says nothing about a group.
    mutating func holdBlind(_ error: APIError, now: Timestamp) -> RunEffect {
        guard error.code == .invalidAnswer else { return holdForAPI(error, now: now) }
        return hold(.inventoryUnavailable, "the servers can not be counted: \(error.detail.prefix(200))", until: nil, now: now)
    }

    /// The servers that the rule owns, of the list that this claim read.
    func members(of rule: Rule) -> Result<[Server], EvaluationFailure> {
        Result { () throws(EvaluationFailure) in
            guard let selection = rule.fleet, let context else { throw EvaluationFailure(.missing, "the rule has no fleet") }
            return try selection.servers(of: fleet, context)
        }
    }

    private mutating func unknownMembers(_ error: EvaluationFailure, rule: Rule, now: Timestamp) -> RunEffect {
        finish(
            .failed, error.kind == .missing ? .conditionMissing : .conditionError,
            "which servers belong to \(groupLabel) can not be told: \(error.message)", now: now,
            messages: lastWords(rule: rule, failure: "its fleet can not be told: \(error.message)"), isDeadLetter: true)
    }

    private mutating func nothingToDo(_ scale: FleetScale, count: Int, now: Timestamp) -> RunEffect {
        keepScaleOutput(before: count, after: count, servers: [])
        let bound = scale.delta > 0 ? "at most \(scale.max)" : "at least \(scale.min)"
        return finish(
            .succeeded, .nothingToDo, "\(groupLabel) has \(count) servers, it is to have \(bound): nothing to do", now: now,
            messages: rung.map { notifications(of: $0) } ?? [])
    }

    /// Names the group for people.
    var groupLabel: String { run.lane?.rawValue ?? "the group" }

    // MARK: One server after the other

    /// The next server to create or delete, or the end of the step.
    mutating func scaleStep(_ scale: FleetScale, rule: Rule, checksCooldown: Bool, now: Timestamp) -> RunEffect {
        let members: [Server]
        switch self.members(of: rule) {
        case .success(let found): members = found
        case .failure(let error): return unknownMembers(error, rule: rule, now: now)
        }
        let count = members.count
        let progress = run.progress.scale ?? ScaleProgress(before: count, desired: scale.desired(from: count))
        let left = abs(progress.desired - progress.before) - progress.done.count
        if scale.delta > 0 {
            guard left > 0, count < min(progress.desired, scale.max) else { return scaled(progress, now: now) }
            guard let create = scale.create else { return wait(until: now + .seconds(60), now: now) }
            return createNext(create, progress, rule: rule, checksCooldown: checksCooldown, now: now)
        }
        guard left > 0, count > max(progress.desired, scale.min) else {
            guard let current = progress.current, progress.isDrained, scale.drain != nil else {
                return scaled(progress, now: now)
            }
            return scaleFailed(
                .nothingToDo,
                "\(current.name) (\(current.id)) was taken out of service, but \(groupLabel) has only \(count) servers now: "
                    + "it is not deleted", rule: rule, now: now)
        }
        return removeNext(scale, progress, members: members, rule: rule, checksCooldown: checksCooldown, now: now)
    }

    /// The group has as many servers as it is to have.
    private mutating func scaled(_ progress: ScaleProgress, now: Timestamp) -> RunEffect {
        let grows = progress.desired > progress.before
        let after = progress.before + (grows ? progress.done.count : -progress.done.count)
        let names = progress.done.map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
        guard !progress.done.isEmpty else {
            keepScaleOutput(before: progress.before, after: after, servers: [])
            return finish(
                .succeeded, .nothingToDo, "\(groupLabel) has changed meanwhile: nothing is left to do", now: now,
                messages: rung.map { notifications(of: $0) } ?? [])
        }
        keepScaleOutput(before: progress.before, after: after, servers: progress.done)
        return conclude(
            .succeeded, .effective,
            "\(groupLabel) had \(progress.before) servers and has \(after): \(grows ? "created" : "deleted") \(names)", now: now)
    }

    private mutating func keepScaleOutput(before: Int, after: Int, servers: [ScaleProgress.Member]) {
        guard let rung, rung.scale != nil, let index = rung.changingIndex else { return }
        let value: JSONValue = [
            "ok": true, "before": .int(Int64(before)), "after": .int(Int64(after)), "servers": .array(servers.map(\.json)),
        ]
        keep(JSONOutput(id: rung.steps[index].id, value: value))
    }

    /// Writes the intent of a create or a delete; each spends one unit of the fleet's budgets.
    mutating func openScaleIntent(
        _ operation: Operation, server: Server? = nil, request: IntentRequest, progress: ScaleProgress, rule: Rule,
        checksCooldown: Bool, now: Timestamp
    ) -> RunEffect {
        var next = run
        next.state = .running
        next.reason = nil
        next.detail = "\(operation.rawValue) \(request.name ?? "") for \(groupLabel)"
        next.dueAt = now
        next.attempts = 0
        next.progress.scale = progress
        if operation == .delete { next.progress.attempts += 1 }
        if let rung, rung.hasRequests, let index = rung.changingIndex { next.progress.step = index + 1 }
        opening = next
        prepared = nil
        var guards = firstGuards(rule: rule, checksCooldown: checksCooldown)
        if operation == .create { guards.purchase = purchase(request, rule: rule) }
        let intent = NewIntent(
            rung: run.rung, step: 0, kind: .operation(operation), server: server?.id, preStatus: server?.status,
            preUpdatedAt: server?.updatedAt, request: request)
        return .commit(
            RunTransition(
                now: now, run: next,
                intent: .open(intent, guards: guards), warning: answerPlace,
                audit: [entry(.request, .matched, "rung \(run.rung + 1): will \(next.detail)", now: now)], releasesLease: false))
    }

    /// Servers are being created or deleted: a request is on its way, its outcome is unknown, or its effect is waited for.
    mutating func atScale(_ input: RunInput, rule: Rule, now: Timestamp) -> RunEffect? {
        guard let rung, rung.countsServers || rung.deletesTarget, let progress = run.progress.scale, run.progress.ending == nil
        else { return nil }
        let create = rung.create ?? rung.scale?.create
        switch run.state {
        case .running, .unknown:
            guard let intent = lastIntent, intent.outcome == nil else {
                run.state = .held
                return wait(until: now, now: now)
            }
            guard let create, intent.operation == .create else {
                return deleting(input, intent: intent, progress, rule: rule, now: now)
            }
            return creating(input, intent: intent, progress, create: create, rule: rule, now: now)
        case .verifying:
            // A server that was made in place of another: whether that helped is for the problem to say.
            if rung.create != nil, !progress.done.isEmpty, run.rungDeadline != nil { return nil }
            if let current = progress.current, let create {
                return awaitCreated(current, input, progress, create: create, rule: rule, now: now)
            }
            if let current = progress.current, isDeleted(current) {
                return awaitGone(current, input, progress, rule: rule, now: now)
            }
            if rung.deletesTarget { return goOnDeleting(input, progress, rule: rule, now: now) }
            return goOn(input, rung: rung, rule: rule, now: now)
        default:
            return rung.deletesTarget && !progress.done.isEmpty ? goOnDeleting(input, progress, rule: rule, now: now) : nil
        }
    }

    /// Between two servers of a group: everything is judged again before the next is touched.
    private mutating func goOn(_ input: RunInput, rung: Rung, rule: Rule, now: Timestamp) -> RunEffect {
        switch input {
        case .woken:
            if let asking = askSource(rule: rule, now: now) { return asking }
            if rung.create == nil || run.progress.scale?.done.isEmpty == true {
                if hasLostProblem { return endScaleEarly(.resolved, "the problem is over", now: now) }
                if let reason = mayNotSend(rule) { return endScaleEarly(reason, Self.words(reason), now: now) }
                if let silence { return hold(.silenced, silence.detail, until: silence.until, now: now) }
                if let stale = staleEvidence(rule: rule, now: now) { return stale }
            }
            return .readInventory(maxAge: .zero)
        case .inventory(.success(let snapshot)):
            fleet = snapshot.servers
            if let blind = holdIfBlind(now: now) { return blind }
            hasFreshInventory = true
            if let create = rung.create { return createStep(create, rule: rule, checksCooldown: false, now: now) }
            guard let scale = rung.scale else { return wait(until: now + .seconds(60), now: now) }
            return scaleStep(scale, rule: rule, checksCooldown: false, now: now)
        case .inventory(.failure(let error)):
            run.attempts += 1
            return wait(until: now + pause(after: error), now: now)
        default:
            guard let scale = rung.scale else { return wait(until: now + .seconds(5), now: now) }
            return continueRemoval(input, scale: scale, rule: rule, now: now)
        }
    }

    /// Nothing more is to be done although the group has not the size it was to have; what was done is told.
    mutating func endScaleEarly(
        _ reason: Reason, _ why: String, closing: IntentChange? = nil, now: Timestamp
    ) -> RunEffect {
        let done = run.progress.scale?.done ?? []
        let names = done.map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
        guard !done.isEmpty else {
            let drained = run.progress.scale?.current.map { "; \($0.name) (\($0.id)) may be out of service" } ?? ""
            return finish(.cancelled, reason, "\(why): \(groupLabel) stays as it is\(drained)", now: now, closing: closing)
        }
        return finish(
            .succeeded, .applied, "\(why): \(names), then no more", now: now, closing: closing,
            messages: rung.map { notifications(of: $0) } ?? [])
    }

    /// A group could not be changed: people are told, by the last rung or in the channels of this one.
    mutating func scaleFailed(
        _ reason: Reason, _ detail: String, rule: Rule, closing: IntentChange? = nil, now: Timestamp
    ) -> RunEffect {
        finishWithLastRung(.failed, reason, detail, rule: rule, now: now, closing: closing)
    }
}

extension FleetScale {
    /// How many servers a group of that size is to have: one step, never past its bounds and never the other way.
    func desired(from count: Int) -> Int {
        delta > 0 ? Swift.max(count, Swift.min(count + delta, max)) : Swift.min(count, Swift.max(count + delta, min))
    }

    /// What it does to a group of that size, for people.
    func words(from count: Int) -> String {
        let change = abs(desired(from: count) - count)
        return "\(delta > 0 ? "create" : "delete") \(change) of \(count) servers"
    }
}
