import Model
import Rules
import Store
import Webhooks

/// One test from its first step to its last.
struct RuleTestRun {
    private struct Scheduled {
        var at: Timestamp
        var delivery: TestDelivery
    }

    private let test: RuleTest
    private var engine: RuleTestEngine
    private var sender = TestSender()
    private var outcome = StepOutcome()
    /// Repeats that are still to come, in the order of their instants.
    private var scheduled: [Scheduled] = []
    /// When the engine has something to do next.
    private var due: Timestamp?
    /// How many HTTP requests were there at the step before.
    private var requestsSeen = 0
    /// How many audit entries were there at the step before.
    private var auditSeen = 0
    private var tally = CoverageTally()

    /// Runs a test; may step the engine so many times.
    static func run(_ test: RuleTest, steps: Int) async -> (result: RuleTestResult, tally: CoverageTally) {
        var result = RuleTestResult(name: test.name, place: test.place, failures: [])
        let engine: RuleTestEngine
        do throws(StoreError) {
            engine = try RuleTestEngine(test, steps: steps)
        } catch {
            result.failures = [.fault(error.message, at: .zero, place: test.place)]
            return (result, CoverageTally())
        }
        var run = RuleTestRun(test: test, engine: engine)
        var at = Duration.zero
        do throws(RuleTestFault) {
            // Schedules are followed from the start on.
            run.due = try await run.engine.settle()
            for step in test.steps where result.failures.count < RuleTestLimits.failures {
                at = step.at
                result.failures += try await run.play(step)
            }
        } catch {
            result.failures.append(.fault(error.message, at: at, place: test.place))
        }
        await engine.store.close()
        return (result, run.tally)
    }

    private init(test: RuleTest, engine: RuleTestEngine) {
        self.test = test
        self.engine = engine
    }

    private mutating func play(_ step: RuleTestStep) async throws(RuleTestFault) -> [RuleTestFailure] {
        try await advance(to: test.start + step.at)
        for change in step.changes { try await apply(change) }
        for delivery in step.deliveries {
            try await deliver(delivery)
            if let repeats = delivery.repeats { schedule(delivery, every: repeats.every, times: repeats.times) }
        }
        due = try await engine.settle()
        try await observe()
        let failures = StepJudge(test: test, step: step, outcome: outcome).failures()
        outcome = StepOutcome()
        return failures
    }

    // MARK: Time

    /// Turns the clock, stopping at every instant at which something is due.
    private mutating func advance(to end: Timestamp) async throws(RuleTestFault) {
        while let next = [due, scheduled.first?.at].compactMap(\.self).min(), next <= end {
            engine.clock.set(next)
            while let first = scheduled.first, first.at <= engine.clock.now() {
                scheduled.removeFirst()
                try await deliver(first.delivery)
            }
            due = try await engine.settle()
            // A reload may be given up while it waits for the tests.
            guard !Task.isCancelled else { throw RuleTestFault("the tests were cancelled") }
        }
        engine.clock.set(end)
    }

    private mutating func schedule(_ delivery: TestDelivery, every: Duration, times: Int) {
        for number in 1...times { scheduled.append(Scheduled(at: engine.clock.now() + every * number, delivery: delivery)) }
        scheduled.sort { $0.at < $1.at }
    }

    // MARK: What happens

    private func apply(_ change: WorldChange) async throws(RuleTestFault) {
        switch change {
        case .status(let id, let status):
            engine.fleet.freeze(id)
            engine.fleet.setStatus(id, status)
        case .gone(let id): engine.fleet.remove(id)
        case .health(let isHealthy, let id): engine.prober.answer(isHealthy, for: id)
        case .fault(let operation, let fault): engine.fleet.script(operation, fault)
        case .evidence(let source, let evidence): engine.evidence.answer(evidence, for: source)
        case .answer(let script): engine.transport.answer(script)
        case .pause(let scope, let reason, let span): try await engine.pause(scope, reason: reason, for: span)
        case .resume(let scope): try await engine.resume(scope)
        }
    }

    private mutating func deliver(_ delivery: TestDelivery) async throws(RuleTestFault) {
        guard let source = test.settings.sources[delivery.source] else {
            throw RuleTestFault("there is no source \(delivery.source)")
        }
        var delivery = delivery
        if case .vote(let vote) = delivery.content {
            guard let id = try await engine.openQuestion(of: vote.rule) else {
                throw RuleTestFault("no run of rule \(vote.rule) waits for an answer")
            }
            delivery.content = .command(vote.command(id.rawValue))
        }
        let request = sender.request(delivery, source: source, now: engine.clock.now())
        for event in try await engine.accept(request, source: source) {
            let evaluated = StepOutcome.evaluate(event, by: test.ruleSet)
            tally.count(evaluated)
            outcome.evaluated.append(evaluated)
        }
    }

    // MARK: What came of it

    private mutating func observe() async throws(RuleTestFault) {
        outcome.calls = engine.api.takeCalls()
        for event in engine.takeInstants() {
            let evaluated = StepOutcome.evaluate(event, by: test.ruleSet)
            tally.count(evaluated)
            outcome.evaluated.append(evaluated)
        }
        let requests = engine.transport.requests
        outcome.requests = Array(requests.dropFirst(requestsSeen))
        requestsSeen = requests.count
        outcome.messages = try await engine.takeMessages()
        outcome.judgements = engine.takeJudgements()
        for judgement in outcome.judgements { tally.count(judgement) }
        do throws(StoreError) {
            outcome.runs = try await engine.store.runs(limit: 10_000)
            let entries = try await engine.store.auditEntries(run: nil, delivery: nil, limit: 100_000)
            outcome.audit = Array(entries.dropFirst(auditSeen))
            auditSeen = entries.count
        } catch {
            throw RuleTestFault(error)
        }
    }
}
