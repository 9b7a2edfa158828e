import JSON
import Model
import Simulator
import Testing
import VPSAPI

/// What must hold in every history, told from the simulator's ledger: the protocol is judged by what VPS.org did, not by what the
/// driver believes.
private struct Oracle {
    typealias Ending = VPSAPIOracleDriver.Ending

    let seed: UInt64
    var mutant: VPSAPIOracleDriver.Mutant?

    private static let web = ServerID(rawValue: 12_345)
    private static let webName = "web-server-01"

    /// What is wrong with the history of the seed; `nil` when all holds. Seeds take turns at the operations.
    func violation() async throws -> String? {
        switch seed % 6 {
        case 0, 1: try await create(listLag: 240)
        case 2: try await create(listLag: 420)
        case 3: try await power(.reboot)
        case 4: try await power(seed % 4 < 2 ? .start : .stop)
        default: try await delete()
        }
    }

    private func parts(lag: Int64 = 0) throws -> (VPSAPIOracleWorld, VPSAPIOracleDriver) {
        var options = SimulatorOptions(seed: seed)
        options.pageSize = [nil, 1, 2, 50][Int(seed / 6 % 4)]
        options.listLag = .seconds(lag)
        options.uniqueNames = seed % 7 == 0
        options.shortRebooting = seed % 5 == 0
        options.updatedAtFixed = seed % 11 == 0
        let world = VPSAPIOracleWorld(seed: seed &* 0x9E37_79B9, options: options)
        return (world, try VPSAPIOracleDriver(world, mutant: mutant))
    }

    /// Creates that took place, in their order.
    private func created(_ world: VPSAPIOracleWorld, _ name: String) -> [ServerID] {
        world.update { state, _ in
            state.ledger.entries.filter { $0.operation == .create && $0.applied && $0.name == name }.compactMap(\.server)
        }
    }

    private func create(listLag longest: Int64) async throws -> String? {
        // Lists lag by less than the window, or, with the longer lag, by more; then nothing else hides a server.
        let isLong = longest > 300
        let lag = Int64(seed / 6) % longest
        let (world, driver) = try parts(lag: lag)
        let name = "web-\(seed)"
        var rival: ServerID?
        if seed % 13 == 0 {
            // Somebody else has that name, and the list may not show it yet.
            _ = world.update { state, now in
                state.handle(
                    SimulatedRequest(
                        "POST", "/api/v1/servers/", token: VPSAPIOracleWorld.token,
                        json: ["name": .string(name), "plan_id": 1, "os_id": 5, "location": "us-west"]), now: now)
            }
            rival = created(world, name).first
            world.wait(until: world.now + .seconds(3))
        }
        world.addFaults(on: .create, oldestList: isLong ? .zero : .seconds(280 - lag))
        let ending = await driver.create(name)
        let ours = created(world, name).filter { $0 != rival }
        switch ending {
        case .done(let id):
            guard ours.count == 1 else { return "done, and \(ours.count) were created" }
            return id == ours.first ? nil : "done with a server that is not ours"
        case .parked(let shown):
            // What the list hides for longer than the window nobody can be shown; that a person looks is what is left.
            guard ours.count > 1, lag < 300 else { return nil }
            return Set(ours).isSubset(of: shown) ? nil : "parked with \(shown.count) of \(ours.count) shown"
        case .refused: return ours.isEmpty ? nil : "refused, and \(ours.count) were created"
        case .endless: return "no end"
        }
    }

    private func power(_ operation: Operation) async throws -> String? {
        let (world, driver) = try parts()
        if operation == .start { world.update { state, now in _ = state.setStatus(Self.web, to: .stopped, now: now) } }
        // Its last change lies in the past, as a second cannot be told from the next.
        world.wait(until: world.now + .seconds(60))
        world.addFaults(on: operation, oldestList: .zero)
        let ending = await driver.change(operation, Self.web, name: Self.webName)
        let applied = world.update { state, _ in state.ledger.applied[operation] ?? 0 }
        if ending == .endless { return "no end" }
        if applied > 1 { return "\(operation.rawValue) took place \(applied) times" }
        if ending == .refused, operation != .reboot, applied > 0 { return "refused, and \(operation.rawValue) took place" }
        guard operation != .reboot else { return nil }
        let status = world.update { state, now in
            state.advance(to: now + .seconds(600))
            return state.server(Self.web)?.status
        }
        return status == (operation == .start ? .active : .stopped) ? nil : "\(operation.rawValue): \(ending), and it is not so"
    }

    private func delete() async throws -> String? {
        let (world, driver) = try parts()
        let isRenamed = seed % 4 == 1
        if isRenamed {
            _ = world.update { state, now in
                state.handle(
                    SimulatedRequest(
                        "PATCH", "/api/v1/servers/\(Self.web)/", token: VPSAPIOracleWorld.token, json: ["name": "precious"]),
                    now: now)
            }
        }
        world.addFaults(on: .delete, oldestList: .zero)
        let ending = await driver.change(.delete, Self.web, name: Self.webName)
        let deleted = world.update { state, _ in state.ledger.entries.filter { $0.operation == .delete && $0.applied } }
        if deleted.contains(where: { $0.server != Self.web || $0.name != Self.webName }) { return "another server was deleted" }
        switch ending {
        case .endless where !isRenamed && deleted.isEmpty: return "no end"
        case .done(_?) where deleted.isEmpty: return "done, and nothing was deleted"
        default: return nil
        }
    }
}

@Suite("Oracle: effects per action over many seeds")
struct VPSAPIOracleTests {
    /// 2,000 seeds, and that many times as `VPSBRIDGE_LONG_TESTS` says.
    private static let seeds = 2_000 * (RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1)

    @Test("one server per create or a person with all candidates, one reboot at most, deletes of the right one only")
    func holds() async throws {
        for seed in 0..<UInt64(Self.seeds) {
            let violation = try await Oracle(seed: seed).violation()
            #expect(violation == nil, "seed \(seed): \(violation ?? "")")
        }
    }

    @Test("the oracle sees each mistake in the protocol", arguments: VPSAPIOracleDriver.Mutant.allCases)
    func sees(_ mutant: VPSAPIOracleDriver.Mutant) async throws {
        for seed in 0..<UInt64(2_000) {
            if try await Oracle(seed: seed, mutant: mutant).violation() != nil { return }
        }
        Issue.record("no history shows the mistake")
    }
}
