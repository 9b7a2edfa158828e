import Model

/// What must hold in every history, judged by what came in and what the fleet was asked, with the times; it knows nothing of how the
/// store keeps guards.
struct ProofOracle {
    /// One problem as its sender tells it.
    struct Problem {
        /// Counts how often it was opened.
        var serial: Int
        var openedAt: Timestamp
        var startsAt: Timestamp
        var lastSeen: Timestamp
        /// When the engine was told of it.
        var toldAt: Timestamp
        var isOpen = true
        /// Whether the engine came to rest over it: what it knows of the fleet it knows by then.
        var isKnown = false
    }

    /// What one run asked of one server.
    struct Work {
        let run: RunID
        let server: ServerID
        let rule: ProofRule
        var cause: Cause?
        var calls: [ProofCall] = []
        var endedAt: Timestamp?
        var isParked = false
        /// How many counted requests it had made when the time of a rung was over; a clock that is set back begins none anew.
        var requestsOver = 0

        var counted: [ProofCall] { calls.filter(\.counts) }
        /// Whether its requests may have taken place and it goes on.
        var isAtWork: Bool { endedAt == nil && calls.contains(where: \.counts) }

        /// Whether it counts for `max_concurrent`: not once it is parked, nor when its rung's time is over and it has to wait for the next.
        func isBusy(at now: Timestamp) -> Bool {
            guard isAtWork, !isParked, let last = counted.last else { return false }
            let owesStart = rule.cycles && last.operation == .stop
            if owesStart { return true }
            return requestsOver < counted.count && (rule.rung.map { now < last.at + $0 } ?? true)
        }
    }

    /// The alert of an event, and which occurrence of its problem it spoke of.
    struct Cause: Equatable {
        let key: ProofKey
        let serial: Int
    }

    let settings: ProofSettings
    var problems: [ProofKey: Problem] = [:]
    /// In the order of their first words.
    private(set) var keys: [ProofKey] = []
    private(set) var works: [Work] = []
    /// What is known of the whole fleet, see ``rested(now:)``.
    var fleet = FleetKnowledge()
    /// What people stopped, and until when.
    var pauses: [PauseScope: Timestamp?] = [:]
    private(set) var causes: [EventReference: Cause] = [:]
    /// The servers that commands name, by their deliveries.
    var commands: [DeliveryID: Int] = [:]
    private(set) var violation: String?

    init(_ settings: ProofSettings) { self.settings = settings }

    mutating func violate(_ text: @autoclosure () -> String) {
        if violation == nil { violation = text() }
    }

    var unfinished: [RunID] { works.filter { $0.endedAt == nil }.map(\.run) }

    // MARK: What came in

    mutating func dispatched(_ delivery: DeliveryID, _ alerts: [ProofAlert], receivedAt: Timestamp, now: Timestamp) {
        noteStorm(now: now)
        for alert in alerts {
            let known = problems[alert.key]
            if known == nil, alert.isFiring { keys.append(alert.key) }
            guard alert.isFiring else {
                guard let known, known.isOpen, let end = alert.endsAt, end >= known.startsAt else { continue }
                problems[alert.key]?.isOpen = false
                continue
            }
            if var known, known.isOpen, alert.startsAt <= known.startsAt {
                known.lastSeen = max(known.lastSeen, receivedAt)
                known.startsAt = alert.startsAt
                problems[alert.key] = known
            } else {
                problems[alert.key] = Problem(
                    serial: (known?.serial ?? 0) + 1, openedAt: receivedAt, startsAt: alert.startsAt, lastSeen: receivedAt,
                    toldAt: now)
                fleet.latestOpening = max(fleet.latestOpening ?? receivedAt, receivedAt)
            }
        }
        // A run belongs to the occurrence that is open after its whole delivery.
        for (index, alert) in alerts.enumerated() {
            causes[EventReference(delivery: delivery, index: index)] = Cause(
                key: alert.key, serial: problems[alert.key]?.serial ?? 0)
        }
    }

    /// Problems that nobody spoke of for too long were closed.
    mutating func swept(now: Timestamp) {
        noteStorm(now: now)
        for key in keys {
            guard let problem = problems[key], problem.isOpen, problem.lastSeen < now - settings.episodeTimeout else { continue }
            problems[key]?.isOpen = false
        }
    }

    /// Notes which rungs' time is over.
    mutating func noteRungs(now: Timestamp) {
        for index in works.indices where works[index].endedAt == nil {
            guard let rung = works[index].rule.rung, let last = works[index].counted.last, now >= last.at + rung else { continue }
            works[index].requestsOver = works[index].counted.count
        }
    }

    // MARK: What was asked

    mutating func seen(_ run: Run, now: Timestamp) {
        guard let index = works.firstIndex(where: { $0.run == run.id }) else { return }
        if run.state.isFinal { works[index].endedAt = run.finishedAt ?? now }
        works[index].isParked = run.state == .parked
    }

    mutating func acted(_ call: ProofCall, run: Run) {
        guard let rule = ProofRule.named(run.rule) else { return violate("a request of the unknown rule \(run.rule)") }
        let index = works.firstIndex { $0.run == call.run }
        let own = index.map { works[$0] } ?? Work(run: call.run, server: call.server, rule: rule, cause: causes[run.event])
        let others = works.filter { $0.run != call.run }
        let isFirst = own.counted.isEmpty
        // The start after a stop of its own is owed: it is never in doubt, and spends nothing.
        let isOwed = call.operation == .start && rule.cycles && !isFirst
        if !isOwed, own.counted.contains(where: { $0.operation == call.operation }) {
            violate("run \(call.run) of \(rule.name) asked for \(call.operation.rawValue) a second time")
        }
        judgeTwins(call, run: run, rule: rule, others: others)
        judgePauses(call, rule: rule)
        judgeServer(call, run: run, rule: rule)
        judgeOthers(call, isOwed: isOwed, others: others)
        if isFirst, rule.source != nil {
            judgeCooldown(call, others: others)
            judgeAfter(call, rule: rule, others: others)
        }
        if !isOwed { judgeBudgets(call, works: others + [own]) }
        if rule.source != nil, !isOwed {
            judgeProblem(call, run: run, rule: rule, isFirst: isFirst)
            judgeFleet(call)
            judgeRecentPast(call, others: others)
        }
        keep(call, in: own, at: index)
    }

    /// A process that died had a request written down. Nobody can know whether it left: it is not sent again, its rung was taken, and guards
    /// count it as sent.
    mutating func wroteDown(_ call: ProofCall, run: Run) {
        guard let rule = ProofRule.named(run.rule) else { return violate("an intent of the unknown rule \(run.rule)") }
        let index = works.firstIndex { $0.run == call.run }
        let own = index.map { works[$0] } ?? Work(run: call.run, server: call.server, rule: rule, cause: causes[run.event])
        // The fleet saw it.
        if own.counted.contains(where: { $0.operation == call.operation }) { return }
        keep(call, in: own, at: index)
    }

    private mutating func keep(_ call: ProofCall, in own: Work, at index: Int?) {
        var work = own
        work.calls.append(call)
        if let index { works[index] = work } else { works.append(work) }
    }

    /// One run of a rule works on one occurrence of a problem.
    private mutating func judgeTwins(_ call: ProofCall, run: Run, rule: ProofRule, others: [Work]) {
        guard let cause = causes[run.event] else { return }
        let twin = others.first { $0.cause == cause && $0.rule.name == rule.name && $0.calls.contains(where: \.counts) }
        if let twin { violate("two runs of \(rule.name) for \(cause.key): \(twin.run) and \(call.run)") }
    }

    private mutating func judgeServer(_ call: ProofCall, run: Run, rule: ProofRule) {
        let wanted = causes[run.event]?.key.server ?? commands[run.event.delivery]
        if wanted.map(ProofFleet.id) != call.server { violate("\(rule.name) changed a server that was not meant") }
        if settings.protected.contains(ProofFleet.name(Int(call.server.rawValue - ProofFleet.firstID))) {
            violate("\(rule.name) changed a protected server")
        }
    }

    private mutating func judgeOthers(_ call: ProofCall, isOwed: Bool, others: [Work]) {
        if let other = others.first(where: { $0.server == call.server && $0.isAtWork }) {
            violate("two in flight on \(call.server): runs \(other.run) and \(call.run)")
        }
        let occupied = Set(others.filter { $0.isBusy(at: call.at) }.map(\.server)).subtracting([call.server]).count
        if !isOwed, occupied >= settings.limits.concurrency(fleetSize: settings.fleetSize) {
            violate("\(occupied + 1) servers at work at once")
        }
    }

    /// Until when the cooldown of a server lasts for a run that did none of that work.
    static func cooledDown(_ server: ServerID, after works: [Work], _ cooldown: Duration) -> Timestamp? {
        works.filter { $0.server == server }.flatMap { work -> [Timestamp] in
            guard let last = work.counted.map(\.at).max() else { return [] }
            return [last, work.endedAt ?? last]
        }.max().map { $0 + cooldown }
    }

    private mutating func judgeCooldown(_ call: ProofCall, others: [Work]) {
        if let until = Self.cooledDown(call.server, after: others, settings.limits.cooldown), call.at < until {
            violate("\(call.server) was changed \(until.since(call.at).inSeconds) s inside its cooldown")
        }
    }

    /// When each counted action was asked for: all requests but the starts that are owed.
    static func actions(_ works: [Work]) -> [(at: Timestamp, server: ServerID)] {
        works.flatMap { work in
            work.counted.enumerated().filter { $0.element.operation != .start || !work.rule.cycles || $0.offset == 0 }
                .map { ($0.element.at, work.server) }
        }
    }

    private mutating func judgeBudgets(_ call: ProofCall, works: [Work]) {
        let actions = Self.actions(works)
        for budget in settings.limits.budgets {
            let used = actions.count { $0.server == call.server && $0.at > call.at - budget.per }
            if used >= budget.max { violate("\(used + 1) actions on \(call.server) where \(budget.max) are allowed") }
        }
        for budget in settings.limits.fleetBudgets {
            let used = actions.count { $0.at > call.at - budget.per }
            if used >= budget.max { violate("\(used + 1) actions on the fleet where \(budget.max) are allowed") }
        }
    }

    private mutating func judgeProblem(_ call: ProofCall, run: Run, rule: ProofRule, isFirst: Bool) {
        guard let cause = causes[run.event], let problem = problems[cause.key] else {
            return violate("\(rule.name) acted on a problem that nobody told of")
        }
        if !problem.isOpen { return violate("\(rule.name) acted on \(cause.key), which is over") }
        if isFirst, problem.serial != cause.serial { violate("\(rule.name) acted for an earlier occurrence of \(cause.key)") }
        let age = call.at.since(problem.lastSeen)
        if age > settings.limits.maxEventAge { violate("\(rule.name) acted on a word that is \(age.inSeconds) s old") }
        let waited = call.at.since(problem.openedAt)
        if isFirst, waited < max(rule.wait, settings.limits.settle) {
            violate("\(rule.name) acted \(waited.inSeconds) s after \(cause.key) began")
        }
    }
}
