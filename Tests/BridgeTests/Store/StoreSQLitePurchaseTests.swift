import JSON
import Model
import Testing

@testable import Store

/// The caps on creates, in the transaction of the intent.
@Suite("SQLite store: creates that cost money")
struct StoreSQLitePurchaseTests {
    private static let prices = PriceList(currency: "EUR", plans: [1: Money(micros: 4_000_000), 2: Money(micros: 9_500_000)])

    private static func check(
        plan: Int64? = 1, _ caps: CreateCaps = CreateCaps(), rule: CreateCaps = CreateCaps(), prices: PriceList = prices,
        name: String = ""
    ) -> PurchaseCheck {
        PurchaseCheck(plan: plan, name: name, caps: caps, ruleCaps: rule, prices: prices)
    }

    /// A run of that rule on a group's lane, in the state `running`, without an intent.
    private func run(_ scenario: StoreScenario, _ fingerprint: String, rule: String) async throws -> Run {
        let made = try await scenario.makeRun(fingerprint, rule: rule)
        var run = try #require(try await scenario.claim().first { $0.run.id == made.id }?.run)
        run.state = .running
        run.lane = .group(fingerprint)
        try await scenario.step(run)
        return run
    }

    private static func create(_ name: String, plan: Int64? = 1) -> NewIntent {
        let body: JSONValue = plan.map { ["name": .string(name), "plan_id": .int($0)] } ?? ["name": .string(name)]
        return NewIntent(
            rung: 0, step: 0, kind: .operation(.create),
            request: IntentRequest(method: "POST", url: "/api/v1/servers/", hash: "x", name: name, body: body))
    }

    private func attempt(
        _ scenario: StoreScenario, _ run: Run, _ name: String, at: Timestamp = StoreScenario.start, _ purchase: PurchaseCheck
    ) async throws -> TransitionResult {
        let guards = Guards(limits: StoreScenario.loose, fleetSize: 3, checksCooldown: false, purchase: purchase)
        return try await scenario.attempt(run, at: at, intent: .open(Self.create(name, plan: purchase.plan), guards: guards))
    }

    /// One create with its outcome.
    @discardableResult
    private func buy(
        _ scenario: StoreScenario, _ run: Run, _ name: String, at: Timestamp = StoreScenario.start,
        outcome: Intent.Outcome = .applied,
        _ purchase: PurchaseCheck
    ) async throws -> Refusal? {
        switch try await attempt(scenario, run, name, at: at, purchase) {
        case .committed(let intent):
            try await scenario.step(run, at: at, intent: .close(#require(intent).id, outcome))
            return nil
        case .refused(let refusal): return refusal
        case .fenced: throw StoreScenarioError(what: "fenced")
        }
    }

    private static let day = CreateCaps(maxPerDay: 2)
    private static let month = CreateCaps(maxPerMonth: 2)
    private static let cost = CreateCaps(maxCostPerMonth: Money(micros: 8_000_000))

    @Test("two servers are all that a cap of two allows, and it lifts when it says", arguments: [day, month, cost])
    func lifts(caps: CreateCaps) async throws {
        try await withStore { scenario in
            let run = try await run(scenario, "a", rule: "up")
            for index in 0..<2 {
                let at = StoreScenario.at(Int64(index) * 60)
                #expect(try await buy(scenario, run, "web-\(index)", at: at, Self.check(caps)) == nil)
            }
            let refusal = try #require(try await buy(scenario, run, "web-3", at: StoreScenario.at(120), Self.check(caps)))
            #expect(refusal.reason == .costCap && refusal.detail.hasPrefix("all rules: "), "\(refusal.detail)")
            let until = try #require(refusal.until)
            let isDay = caps.maxPerDay != nil
            #expect(until == (isDay ? StoreScenario.at(86_400) : Month(containing: StoreScenario.start).end))
            #expect(try await buy(scenario, run, "web-3", at: until - .seconds(1), Self.check(caps)) != nil)
            // What is there costs in the next month too.
            let again = try await buy(scenario, run, "web-3", at: until, Self.check(caps))
            #expect((again == nil) == (caps.maxCostPerMonth == nil))
        }
    }

    @Test("what was not bought does not count, what may have been bought does", arguments: Intent.Outcome.allCases)
    func outcomes(outcome: Intent.Outcome) async throws {
        try await withStore { scenario in
            let run = try await run(scenario, "a", rule: "up")
            let one = Self.check(CreateCaps(maxPerDay: 1))
            #expect(try await buy(scenario, run, "web-1", outcome: outcome, one) == nil)
            let second = try await buy(scenario, run, "web-2", at: StoreScenario.at(1), one)
            #expect((second == nil) == (outcome == .refused || outcome == .notExecuted))
        }
    }

    @Test("a request on its way counts before its answer")
    func open() async throws {
        try await withStore { scenario in
            let one = Self.check(CreateCaps(maxPerDay: 1))
            let (first, second) = (try await run(scenario, "a", rule: "up"), try await run(scenario, "b", rule: "up"))
            #expect(storeRefusal(try await attempt(scenario, first, "web-1", one)) == nil)
            #expect(storeRefusal(try await attempt(scenario, second, "web-2", one))?.reason == .costCap)
        }
    }

    @Test("a rule's own caps count its own creates alone; those of all rules count both")
    func scopes() async throws {
        try await withStore { scenario in
            let (up, other) = (try await run(scenario, "a", rule: "up"), try await run(scenario, "b", rule: "other"))
            let own = Self.check(rule: CreateCaps(maxPerDay: 1))
            #expect(try await buy(scenario, up, "a-1", own) == nil)
            #expect(try await buy(scenario, other, "b-1", own) == nil)
            let refusal = try #require(try await buy(scenario, up, "a-2", own))
            #expect(refusal.detail.hasPrefix("rule up: 1 of 1 servers"))
            #expect(try await buy(scenario, other, "b-2", Self.check(CreateCaps(maxPerDay: 2))) != nil)
        }
    }

    @Test("a deleted server costs its whole month, and nothing in the next")
    func deleted() async throws {
        try await withStore { scenario in
            var run = try await run(scenario, "a", rule: "up")
            #expect(try await buy(scenario, run, "web-1", Self.check(Self.cost)) == nil)
            let owned = CreatedServer(
                id: ServerID(rawValue: 5), name: "web-1", lane: .group("a"), run: run.id, createdAt: StoreScenario.at(10))
            run.detail = "x"
            for (second, change) in [(10, OwnershipChange.created(owned)), (20, .deleted(owned.id))] as [(Int64, OwnershipChange)]
            {
                _ = try await scenario.store.commit(
                    RunTransition(now: StoreScenario.at(second), run: run, ownership: change, releasesLease: false))
            }
            let next = Month(containing: StoreScenario.start).end
            #expect(try await buy(scenario, run, "web-2", at: StoreScenario.at(30), Self.check(plan: 2, Self.cost)) != nil)
            #expect(try await buy(scenario, run, "web-2", at: StoreScenario.at(30), Self.check(Self.cost)) == nil)
            #expect(try await buy(scenario, run, "web-4", at: StoreScenario.at(40), Self.check(Self.cost)) != nil)
            #expect(try await buy(scenario, run, "web-3", at: next, Self.check(Self.cost)) == nil)
            let purchases = try await scenario.store.purchases(from: StoreScenario.start, to: next)
            #expect(purchases.map(\.name) == ["web-1", "web-2"] && purchases.first?.server == owned.id)
            #expect(purchases.first?.endedAt == StoreScenario.at(20))
        }
    }

    @Test("of two creates of one name, one server was bought: the other ends when that is seen")
    func repeated() async throws {
        try await withStore { scenario in
            let run = try await run(scenario, "a", rule: "up")
            #expect(try await buy(scenario, run, "web-1", outcome: .assumedSent, Self.check()) == nil)
            #expect(try await buy(scenario, run, "web-1", at: StoreScenario.at(400), Self.check()) == nil)
            let owned = CreatedServer(
                id: ServerID(rawValue: 5), name: "web-1", lane: .group("a"), run: run.id, createdAt: StoreScenario.at(401))
            _ = try await scenario.store.commit(
                RunTransition(now: StoreScenario.at(401), run: run, ownership: .created(owned), releasesLease: false))
            let purchases = try await scenario.store.purchases(from: StoreScenario.start, to: StoreScenario.at(9_000))
            #expect(purchases.map(\.server) == [nil, owned.id])
            #expect(purchases.map(\.endedAt) == [StoreScenario.at(401), nil])
        }
    }

    private static func owned(_ id: Int64, _ name: String, run: RunID?, at second: Int64) -> CreatedServer {
        CreatedServer(
            id: ServerID(rawValue: id), name: name, lane: .group("a"), run: run, createdAt: StoreScenario.at(second),
            adoptedBy: run == nil ? "operator" : nil)
    }

    @Test("a repeated create counts once for every cap when its server was seen", arguments: [day, month, cost])
    func repeatedCountsOnce(caps: CreateCaps) async throws {
        try await withStore { scenario in
            let run = try await run(scenario, "a", rule: "up")
            for outcome in [Intent.Outcome.assumedSent, .applied] {
                #expect(try await buy(scenario, run, "web-1", outcome: outcome, Self.check()) == nil)
            }
            #expect(try await buy(scenario, run, "web-2", Self.check(caps)) != nil, "both may have been bought")
            _ = try await scenario.store.commit(
                RunTransition(
                    now: StoreScenario.at(1), run: run, ownership: .created(Self.owned(5, "web-1", run: run.id, at: 1)),
                    releasesLease: false))
            #expect(try await buy(scenario, run, "web-2", at: StoreScenario.at(2), Self.check(caps)) == nil)
            #expect(try await buy(scenario, run, "web-3", at: StoreScenario.at(3), Self.check(caps)) != nil)
        }
    }

    @Test(
        "a create is not in the way of its own repetition, and is of every other",
        arguments: [CreateCaps(maxPerDay: 1), CreateCaps(maxPerMonth: 1), CreateCaps(maxCostPerMonth: Money(micros: 4_000_000))])
    func repetition(caps: CreateCaps) async throws {
        try await withStore { scenario in
            let (own, other) = (try await run(scenario, "a", rule: "up"), try await run(scenario, "b", rule: "up"))
            func attempt(_ run: Run, _ name: String) async throws -> Refusal? {
                try await buy(scenario, run, name, outcome: .assumedSent, Self.check(caps, name: name))
            }
            #expect(try await attempt(own, "web-1") == nil)
            #expect(try await attempt(own, "web-2")?.reason == .costCap)
            #expect(try await attempt(other, "web-1")?.reason == .costCap)
            #expect(try await attempt(own, "web-1") == nil)
        }
    }

    @Test("a server that was seen is no reason to buy another of its name beyond the cap")
    func seenThenAgain() async throws {
        try await withStore { scenario in
            let run = try await run(scenario, "a", rule: "up")
            let one = Self.check(CreateCaps(maxPerDay: 1), name: "web-1")
            #expect(try await buy(scenario, run, "web-1", one) == nil)
            _ = try await scenario.store.commit(
                RunTransition(
                    now: StoreScenario.at(1), run: run, ownership: .created(Self.owned(5, "web-1", run: run.id, at: 1)),
                    releasesLease: false))
            #expect(try await buy(scenario, run, "web-1", at: StoreScenario.at(2), one) != nil)
        }
    }

    @Test("a person's word over a server changes the creates only when it changes something")
    func ownership() async throws {
        try await withStore { scenario in
            let store = try #require(scenario.store as? SQLiteStore)
            func change(_ change: OwnershipChange) async throws -> Bool {
                try await store.changeOwnership(change, audit: StoreScenario.entry("x"), now: StoreScenario.at(50))
            }
            func servers() async throws -> [Int64?] {
                try await store.purchases(from: StoreScenario.start, to: StoreScenario.at(9_000)).map(\.server?.rawValue)
            }
            let (first, second) = (try await run(scenario, "a", rule: "up"), try await run(scenario, "b", rule: "up"))
            try await buy(scenario, first, "web-1", Self.check())
            _ = try await store.commit(
                RunTransition(
                    now: StoreScenario.at(1), run: first, ownership: .created(Self.owned(5, "web-1", run: first.id, at: 1)),
                    releasesLease: false))
            for outcome in [Intent.Outcome.assumedSent, .assumedSent] {
                try await buy(scenario, second, "web-1", at: StoreScenario.at(2), outcome: outcome, Self.check())
            }
            let adopted = Self.owned(5, "web-1", run: nil, at: 50)
            #expect(try await !change(.adopted(adopted)), "it is the bridge's already")
            #expect(try await servers() == [5, nil, nil])
            #expect(try await change(.adopted(Self.owned(6, "web-1", run: nil, at: 50))))
            #expect(try await servers() == [5, nil, 6], "one create made it, the one before it made nothing")
            let ended = try await store.purchases(from: StoreScenario.start, to: StoreScenario.at(9_000)).map(\.isBought)
            #expect(ended == [true, false, true])
            _ = try await store.writer.submit { try $0.execute("DELETE FROM created_servers WHERE server = 5") }
            #expect(try await !change(.disowned(ServerID(rawValue: 5))))
            let kept = try await store.purchases(from: StoreScenario.start, to: StoreScenario.at(9_000)).first
            #expect(kept?.endedAt == nil)
        }
    }

    @Test("a cap in money refuses a plan without a price, and a month whose servers have none")
    func unpriced() async throws {
        try await withStore { scenario in
            let run = try await run(scenario, "a", rule: "up")
            for plan in [3, nil] as [Int64?] {
                let refusal = try #require(try await buy(scenario, run, "web-1", Self.check(plan: plan, Self.cost)))
                #expect(refusal.until == nil && refusal.detail.contains("has no price"))
            }
            #expect(try await buy(scenario, run, "web-1", Self.check(plan: 3)) == nil)
            #expect(try await buy(scenario, run, "web-2", Self.check(Self.cost))?.detail.contains("web-1 of plan 3") == true)
            // The price of its time holds when today's list has none.
            var old = Self.prices
            old.plans[3] = Money(micros: 1_000_000)
            #expect(try await buy(scenario, run, "web-3", Self.check(plan: 3, prices: old)) == nil)
        }
    }

    /// 2,000 creates, and that many times as `VPSBRIDGE_LONG_TESTS` says.
    private static let creates = 2_000 * (RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1)

    @Test("of thousands of random creates, in any order of outcomes and deletes, none is above a cap")
    func property() async throws {
        try await withStore { scenario in
            let seed = UInt64.random(in: 0...UInt64.max)
            let rules = ["up", "other", "third"]
            var runs: [Run] = []
            for rule in rules { runs.append(try await run(scenario, rule, rule: rule)) }
            let caps = CreateCaps(maxPerDay: 12, maxPerMonth: 150, maxCostPerMonth: Money(micros: 600_000_000))
            let own = CreateCaps(maxPerDay: 5, maxPerMonth: 70, maxCostPerMonth: Money(micros: 300_000_000))
            let store = try #require(scenario.store as? SQLiteStore)
            let bought = try await store.writer.submit { [runs] session in
                try RandomCreates(session: session, runs: runs, caps: caps, own: own, prices: Self.prices, seed: seed).run(
                    Self.creates)
            }
            for scope in [nil] + rules.map(Optional.some) {
                let caps = scope == nil ? caps : own
                let mine = bought.filter { scope == nil || $0.rule == scope }
                #expect(mine.count > 20, "seed \(seed)")
                for (index, create) in mine.enumerated() {
                    let until = mine[...index]
                    let day = until.count { $0.at > create.at - .seconds(86_400) }
                    #expect(day <= caps.maxPerDay ?? 0, "seed \(seed), \(scope ?? "all"), \(create)")
                    let month = Month(containing: create.at)
                    #expect(until.count { $0.at >= month.start } <= caps.maxPerMonth ?? 0, "seed \(seed)")
                    let cost = until.filter { $0.end.map { $0 >= month.start } ?? true }.reduce(0) { $0 + $1.price }
                    #expect(cost <= caps.maxCostPerMonth?.micros ?? 0, "seed \(seed), \(scope ?? "all")")
                }
            }
        }
    }

    private func withStore(_ body: (StoreScenario) async throws -> Void) async throws {
        try await StoreTestFolder.use { folder in
            let store = try SQLiteStore(path: folder.path)
            try await body(StoreScenario(store: store))
            await store.close()
        }
    }
}

/// Creates at random times by several rules, some refused by VPS.org, some not sent, some lost, some deleted later.
private struct RandomCreates {
    struct Create {
        let rule: String
        let at: Timestamp
        let price: Int64
        let server: Int64
        var end: Timestamp?
    }

    let session: Session
    let runs: [Run]
    let caps: CreateCaps
    let own: CreateCaps
    let prices: PriceList
    let seed: UInt64

    /// What was or may have been bought, in its order.
    func run(_ count: Int) throws -> [Create] {
        var random = JSONTestRandom(seed: seed)
        var now = StoreScenario.start
        var bought: [Create] = []
        for index in 0..<count {
            now = now + .seconds(Int64.random(in: 0...1_500, using: &random))
            let run = runs[Int.random(in: 0..<runs.count, using: &random)]
            let plan = Int64.random(in: 1...2, using: &random)
            let outcome = Intent.Outcome.allCases[Int.random(in: 0..<4, using: &random)]
            let name = "s-\(index)"
            let guards = Guards(
                limits: StoreScenario.loose, fleetSize: 3, checksCooldown: false,
                purchase: PurchaseCheck(plan: plan, caps: caps, ruleCaps: own, prices: prices))
            let intent = NewIntent(
                rung: 0, step: 0, kind: .operation(.create),
                request: IntentRequest(
                    method: "POST", url: "/", hash: "x", name: name, body: ["name": .string(name), "plan_id": .int(plan)]))
            let result = try session.commit(
                RunTransition(now: now, run: run, intent: .open(intent, guards: guards), releasesLease: false))
            if case .committed(let opened?) = result {
                let isBought = outcome == .applied || outcome == .assumedSent
                let server = CreatedServer(
                    id: ServerID(rawValue: Int64(index + 1)), name: name, lane: .group("g"), run: run.id, createdAt: now)
                _ = try session.commit(
                    RunTransition(
                        now: now, run: run, intent: .close(opened.id, outcome),
                        ownership: outcome == .applied ? .created(server) : nil, releasesLease: false))
                if isBought {
                    bought.append(
                        Create(
                            rule: run.rule, at: now, price: prices.plans[plan]?.micros ?? 0,
                            server: outcome == .applied ? Int64(index + 1) : 0))
                }
            }
            if Int.random(in: 0..<3, using: &random) == 0,
                let gone = bought.indices.filter({ bought[$0].end == nil && bought[$0].server > 0 }).randomElement(using: &random)
            {
                bought[gone].end = now
                _ = try session.apply(.deleted(ServerID(rawValue: bought[gone].server)), now: now)
            }
        }
        return bought
    }
}
