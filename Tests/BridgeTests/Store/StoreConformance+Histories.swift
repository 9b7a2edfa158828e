import Model
import Store
import Testing

extension StoreConformance {
    /// Random histories of workers that act, stall and are replaced, with what must hold after every step.
    static let histories = (1...3).map { seed in
        StoreConformance("lanes, budgets and fences hold in a random history (seed \(seed))") { scenario in
            var history = StoreHistory(scenario: scenario, random: StoreTestRandom(state: UInt64(seed)))
            try await history.begin()
            for _ in 0..<200 {
                try await history.step()
                try await history.check()
            }
            // The history is worth something only if things happened in it.
            #expect(history.sent > 5 && history.refused > 5 && history.fenced > 0, "\(history.tally)")
        }
    }
}

private struct StoreHistory {
    let scenario: StoreScenario
    var random: StoreTestRandom
    var now = StoreScenario.start
    /// What workers believe that they have; a rescue takes it from them without telling.
    var held: [Run] = []
    var sent = 0
    var refused = 0
    var fenced = 0

    var tally: String { "\(sent) sent, \(refused) refused, \(fenced) fenced" }

    static let limits = Limits(
        cooldown: .seconds(300), budgets: [Budget(max: 3, per: .seconds(3_600))],
        fleetBudgets: [Budget(max: 8, per: .seconds(3_600))], maxConcurrent: 2)

    mutating func begin() async throws {
        for index in 0..<24 { try await scenario.makeRun("\(index)") }
    }

    mutating func step() async throws {
        now = now + .seconds(Int64(random.next(upTo: 60)))
        switch random.next(upTo: 20) {
        case 0...3: held += try await scenario.claim(at: now, limit: 2, lease: .seconds(600)).map(\.run)
        case 4: _ = try await scenario.store.rescue(now: now, everything: random.next(upTo: 4) == 0)
        default: try await work()
        }
    }

    /// One of the workers goes on with one of its runs.
    private mutating func work() async throws {
        guard !held.isEmpty else { return }
        let index = random.next(upTo: held.count)
        var run = held[index]
        let open = try await scenario.store.intents(of: run.id).last { $0.outcome == nil }
        let result: TransitionResult
        if let open {
            run.state = [.verifying, .held, .parked, .failed][random.next(upTo: 4)]
            let outcome = Intent.Outcome.allCases[random.next(upTo: 4)]
            result = try await scenario.attempt(run, at: now, intent: .close(open.id, outcome), releasesLease: true)
        } else if run.state == .ready {
            result = try await scenario.act(run, at: now, limits: Self.limits)
            run.state = .running
        } else {
            run.state = run.state == .verifying || run.state == .parked ? .succeeded : .ready
            run.lane = run.lane ?? .server(ServerID(rawValue: Int64(random.next(upTo: 4))))
            result = try await scenario.attempt(run, at: now, releasesLease: run.state.isFinal)
        }
        switch result {
        case .committed(let intent):
            if intent != nil { sent += 1 }
            if open != nil || run.state.isFinal { held.remove(at: index) } else { held[index] = run }
        case .refused:
            refused += 1
            if random.next(upTo: 3) == 0 { held.remove(at: index) }
        case .fenced:
            fenced += 1
            held.remove(at: index)
        }
    }

    func check() async throws {
        let runs = try await scenario.store.runs(limit: 100)
        let lanes = runs.filter(\.state.holdsLane).compactMap(\.lane)
        #expect(Set(lanes).count == lanes.count)
        #expect(runs.count { [.running, .unknown, .verifying].contains($0.state) } <= 2)
        var counted: [Lane: Int] = [:]
        for run in runs {
            let intents = try await scenario.store.intents(of: run.id)
            #expect(intents.count { $0.outcome == nil } <= 1)
            guard let lane = run.lane else { continue }
            counted[lane, default: 0] += intents.count { $0.outcome != .notExecuted && now.since($0.createdAt) < .seconds(3_600) }
        }
        #expect(counted.values.allSatisfy { $0 <= 3 } && counted.values.reduce(0, +) <= 8)
    }
}

/// SplitMix64: the same numbers for the same seed everywhere.
private struct StoreTestRandom {
    var state: UInt64

    mutating func next(upTo limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((bits ^ (bits >> 31)) % UInt64(limit))
    }
}
