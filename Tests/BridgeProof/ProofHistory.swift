import Model
import Simulator
import Store

/// One generated history: what befalls the bridge, all of it told by a seed.
struct ProofHistory {
    let world: ProofWorld
    private let settings: ProofSettings
    private var random: SplitMix64
    /// When each problem began, as its sender has it.
    private var starts: [ProofKey: Timestamp] = [:]
    private var number = 0

    /// The bounds of the seed's history; small, so that every one of them is met.
    static func settings(seed: UInt64) -> ProofSettings {
        var random = SplitMix64(seed: seed ^ 0x5e77)
        let size = [2, 3, 4, 20].randomElement(using: &random) ?? 3
        var settings = ProofSettings(
            limits: Limits(
                cooldown: .seconds([600, 1_800].randomElement(using: &random) ?? 600),
                budgets: [Budget(max: Int.random(in: 1...3, using: &random), per: .seconds(7_200))],
                fleetBudgets: [Budget(max: Int.random(in: 2...4, using: &random), per: .seconds(3_600))],
                settle: .seconds([0, 60].randomElement(using: &random) ?? 60), flaps: Budget(max: 1_000, per: .seconds(3_600)),
                bootGrace: .zero, storm: .never),
            fleetSize: size)
        // Guards over the fleet hide the others: they are on in half of the histories.
        if seed % 2 == 0 {
            settings.maintenance = ProofMaintenance.windows
            settings.limits.storm = StormThreshold()
            settings.limits.bootGrace = .seconds([600, 2_400].randomElement(using: &random) ?? 600)
            settings.limits.flaps = Budget(max: Int.random(in: 2...4, using: &random), per: .seconds(3_600))
            if size == 20 { settings.limits.maxUnhealthy = [.count(Int.random(in: 1...2, using: &random))] }
        }
        if Int.random(in: 0..<4, using: &random) == 0 { settings.protected = [ProofFleet.name(0)] }
        if Int.random(in: 0..<4, using: &random) == 0 { settings.episodeTimeout = .seconds(2_400) }
        return settings
    }

    init(seed: UInt64, store: ProofStore, mutant: ProofMutant? = nil, traces: Bool = false) throws {
        settings = Self.settings(seed: seed)
        var told = settings
        mutant?.settings(&told)
        world = try ProofWorld(store, settings: settings, told: told)
        if traces { world.trace = ["\(settings)"] }
        random = SplitMix64(seed: seed)
    }

    /// - Returns: what does not hold; `nil` when all does.
    static func violation(seed: UInt64, mutant: ProofMutant? = nil, in stores: ProofStores) async throws -> String? {
        try await stores.use { store in
            var history = try ProofHistory(seed: seed, store: store, mutant: mutant)
            do {
                return try await history.run()
            } catch {
                return "the history ended: \(error)"
            }
        }
    }

    /// The history of a seed, step by step.
    static func trace(seed: UInt64, mutant: ProofMutant? = nil) async throws -> [String] {
        try await ProofStores(mutant).use { store in
            var history = try ProofHistory(seed: seed, store: store, mutant: mutant, traces: true)
            let violation = try await history.run()
            return (history.world.trace ?? []) + [violation ?? "holds"]
        }
    }

    mutating func run() async throws -> String? {
        for _ in 0..<draw(4...9) {
            try await step()
            if let violation = world.oracle.violation { return violation }
        }
        var calm = ProofCalm(world: world, settings: settings)
        try await calm.run()
        return world.oracle.violation
    }

    private mutating func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    private mutating func pick<Value>(_ values: [Value], else fallback: Value) -> Value {
        values.randomElement(using: &random) ?? fallback
    }

    /// One thing that happens, and then some time.
    private mutating func step() async throws {
        switch draw(0...22) {
        case 0...5: try await speak(count: draw(1...2))
        case 6: try await speak(count: min(settings.fleetSize, 4), everywhere: true)
        case 7...8: try await resolveSome()
        case 9: try await flap()
        case 10: try await command()
        case 11: try await world.restart()
        case 12: die()
        case 13...14: spoil()
        case 15: outage()
        case 16: jump()
        case 17, 21: try await race()
        case 18: try await world.sweep()
        case 19: try await pause()
        case 20: try await resume()
        default: break
        }
        if draw(0...5) > 0 { try await world.settle() }
        guard world.oracle.violation == nil else { return }
        try await world.advance(by: .seconds(pick([0, 30, 90, 200, 400, 1_000], else: 30)))
    }

    private mutating func key() -> ProofKey {
        let source = draw(0...3) == 0 ? "backup" : "alertmanager"
        let problem = source == "alertmanager" && draw(0...2) == 0 ? "DiskHung" : "HostDown"
        return ProofKey(source: source, problem: problem, server: draw(0...min(settings.fleetSize, 3) - 1))
    }

    /// A word of a problem: a repeat, or one whose start moved forwards (it began anew) or backwards (Alertmanager merged it).
    private mutating func firing(_ key: ProofKey) -> ProofAlert {
        let now = world.clock.now()
        var start = starts[key] ?? now - .seconds(30)
        switch draw(0...9) {
        case 0: start = now - .seconds(1)
        case 1: start = start - .seconds(100)
        default: break
        }
        starts[key] = start
        return ProofAlert(
            source: key.source, problem: key.problem, server: key.server, isFiring: true, startsAt: start, endsAt: nil,
            isTwice: key.server == 1)
    }

    private mutating func resolved(_ key: ProofKey) -> ProofAlert {
        let now = world.clock.now()
        let start = starts[key] ?? now - .seconds(30)
        // Now and then it speaks of the occurrence before.
        let isOld = draw(0...7) == 0
        if !isOld { starts[key] = nil }
        return ProofAlert(
            source: key.source, problem: key.problem, server: key.server, isFiring: false, startsAt: start,
            endsAt: isOld ? start - .seconds(10) : now)
    }

    /// A delivery of alerts that fire, with a resolved one among them at times.
    private mutating func speak(count: Int, everywhere: Bool = false) async throws {
        var bySource: [String: [ProofAlert]] = [:]
        for number in 0..<count {
            var key = key()
            if everywhere { key = ProofKey(source: "alertmanager", problem: key.problem, server: number) }
            let alert = draw(0...9) == 0 ? resolved(key) : firing(key)
            bySource[key.source, default: []].append(alert)
        }
        for source in ["alertmanager", "backup"] { try await world.deliver(bySource[source] ?? [], source: source) }
    }

    private var openKeys: [ProofKey] { world.oracle.keys.filter { world.oracle.problems[$0]?.isOpen == true } }

    private mutating func resolveSome() async throws {
        for key in openKeys where draw(0...1) == 0 { try await world.deliver([resolved(key)], source: key.source) }
    }

    private mutating func flap() async throws {
        let key = key()
        for _ in 0..<draw(2...4) {
            try await world.deliver([firing(key)], source: key.source)
            if draw(0...1) == 0 { try await world.settle() }
            try await world.deliver([resolved(key)], source: key.source)
            if draw(0...1) == 0 { try await world.settle() }
            world.clock.advance(by: .seconds(draw(0...40)))
        }
        if draw(0...1) == 0 { try await world.deliver([firing(key)], source: key.source) }
    }

    private mutating func command() async throws {
        number += 1
        try await world.command(
            draw(0...1) == 0 ? "reboot" : "cycle", server: draw(0...min(settings.fleetSize, 3) - 1), number: number)
    }

    private mutating func pause() async throws {
        let server = ProofFleet.id(draw(0...min(settings.fleetSize, 3) - 1))
        let scopes: [PauseScope] = [.all, .server(server), .rule("host-down"), .source("backup"), .action("server.reboot")]
        let scope = pick(scopes, else: .all)
        let span = Duration.seconds(draw(60...4_000))
        let isTimed = draw(0...1) == 0
        try await world.pause(scope, until: isTimed ? world.clock.now() + span : nil)
    }

    private mutating func resume() async throws {
        guard let scope = world.oracle.pausedScopes.randomElement(using: &random) else { return }
        try await world.resume(scope)
    }

    private mutating func die() {
        let (commit, keepsIt) = (draw(1...8), draw(0...1) == 0)
        world.note("dies at commit \(commit), keeping it: \(keepsIt)")
        world.life.die(atCommit: commit, keepingIt: keepsIt)
    }

    private mutating func spoil() {
        let operation = pick([Operation.reboot, .stop, .start, .get, .list], else: .get)
        let faults = (0..<draw(1...2)).map { _ in pick(ProofFleet.Fault.allCases, else: .lostAfter) }
        world.note("spoils \(operation.rawValue): \(faults)")
        world.fleet.trouble { $0.faults[operation, default: []] += faults }
    }

    private mutating func outage() {
        let isDown = draw(0...1) == 0
        let latency = Duration.seconds(pick([0, 2, 7], else: 0))
        world.note("the API is down: \(isDown), takes \(latency)")
        world.fleet.trouble { trouble in
            trouble.isDown = isDown
            trouble.latency = latency
        }
    }

    private mutating func jump() {
        let span = Duration.seconds(pick([-3_000, -300, -20, 20, 600, 4_000], else: 20))
        world.note("the clock jumps by \(span)")
        world.clock.advance(by: span)
        world.fleet.clockWasSet()
    }

    /// A resolve comes while a worker reads, and at times the problem begins anew at once.
    private mutating func race() async throws {
        guard let key = openKeys.randomElement(using: &random) else { return }
        let word = firing(key)
        var alerts = [resolved(key)]
        let world = ProofUnchecked(world)
        if draw(0...1) == 0 {
            let now = world.value.clock.now()
            starts[key] = now
            alerts.append(
                ProofAlert(
                    source: key.source, problem: key.problem, server: key.server, isFiring: true, startsAt: now, endsAt: nil,
                    isTwice: key.server == 1))
        }
        world.value.fleet.duringNextRead { [alerts] in
            try? await world.value.deliver(alerts, source: key.source)
            try? await world.value.dispatch()
        }
        try await world.value.deliver([word], source: key.source)
    }
}

/// Carries the world into a closure that the world itself calls, in its own turn.
struct ProofUnchecked: @unchecked Sendable {
    let value: ProofWorld

    init(_ value: ProofWorld) { self.value = value }
}
