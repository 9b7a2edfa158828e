import Model
import Store

/// The end of a history: all faults are over, everything still open is repeated, and nothing may be forgotten.
struct ProofCalm {
    let world: ProofWorld
    let settings: ProofSettings
    /// By when the last storm is over at the latest, since nothing begins any more.
    private var stormEnds: Timestamp
    /// By when no server flaps any more.
    private var flappingEnds: Timestamp
    /// How long what is at work is waited for; a rung lasts 3 minutes.
    private var patience = Duration.seconds(200)

    init(world: ProofWorld, settings: ProofSettings) {
        self.world = world
        self.settings = settings
        stormEnds = world.clock.now()
        flappingEnds = stormEnds
    }

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
        for scope in world.oracle.pausedScopes { try await world.resume(scope) }
        try await world.settle()
        try await endStorm()
        let begin = world.clock.now()
        stormEnds = begin + (settings.limits.storm.servers < .max ? settings.limits.storm.quiet : .zero)
        // By a clock that was set back the last of them began later than now.
        flappingEnds = max(begin, world.oracle.fleet.latestOpening ?? begin) + settings.limits.flaps.per
        // As the rescuer does all the time.
        try await world.sweep()
        // Back-off ends within 5 minutes.
        try await world.advance(by: .seconds(400))
        for _ in 0..<40 {
            if world.oracle.violation != nil { return }
            let before = askedFor
            let open = try await duties().filter { isPending($0) }
            if open.isEmpty { break }
            let now = world.clock.now()
            let next = open.map { duty in excuse(duty) ?? lifted(duty) }.min() ?? now
            try await world.advance(by: max(next.since(now), .seconds(1)))
            try await repeatAll()
            try await world.settle()
            if world.oracle.violation != nil { return }
            for duty in try await duties() where isPending(duty) && lifted(duty) <= world.clock.now() { forgotten(duty) }
            // What is at work may wait for a budget: it is looked at less often then, but while the last words are fresh.
            patience = askedFor == before ? min(patience * 2, .seconds(800)) : .seconds(200)
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

    /// Only people end a storm: of the servers that are down, one stays so.
    private func endStorm() async throws {
        let open = world.oracle.keys.filter { world.oracle.problems[$0]?.isOpen == true }
        let servers = Set(open.map(\.server))
        let bound = settings.limits.storm.bound(of: settings.fleetSize) ?? .max
        let most = settings.limits.maxUnhealthy.map { $0.most(of: settings.fleetSize) }.min() ?? .max
        guard servers.count >= bound || servers.count > most, let first = servers.min() else { return }
        for key in open where key.server != first {
            guard let problem = world.oracle.problems[key] else { continue }
            let alert = ProofAlert(
                source: key.source, problem: key.problem, server: key.server, isFiring: false, startsAt: problem.startsAt,
                endsAt: max(world.clock.now(), problem.startsAt))
            try await world.deliver([alert], source: key.source)
        }
        try await world.settle()
    }

    private func forgotten(_ duty: Duty) {
        if excuse(duty) != nil { return }
        let run = duty.run.map {
            "run \($0.id) is \($0.state) for \($0.reason?.rawValue ?? "") until \($0.dueAt.rfc3339): \($0.detail)"
        }
        world.oracle.violate("\(duty.key) is forgotten by \(duty.rule.name): \(run ?? "there is no run")")
    }

    /// Until when the run is held by a guard of which the oracle can not know the end, as the run says; `nil` when there is none, or it
    /// is too far.
    private func excuse(_ duty: Duty) -> Timestamp? {
        let now = world.clock.now()
        guard let run = duty.run, run.state == .held, let reason = run.reason, run.dueAt > now, run.dueAt <= now + .seconds(7_200)
        else { return nil }
        switch reason {
        case .personAtWork, .bootGrace: return run.dueAt
        // The engine may have counted what it knew while the oracle could not be sure of it.
        case .storm: return run.dueAt <= stormEnds ? run.dueAt : nil
        case .flapping: return run.dueAt <= flappingEnds ? run.dueAt : nil
        // What a dead process had written down and did not send counts too: it may have been sent.
        case .cooldown, .afterRule, .budgetSpent, .fleetBudgetSpent, .laneBusy, .maxConcurrent:
            return world.deaths > 0 ? run.dueAt : nil
        default: return nil
        }
    }

    /// How many requests there were.
    private var askedFor: Int { world.oracle.works.reduce(0) { $0 + $1.calls.count } }

    /// What the rules owe the open problems.
    private func duties() async throws -> [Duty] {
        try await world.refresh()
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
        // What a dead process had written down may have been sent, and is watched for its effect.
        if run.state.holdsLane, world.deaths > 0 { return false }
        return !world.oracle.works.contains { $0.run == run.id && !$0.counted.isEmpty }
    }

    /// When every guard over it has lifted, as far as the past tells; now when none is in the way.
    private func lifted(_ duty: Duty) -> Timestamp {
        let now = world.clock.now()
        let server = ProofFleet.id(duty.key.server)
        let oracle = world.oracle
        // Their ends are not known yet.
        let later = now + patience
        let others = oracle.works.filter { $0.run != duty.run?.id }
        if others.contains(where: { $0.server == server && $0.isAtWork }) { return later }
        let occupied = Set(others.filter { $0.isBusy(at: now) }.map(\.server)).count
        if occupied >= settings.limits.concurrency(fleetSize: settings.fleetSize) { return later }
        var instants: [Timestamp] = [now]
        if let problem = oracle.problems[duty.key] {
            instants.append(problem.openedAt + max(duty.rule.wait, settings.limits.settle))
        }
        if let until = ProofOracle.cooledDown(server, after: others, settings.limits.cooldown) { instants.append(until) }
        if let (rule, span) = duty.rule.after,
            let until = ProofOracle.cooledDown(server, after: others.filter { $0.rule.name == rule }, span)
        {
            instants.append(until)
        }
        if let ends = oracle.stormEnds(now: now) { instants.append(ends) }
        if !settings.maintenance.isEmpty, let ends = ProofMaintenance.end(server, at: now) { instants.append(ends) }
        instants.append(contentsOf: recentPast(server, others: others))
        let actions = ProofOracle.actions(oracle.works)
        for budget in settings.limits.budgets {
            instants.append(Self.room(actions.filter { $0.server == server }.map(\.at), budget, now: now))
        }
        for budget in settings.limits.fleetBudgets { instants.append(Self.room(actions.map(\.at), budget, now: now)) }
        return instants.max() ?? now
    }

    /// When flapping, boot grace and a person's time are over.
    private func recentPast(_ server: ServerID, others: [ProofOracle.Work]) -> [Timestamp] {
        let flaps = settings.limits.flaps
        var instants: [Timestamp] = []
        for key in world.oracle.keys where ProofFleet.id(key.server) == server {
            let openings = (world.oracle.fleet.openings[key] ?? [:]).values.sorted(by: >)
            if openings.count >= flaps.max { instants.append(openings[flaps.max - 1] + flaps.per) }
        }
        for other in others where other.server == server {
            guard let last = other.calls.map(\.at).max() else { continue }
            instants.append(last + settings.limits.bootGrace)
            if other.rule.source == nil { instants.append(last + .seconds(1_800)) }
        }
        return instants
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
