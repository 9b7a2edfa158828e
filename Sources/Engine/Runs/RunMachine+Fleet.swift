package import Model
import Rules
import Store
import VPSAPI

/// What the whole fleet and the hour say to a run: states and windows in which rules change nothing, and what is told of them.
extension RunMachine {
    /// The next effect.
    package mutating func next(_ input: RunInput, now: Timestamp) -> RunEffect {
        var effect = proceed(look(at: input), now: now)
        while case .commit(let transition) = effect {
            guard transition.guards != nil, let rule, let refusal = windowRefusal(rule, of: transition, now: now) else {
                return .commit(completed(transition))
            }
            opening = nil
            effect = refused(refusal, rule: rule, now: now)
        }
        return effect
    }

    /// Notes what a list shows of the fleet; an empty one is none, for an account that looks empty is one that can not be seen.
    private mutating func look(at input: RunInput) -> RunInput {
        guard case .inventory(let answer) = input else { return input }
        let result: Result<InventorySnapshot, APIError> = answer.flatMap {
            $0.servers.isEmpty ? .failure(.emptyList) : .success($0)
        }
        sight = FleetSight(result)
        // What became of a create is judged by the list as it is.
        return run.state == .running || run.state == .unknown ? input : .inventory(result)
    }

    private func completed(_ transition: RunTransition) -> RunTransition {
        var transition = transition
        transition.watch = settings.watch
        transition.sight = sight
        transition.verdict = verdict(of: transition.run)
        // What was learnt is written with whatever step comes next.
        transition.evidence = learnt
        return transition
    }

    // MARK: Before its time

    /// Whether `for` or `settle` keep the run from acting.
    func isEarly(rule: Rule, now: Timestamp) -> Bool {
        actsFrom(rule: rule).map { now < $0 } ?? false
    }

    private func actsFrom(rule: Rule) -> Timestamp? {
        guard run.state != .verifying else { return nil }
        return episode.map { $0.openedAt + max(rule.waitFor ?? .zero, limits(of: rule).settle) }
    }

    /// Waits until the problem has lasted for long enough.
    mutating func waitForTime(rule: Rule, now: Timestamp) -> RunEffect {
        run.reason = rule.waitFor.map { $0 >= limits(of: rule).settle } ?? false ? .waitingFor : .settling
        run.attempts = 0
        return wait(until: actsFrom(rule: rule) ?? now, now: now)
    }

    /// The list could not be read, and there is time left before it is needed.
    mutating func lookLater(_ error: APIError, rule: Rule, now: Timestamp) -> RunEffect? {
        guard isEarly(rule: rule, now: now), let until = actsFrom(rule: rule) else { return nil }
        run.reason = error.holdReason
        run.detail = "its server is not known yet: \(error.detail.prefix(200))"
        run.attempts += 1
        return wait(until: min(until, now + pause(after: error)), now: now)
    }

    // MARK: What bounds rules besides limits

    /// A maintenance window in which rules leave the run's server, or everything, alone.
    private func windowRefusal(_ rule: Rule, of transition: RunTransition, now: Timestamp) -> Refusal? {
        guard !isCommand, let event else { return nil }
        let own = [server?.name ?? run.serverName, run.server?.description].compactMap(\.self)
        if let refusal = windowRefusal(rule, event: event, names: own, now: now) { return refusal }
        // One of a group is covered by its own name.
        guard case .open(let intent, _) = transition.intent, let member = intent.server, member != run.server else { return nil }
        let name = fleet.first { $0.id == member }?.name ?? transition.run.progress.scale?.current?.name
        var refusal = windowRefusal(rule, event: event, names: [name, member.description].compactMap(\.self), now: now)
        refusal?.server = member
        return refusal
    }

    private func windowRefusal(_ rule: Rule, event: Event, names: [String], now: Timestamp) -> Refusal? {
        let ends = settings.maintenance.compactMap { window -> (Timestamp, String)? in
            guard window.covers(rule: rule.name, source: event.source, servers: names) else { return nil }
            return window.end(at: now).map { ($0, window.reason) }
        }
        guard let (until, reason) = ends.max(by: { $0.0 < $1.0 }) else { return nil }
        return Refusal(reason: .maintenance, until: until, detail: "maintenance until \(until.rfc3339): \(reason)")
    }

    /// Ends a run whose source may not lead to what its rule does.
    mutating func sourceRefusal(_ rule: Rule, now: Timestamp) -> RunEffect? {
        guard let event, let permission = settings.mayLeadTo[event.source],
            let forbidden = rule.actionNames.first(where: { !permission.allows($0) })
        else { return nil }
        return finish(
            .cancelled, .sourceMayNot, "source \(event.source) may not lead to \(forbidden): see `may` of the source", now: now)
    }

    // MARK: Demotion

    /// Who decides that the rule acts: a demoted rule asks.
    func autonomy(of rule: Rule) -> Autonomy {
        isDemoted && !isCommand && rule.autonomy == .auto ? .approve : rule.autonomy
    }

    /// Whether the run, as it ends, speaks for its rule or against it.
    private func verdict(of run: Run) -> RuleVerdict? {
        guard run.state.isFinal, !isCommand, rule?.autonomy == .auto else { return nil }
        switch run.reason {
        case .effective: return RuleVerdict(isEffective: true, channels: settings.noticeChannels)
        case .ineffective: return RuleVerdict(isEffective: false, channels: settings.noticeChannels)
        default: return nil
        }
    }
}

extension FleetSight {
    /// What an answer to the question for the list of servers shows; an empty list is none.
    init(_ result: Result<InventorySnapshot, APIError>) {
        switch result {
        case .success(let snapshot) where snapshot.servers.isEmpty: self = .unseen(APIError.emptyList.detail)
        case .success(let snapshot): self = .seen(size: snapshot.servers.count, at: snapshot.fetchedAt)
        case .failure(let error): self = .unseen(error.detail)
        }
    }
}

extension APIError {
    fileprivate static let emptyList = APIError(
        code: .invalidAnswer, certainty: .notExecuted, detail: "the list of servers is empty")
}
