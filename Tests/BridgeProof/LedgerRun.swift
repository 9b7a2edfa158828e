import JSON
import Model
import Simulator
import Store

/// One action of the bridge in the worst of worlds, judged by the ledger of the simulated VPS.org.
struct LedgerRun {
    /// What is asked for; seeds take turns.
    enum Action: CaseIterable {
        case reboot
        case powerCycle
        case scaleOut
        case scaleIn

        var problem: String {
            switch self {
            case .reboot: "Hung"
            case .powerCycle: "Dead"
            case .scaleOut: "Busy"
            case .scaleIn: "Idle"
            }
        }

        var operations: [Operation] {
            switch self {
            case .reboot: [.reboot]
            case .powerCycle: [.stop, .start]
            case .scaleOut: [.create]
            case .scaleIn: [.delete]
            }
        }
    }

    static let rules = """
        version: 1
        rules:
          - name: hung
            trigger: alertmanager
            when: ['event.labels.alertname == "Hung"']
            target: event.labels.server
            autonomy: auto
            healthy_delay: 1m
            escalation:
              - {timeout: 5m, actions: [server.reboot]}
              - actions: [{action: notify, with: {channel: oncall, text: still hung}}]
          - name: dead
            trigger: alertmanager
            when: ['event.labels.alertname == "Dead"']
            target: event.labels.server
            autonomy: auto
            healthy_delay: 1m
            escalation:
              - {timeout: 5m, actions: [server.power_cycle]}
              - actions: [{action: notify, with: {channel: oncall, text: still dead}}]
          - name: busy
            trigger: alertmanager
            when: ['event.labels.alertname == "Busy"']
            group_by: event.labels.server
            fleet: {select: 'server.name.startsWith("node-")', delete: bridge-created}
            autonomy: auto
            actions:
              - id: scale
                action: fleet.scale
                with: {min: 1, max: 9, delta: 2, template: {name: "node-${{ slot }}", plan_id: 1, os_id: 5, location: us-west}}
                wait_for: {status: active, timeout: 20m}
          - name: idle
            trigger: alertmanager
            when: ['event.labels.alertname == "Idle"']
            group_by: event.labels.server
            fleet: {select: 'server.name.startsWith("node-")', delete: bridge-created}
            autonomy: auto
            actions:
              - id: scale
                action: fleet.scale
                with: {min: 1, max: 9, delta: -1, victim: newest}
        """

    static let web = ServerID(rawValue: 12_345)

    let seed: UInt64
    let action: Action
    let stage: LedgerStage
    private var random: SplitMix64

    init(seed: UInt64, store: ProofStore, traces: Bool = false) throws {
        self.seed = seed
        action = Action.allCases[Int(seed % 4)]
        random = SplitMix64(seed: seed ^ 0x1ed6e5)
        var options = SimulatorOptions(seed: seed)
        options.pageSize = [nil, 1, 2, 50][Int(seed / 4 % 4)]
        options.listLag = .seconds(Int64(seed / 4 % 200))
        options.shortRebooting = seed % 5 == 0
        options.updatedAtFixed = seed % 11 == 0
        stage = try LedgerStage(seed: seed, options: options, rules: Self.rules, store: store)
        if traces { stage.trace = [] }
    }

    /// - Returns: what does not hold; `nil` when all does.
    static func violation(seed: UInt64, in stores: ProofStores) async throws -> String? {
        try await stores.use { store in
            var run = try LedgerRun(seed: seed, store: store)
            do {
                return try await run.run()
            } catch {
                return "the run ended: \(error)"
            }
        }
    }

    /// What was asked of the simulated VPS.org, step by step.
    static func trace(seed: UInt64, mutant: ProofMutant? = nil) async throws -> [String] {
        try await ProofStores(mutant).use { try await trace(seed: seed, store: $0) }
    }

    private static func trace(seed: UInt64, store: ProofStore) async throws -> [String] {
        var run = try LedgerRun(seed: seed, store: store, traces: true)
        let violation = try await run.run()
        let entries = run.stage.simulator.ledger.map { entry in
            "\(entry.at.since(ProofClock.start).inSeconds) \(entry.operation.rawValue) \(entry.name ?? "") \(entry.server?.description ?? ""), "
                + "applied: \(entry.applied), \(entry.status.map(String.init) ?? "no answer") \(entry.fault ?? "")"
        }
        let audit = try await run.stage.store.auditEntries(run: nil, delivery: nil, limit: 400).map { entry in
            "\(entry.at.since(ProofClock.start).inSeconds) run \(entry.run?.description ?? ""): \(entry.detail)"
        }
        return (run.stage.trace ?? []) + entries + audit + run.stage.simulator.messages + [violation ?? "holds"]
    }

    mutating func run() async throws -> String? {
        // The last change of a server lies in the past, as a second can not be told from the next.
        stage.clock.advance(by: .seconds(60))
        if action == .scaleOut || action == .scaleIn {
            stage.simulator.update { state, now in state.simulator.addServers(2, prefix: "node", location: "us-west", now: now) }
            // Until every list shows them, however far it lags.
            stage.clock.advance(by: .seconds(300))
        }
        if action == .scaleIn, let problem = try await grow() { return problem }
        let before = stage.simulator.ledger.count
        stage.simulator.addFaults(on: action.operations, oldestList: .seconds(Int64(seed % 3) * 30))
        if seed % 2 == 0 { stage.letOthersGoOn() }
        try await stage.deliver(action.problem, "web-server-01")
        for round in 0..<24 {
            if round < 4, Int.random(in: 0...2, using: &random) > 0 {
                stage.life.die(
                    atCommit: Int.random(in: 1...12, using: &random), keepingIt: Bool.random(using: &random))
            }
            if round == 14 { stage.simulator.endTroubles() }
            try await stage.advance(by: .seconds(Int64.random(in: 20...400, using: &random)))
            if try await isOver() { break }
            try await stage.deliver(action.problem, "web-server-01")
            if action == .scaleIn, round == 2, seed % 7 == 0 { rename() }
        }
        stage.life.revive()
        stage.simulator.endTroubles()
        try await stage.advance(by: .seconds(1_800))
        return try await judge(Array(stage.simulator.ledger.dropFirst(before)))
    }

    /// The bridge buys two servers in peace, so that there is something that it may delete.
    private mutating func grow() async throws -> String? {
        stage.simulator.update { state, _ in state.isTroubled = false }
        for _ in 0..<10 {
            try await stage.deliver("Busy", "web-server-01")
            try await stage.advance(by: .seconds(300))
            if try await stage.store.runs(limit: 10).allSatisfy(\.state.isFinal) { break }
        }
        try await stage.deliver("Busy", "web-server-01", isFiring: false)
        try await stage.advance(by: .seconds(400))
        stage.simulator.update { state, _ in state.isTroubled = true }
        let count = try await stage.store.createdServers().count
        return count == 2 ? nil : "\(count) servers were created in peace, not 2"
    }

    /// Somebody gives the newest server another name: it is another server then.
    private func rename() {
        stage.simulator.update { state, now in
            guard let newest = state.simulator.servers.last else { return }
            _ = state.simulator.handle(
                SimulatedRequest(
                    "PATCH", "/api/v1/servers/\(newest.id)/", token: LedgerSimulator.token, json: ["name": "precious"]), now: now)
        }
    }

    private var rule: String { action.problem.lowercased() }

    private func theRun() async throws -> Run? {
        try await stage.store.runs(limit: 50).last { $0.rule == rule }
    }

    private func isOver() async throws -> Bool {
        guard let run = try await theRun() else { return false }
        return run.state.isFinal || run.state == .parked
    }

    private func judge(_ entries: [Ledger.Entry]) async throws -> String? {
        guard let run = try await theRun() else { return "there is no run" }
        let applied = entries.filter(\.applied)
        let told = "run \(run.state) (\(run.reason?.rawValue ?? "")): \(run.detail)"
        if !run.state.isFinal, run.state != .parked { return "no end: \(told)" }
        if run.reason == .serverGone, action != .scaleIn { return "a server is taken for gone that is not: \(told)" }
        switch action {
        case .reboot:
            let count = applied.count { $0.operation == .reboot }
            if count > 1 { return "\(count) reboots of one action; \(told)" }
        case .powerCycle:
            let stops = applied.count { $0.operation == .stop }
            let starts = applied.count { $0.operation == .start }
            if stops > 1 || starts > 1 { return "\(stops) stops and \(starts) starts of one action; \(told)" }
            let status = stage.simulator.update { state, _ in state.simulator.server(Self.web)?.status }
            if status != .active, run.state != .parked { return "left \(status?.rawValue ?? "gone"); \(told)" }
        case .scaleOut:
            return judgeCreates(applied.filter { $0.operation == .create }, run: run, told: told)
        case .scaleIn:
            return try await judgeDeletes(applied.filter { $0.operation == .delete }, told: told)
        }
        if applied.contains(where: { $0.server != Self.web }) { return "another server was changed; \(told)" }
        return nil
    }

    private func judgeCreates(_ creates: [Ledger.Entry], run: Run, told: String) -> String? {
        let names = Dictionary(grouping: creates) { $0.name ?? "" }
        for (name, made) in names where made.count > 1 {
            let areShown = made.allSatisfy { entry in entry.server.map { run.detail.contains("\($0)") } ?? false }
            if run.state != .parked || !areShown { return "\(made.count) servers called \(name); \(told)" }
        }
        if run.state == .succeeded, names.count != 2 { return "\(names.count) servers where 2 were asked for; \(told)" }
        if names.count > 2 { return "\(names.count) servers where 2 were asked for; \(told)" }
        return nil
    }

    private func judgeDeletes(_ deletes: [Ledger.Entry], told: String) async throws -> String? {
        if deletes.count > 1 { return "\(deletes.count) deletes of one action; \(told)" }
        for entry in deletes where entry.name != "node-4" && entry.name != "node-3" {
            return "\(entry.name ?? "a server") was deleted, which the bridge did not create by that name; \(told)"
        }
        return nil
    }
}
