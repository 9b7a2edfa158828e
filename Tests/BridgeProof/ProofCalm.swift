import Model
import Store

/// The end of a history: all faults are over, everything still open is repeated, and nothing may be forgotten.
struct ProofCalm {
    let world: ProofWorld
    let settings: ProofSettings

    /// A problem and a rule that has to do with it.
    private struct Duty {
        let key: ProofKey
        let rule: ProofRule
        var run: Run?
    }

    mutating func run() async throws {
        world.note("calm")
        world.life.revive()
        world.fleet.duringNextRead(nil)
        world.fleet.trouble { $0 = ProofFleet.Trouble() }
        // Back-off ends within 5 minutes.
        try await world.advance(by: .seconds(400))
        for _ in 0..<40 {
            if world.oracle.violation != nil { return }
            let open = try await duties().filter { isPending($0) }
            if open.isEmpty { break }
            let now = world.clock.now()
            let next = open.map { lifted($0) }.min() ?? now
            try await world.advance(by: max(next.since(now), .seconds(1)))
            try await repeatAll()
            try await world.settle()
            if world.oracle.violation != nil { return }
            for duty in try await duties() where isPending(duty) && lifted(duty) <= world.clock.now() { forgotten(duty) }
        }
        try await world.advance(by: .seconds(1_500))
        for index in 0..<settings.fleetSize where world.fleet.status(ProofFleet.id(index)) != .active {
            let isParked = try await world.store.runs(limit: 100).contains {
                $0.state == .parked && $0.server == ProofFleet.id(index)
            }
            if !isParked {
                world.oracle.violate("\(ProofFleet.name(index)) was left \(world.fleet.status(ProofFleet.id(index)))")
            }
        }
    }

    private func forgotten(_ duty: Duty) {
        if let run = duty.run, isExcused(run) { return }
        let run = duty.run.map {
            "run \($0.id) is \($0.state) for \($0.reason?.rawValue ?? "") until \($0.dueAt.rfc3339): \($0.detail)"
        }
        world.oracle.violate("\(duty.key) is forgotten by \(duty.rule.name): \(run ?? "there is no run")")
    }

    /// Whether the run says that a guard holds it of which the oracle can not know the end, and until when: it is not far.
    private func isExcused(_ run: Run) -> Bool {
        let now = world.clock.now()
        guard run.state == .held, let reason = run.reason, run.dueAt > now, run.dueAt <= now + .seconds(7_200) else {
            return false
        }
        if reason == .personAtWork { return true }
        // What a dead process had written down and did not send counts too: it may have been sent.
        let counted: Set<Reason> = [.cooldown, .budgetSpent, .fleetBudgetSpent, .laneBusy, .maxConcurrent]
        return world.deaths > 0 && counted.contains(reason)
    }

    /// What the rules owe the open problems.
    private func duties() async throws -> [Duty] {
        let runs = try await world.store.runs(limit: 200)
        var duties: [Duty] = []
        for key in world.oracle.keys {
            guard let problem = world.oracle.problems[key], problem.isOpen else { continue }
            for rule in ProofRule.all where rule.source == key.source && rule.problem == key.problem {
                let own = runs.first { run in
                    guard run.rule == rule.name, let cause = world.oracle.causes[run.event] else { return false }
                    return cause.key == key && cause.serial == problem.serial
                }
                if own == nil, rule.name == "host-down-twice", key.server != 1 { continue }
                duties.append(Duty(key: key, rule: rule, run: own))
            }
        }
        return duties
    }

    /// Whether nothing was done yet and nothing says that nothing will be.
    private func isPending(_ duty: Duty) -> Bool {
        guard let run = duty.run else { return true }
        if run.state.isFinal {
            if run.reason == .resolved || run.reason == .superseded || run.reason == .episodeStale { return true }
            return false
        }
        // Its rule was demoted: people are asked.
        if run.state == .parked || run.state == .approval { return false }
        return !world.oracle.works.contains { $0.run == run.id && !$0.counted.isEmpty }
    }

    /// When every guard over it has lifted, as far as the past tells; now when none is in the way.
    private func lifted(_ duty: Duty) -> Timestamp {
        let now = world.clock.now()
        let server = ProofFleet.id(duty.key.server)
        let oracle = world.oracle
        // Their ends are not known yet; a rung lasts 3 minutes.
        let later = now + .seconds(200)
        let others = oracle.works.filter { $0.run != duty.run?.id }
        if others.contains(where: { $0.server == server && $0.isAtWork }) { return later }
        let occupied = Set(others.filter { $0.isAtWork && !$0.isParked }.map(\.server)).count
        if occupied >= settings.limits.concurrency(fleetSize: settings.fleetSize) { return later }
        var instants: [Timestamp] = [now]
        if let problem = oracle.problems[duty.key] {
            instants.append(problem.openedAt + max(duty.rule.wait, settings.limits.settle))
        }
        if let until = ProofOracle.cooledDown(server, after: others, settings.limits.cooldown) { instants.append(until) }
        let actions = ProofOracle.actions(oracle.works)
        for budget in settings.limits.budgets {
            instants.append(Self.room(actions.filter { $0.server == server }.map(\.at), budget, now: now))
        }
        for budget in settings.limits.fleetBudgets { instants.append(Self.room(actions.map(\.at), budget, now: now)) }
        return instants.max() ?? now
    }

    private static func room(_ spent: [Timestamp], _ budget: Budget, now: Timestamp) -> Timestamp {
        let recent = spent.sorted(by: >)
        return recent.count < budget.max ? now : recent[budget.max - 1] + budget.per
    }

    /// Every open problem is spoken of again.
    private func repeatAll() async throws {
        for source in ["alertmanager", "backup"] {
            let alerts = world.oracle.keys.compactMap { key -> ProofAlert? in
                guard key.source == source, let problem = world.oracle.problems[key], problem.isOpen else { return nil }
                return ProofAlert(
                    source: source, problem: key.problem, server: key.server, isFiring: true, startsAt: problem.startsAt,
                    endsAt: nil, isTwice: key.server == 1)
            }
            try await world.deliver(alerts, source: source)
        }
    }
}
