import JSON
import Model
import Store
import Testing

/// What runs with several steps keep.
extension StoreConformance {
    private typealias Scenario = StoreScenario

    private static let request = IntentRequest(
        method: "POST", url: "https://tickets.example.com/api", hash: "ab12", name: nil, body: nil)

    static let steps = [
        StoreConformance("a run's progress comes back as it was written, and is forgotten when it is empty") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            #expect(run.progress.isEmpty)
            run.progress = RunProgress(
                step: 2, attempts: 3, outputs: ["ticket": ["ok": true, "body": ["key": "OPS-1\u{0}\u{E9}"]], "a": .null],
                ending: RunProgress.Ending(state: .failed, reason: .ineffective, detail: "no"),
                scale: ScaleProgress(
                    before: 2, desired: 4, done: [ScaleProgress.Member(id: ServerID(rawValue: 5), name: "web-5")],
                    current: ScaleProgress.Member(id: ServerID(rawValue: 6), name: "web-6"), isDrained: true, hasRepeated: true))
            try await scenario.step(run)
            #expect(try await scenario.store.run(run.id)?.progress == run.progress)
            #expect(try await scenario.store.runs(limit: 1).first?.progress == run.progress)
            run.dueAt = Scenario.at(1)
            try await scenario.step(run, releasesLease: true)
            #expect(try await scenario.claim(at: Scenario.at(1)).first?.run.progress == run.progress)
            run = try #require(try await scenario.store.run(run.id))
            run.progress = RunProgress()
            try await scenario.step(run)
            #expect(try await scenario.store.run(run.id)?.progress.isEmpty == true)
        },
        StoreConformance("outputs that are too large to be kept are left out, the largest first") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            let large = String(repeating: "x", count: 200_000)
            run.progress.outputs = ["large": .string(large), "small": "y", "other": .string(large + "z")]
            try await scenario.step(run)
            let kept = try #require(try await scenario.store.run(run.id)).progress.outputs
            #expect(kept["small"] == "y" && kept["large"] != nil && kept["other"] == nil)
        },
        StoreConformance("an intent keeps what is sent where operation and server do not say it") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            run.state = .running
            let body = IntentRequest(
                method: "POST", url: "/api/v1/servers/", hash: "cd", name: "web-2", body: ["name": "web-2", "plan_id": 2])
            for (kind, request) in [(Intent.Kind.httpRequest, request), (.operation(.create), body)] {
                let opened = try #require(
                    try await scenario.step(
                        run, intent: .open(NewIntent(rung: 0, step: 1, kind: kind, request: request), guards: nil)))
                let read = try #require(try await scenario.store.intents(of: run.id).last)
                #expect(read == opened && read.kind == kind && read.request == request)
                #expect(read.server == nil && read.preStatus == nil)
                try await scenario.step(run, intent: .close(opened.id, .applied))
            }
        },
        StoreConformance("a server's power needs a server") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            run.state = .running
            let wrong = NewIntent(rung: 0, step: 0, kind: .operation(.reboot))
            do {
                try await scenario.step(run, intent: .open(wrong, guards: nil))
                throw StoreScenarioError(what: "it was written")
            } catch is StoreError {}
            #expect(try await scenario.store.intents(of: run.id).isEmpty)
        },
        StoreConformance("the servers that the bridge created are remembered until they are gone") { scenario in
            var run = try await scenario.readyRun("f", lane: 7)
            func server(_ id: Int64, _ name: String) -> CreatedServer {
                CreatedServer(
                    id: ServerID(rawValue: id), name: name, lane: .group("web"), run: run.id, createdAt: Scenario.at(id))
            }
            for change in [
                OwnershipChange.created(server(5, "web-5")), .created(server(4, "web-4")), .created(server(5, "another name")),
            ] {
                _ = try await scenario.store.commit(
                    RunTransition(now: Scenario.start, run: run, ownership: change, releasesLease: false))
            }
            #expect(try await scenario.store.createdServers() == [server(4, "web-4"), server(5, "web-5")])
            run.state = .succeeded
            _ = try await scenario.store.commit(
                RunTransition(now: Scenario.start, run: run, ownership: .deleted(ServerID(rawValue: 4)), releasesLease: true))
            #expect(try await scenario.store.createdServers().map(\.name) == ["web-5"])
        },
        StoreConformance("a late step's word of a server is not written") { scenario in
            let run = try await scenario.readyRun("f", lane: 7)
            _ = try await scenario.store.rescue(now: Scenario.at(100), everything: true)
            let owned = CreatedServer(
                id: ServerID(rawValue: 5), name: "web-5", lane: .group("web"), run: run.id, createdAt: Scenario.start)
            let late = RunTransition(now: Scenario.at(101), run: run, ownership: .created(owned), releasesLease: true)
            guard case .fenced = try await scenario.store.commit(late) else { throw StoreScenarioError(what: "not fenced") }
            #expect(try await scenario.store.createdServers().isEmpty)
        },
        StoreConformance("requests to other APIs spend no budget of servers; on a lane of their own they have a cooldown") {
            scenario in
            let tight = Limits(
                cooldown: .seconds(60), budgets: [Budget(max: 1, per: .seconds(600))],
                fleetBudgets: [Budget(max: 1, per: .seconds(600))], maxConcurrent: 1)
            let own = Limits(cooldown: .seconds(60), budgets: [], fleetBudgets: [], maxConcurrent: 1)
            func ask(_ run: Run, at: Int64) async throws -> TransitionResult {
                var next = run
                next.state = .running
                next.lane = .rule("ticket", key: "a")
                return try await scenario.attempt(
                    next, at: Scenario.at(at),
                    intent: .open(
                        NewIntent(rung: 0, step: 0, kind: .httpRequest, request: request),
                        guards: Guards(limits: own, fleetSize: 1, checksCooldown: true)))
            }
            var first = try await scenario.readyRun("1", lane: 7)
            guard case .committed(let intent?) = try await ask(first, at: 0) else { throw StoreScenarioError(what: "refused") }
            // Neither its place nor its unit is taken from a server.
            let server = try await scenario.readyRun("2", lane: 7)
            #expect(storeRefusal(try await scenario.act(server, limits: tight, fleet: 1)) == nil)
            first.state = .succeeded
            first.lane = .rule("ticket", key: "a")
            try await scenario.step(first, at: Scenario.at(10), intent: .close(intent.id, .applied), releasesLease: true)
            let second = try await scenario.readyRun("3", lane: 8, at: Scenario.at(20))
            let refusal = try #require(storeRefusal(try await ask(second, at: 20)))
            #expect(refusal.reason == .cooldown && refusal.until == Scenario.at(70))
            #expect(storeRefusal(try await ask(second, at: 70)) == nil)
        },
        StoreConformance("each create on a group's lane spends one unit of the fleet, and waits for no server's turn") {
            scenario in
            let tight = Limits(
                cooldown: .zero, budgets: [], fleetBudgets: [Budget(max: 2, per: .seconds(600))], maxConcurrent: 1)
            let busy = try await scenario.readyRun("1", lane: 7)
            #expect(storeRefusal(try await scenario.act(busy, limits: tight, fleet: 1)) == nil)
            var group = try await scenario.readyRun("2", lane: 8)
            group.lane = .group("web")
            group.state = .running
            func create() async throws -> TransitionResult {
                try await scenario.attempt(
                    group,
                    intent: .open(
                        NewIntent(rung: 0, step: 0, kind: .operation(.create), request: request),
                        guards: Guards(limits: tight, fleetSize: 1, checksCooldown: true)))
            }
            guard case .committed(let intent?) = try await create() else { throw StoreScenarioError(what: "refused") }
            try await scenario.step(group, intent: .close(intent.id, .applied))
            #expect(storeRefusal(try await create())?.reason == .fleetBudgetSpent)
        },
    ]
}
