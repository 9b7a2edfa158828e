import Model

/// What is known of the whole fleet.
struct FleetKnowledge {
    /// When so many servers had a problem the last time that it was a storm.
    var lastStorm: Timestamp?
    /// When each problem began, as far as the engine saw it open.
    var openings: [ProofKey: [Int: Timestamp]] = [:]
    /// The latest instant at which any problem began, also one that was over before the engine came to rest.
    var latestOpening: Timestamp?
}

/// Storms, `max_unhealthy`, flapping, boot grace, people at work, pauses.
extension ProofOracle {
    /// The servers with an open problem that the engine knows of; protected ones are left out, to be on the safe side.
    var unhealthy: Set<Int> {
        Set(
            keys.filter { problems[$0]?.isOpen == true && problems[$0]?.isKnown == true }.map(\.server)
                .filter { server in
                    !settings.protected.contains(ProofFleet.name(server))
                })
    }

    /// What was paused and not resumed, in an order of its own.
    var pausedScopes: [PauseScope] { pauses.keys.sorted { ("\($0.kind)", $0.key) < ("\($1.kind)", $1.key) } }

    /// Until when rules change nothing because of a storm.
    func stormEnds(now: Timestamp) -> Timestamp? {
        isStormy
            ? now + settings.limits.storm.quiet : fleet.lastStorm.map { $0 + settings.limits.storm.quiet }
    }

    private var isStormy: Bool {
        settings.limits.storm.bound(of: settings.fleetSize).map { unhealthy.count >= $0 } ?? false
    }

    mutating func noteStorm(now: Timestamp) {
        guard settings.limits.storm.servers < .max else { return }
        if isStormy { fleet.lastStorm = now }
        // A clock that was set back makes no storm longer.
        if let last = fleet.lastStorm, last > now { fleet.lastStorm = now }
    }

    /// The engine has nothing more to do now. Unless a read failed of late, which is tried again after 5 minutes at most, it knows the
    /// servers of what is open.
    mutating func rested(now: Timestamp, lastFailedRead: Timestamp?) {
        if lastFailedRead.map({ now > $0 + .seconds(400) }) ?? true {
            for key in keys {
                guard let problem = problems[key], problem.isOpen, !problem.isKnown else { continue }
                problems[key]?.isKnown = true
                fleet.openings[key, default: [:]][problem.serial] = min(problem.openedAt, problem.toldAt)
            }
        }
        noteStorm(now: now)
        noteRungs(now: now)
    }

    mutating func judgeFleet(_ call: ProofCall) {
        let count = unhealthy.count
        if let ends = stormEnds(now: call.at), call.at < ends {
            violate("\(call.server) was changed in a storm, of \(count) servers now")
        }
        for bound in settings.limits.maxUnhealthy where count > bound.most(of: settings.fleetSize) {
            violate("\(call.server) was changed while \(count) servers were unhealthy, against \(bound.text)")
        }
    }

    mutating func judgeRecentPast(_ call: ProofCall, others: [Work]) {
        let flaps = settings.limits.flaps
        for key in keys where ProofFleet.id(key.server) == call.server {
            let recent = (fleet.openings[key] ?? [:]).values.count { $0 > call.at - flaps.per }
            if recent >= flaps.max {
                violate("\(call.server) was changed though \(key) began \(recent) times")
            }
        }
        if !settings.maintenance.isEmpty, ProofMaintenance.end(call.server, at: call.at) != nil {
            violate("\(call.server) was changed in its maintenance")
        }
        for other in others where other.server == call.server {
            let booted = other.calls.contains { boot in
                boot.wasApplied && boot.operation != .stop && boot.at > call.at - settings.limits.bootGrace
            }
            if booted { violate("\(call.server) was changed in its boot grace") }
            // From the person's own request on; the start that a stop owes is the bridge's.
            let isPersons = other.rule.source == nil && other.counted.first.map { $0.at > call.at - .seconds(1_800) } ?? false
            if isPersons { violate("\(call.server) was changed while a person worked on it") }
        }
    }

    /// `limits.after`: another rule worked on the server too short a time ago.
    mutating func judgeAfter(_ call: ProofCall, rule: ProofRule, others: [Work]) {
        guard let after = rule.after else { return }
        let until = Self.cooledDown(call.server, after: others.filter { $0.rule.name == after.rule }, after.span)
        if let until, call.at < until {
            violate("\(rule.name) changed \(call.server) \(until.since(call.at).inSeconds) s too soon after \(after.rule)")
        }
    }

    mutating func judgePauses(_ call: ProofCall, rule: ProofRule) {
        for (scope, until) in pauses where until.map({ call.at < $0 }) ?? true {
            let stops =
                switch scope {
                case .all: true
                case .rule(let name): name == rule.name
                case .server(let id): id == call.server
                case .source(let name): name == (rule.source ?? "slack")
                case .action(let name): name == "server.reboot" && call.operation == .reboot
                }
            if stops {
                violate("\(rule.name) asked for \(call.operation.rawValue) during a pause of \(scope)")
            }
        }
    }
}
