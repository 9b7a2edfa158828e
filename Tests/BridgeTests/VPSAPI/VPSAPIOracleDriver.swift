import CurlTransport
import Model
import Simulator
import VPSAPI

/// The smallest driver of the documented protocol: intent, request, reading, verdict. It sleeps by turning the world's clock.
struct VPSAPIOracleDriver {
    /// A mistake that the oracle must see.
    enum Mutant: CaseIterable, Sendable {
        /// A create without a certain answer is sent again at once.
        case createsAgainWithoutList
        /// An incomplete list counts as a complete one.
        case ignoresIncomplete
        /// The first complete list without the name proves that nothing was created.
        case ignoresWindow
        /// A server of that name is ours, however old it is.
        case adoptsAnything
        /// A repeated create is not checked for a twin.
        case ignoresTwins
        /// A 5xx counts as a request that was not executed.
        case takes5xxForNothing
        /// A reboot without a sign is sent again.
        case rebootsAgain
        /// What is deleted is told by its id alone.
        case deletesByID
        /// A refused start is a failure, whatever the server says.
        case trustsRefusals
    }

    enum Ending: Sendable, Equatable {
        case done(ServerID?)
        /// With the servers that a person is shown.
        case parked([ServerID])
        case refused
        /// The driver did not come to an end.
        case endless
    }

    let client: VPSAPIClient
    let world: VPSAPIOracleWorld
    var mutant: Mutant?
    private let rules = Reconciliation()

    init(_ world: VPSAPIOracleWorld, mutant: Mutant? = nil) throws {
        self.world = world
        self.mutant = mutant
        client = try VPSAPIClient(
            baseURL: "https://admin.vps.org", token: Secret(VPSAPIOracleWorld.token), transport: world)
    }

    private func result<Value>(_ body: () async throws(APIError) -> Value) async -> Result<Value, APIError> {
        do throws(APIError) {
            return .success(try await body())
        } catch {
            guard mutant == .takes5xxForNothing, error.code == .serverError else { return .failure(error) }
            return .failure(
                APIError(code: .serverError, certainty: .notExecuted, status: error.status, detail: error.detail))
        }
    }

    private func pause(after error: APIError) { world.wait(until: world.now + max(error.retryAfter ?? .zero, .seconds(5))) }

    private func list() async -> Reading {
        switch await result({ () async throws(APIError) in try await client.list(status: nil, location: nil) }) {
        case .success(var list):
            if mutant == .ignoresIncomplete { list.isComplete = true }
            return .list(list)
        case .failure(let error): return .failed(error)
        }
    }

    private func get(_ id: ServerID) async -> Reading {
        Reading(await result { () async throws(APIError) in try await client.get(id) })
    }

    // MARK: Create

    func create(_ name: String) async -> Ending {
        let request = CreateServer(name: name, planID: 1, osID: 5, location: "us-west")
        guard let found = await findBefore(name) else { return .endless }
        if !found.isEmpty { return .parked(found.map(\.id)) }
        var isFollowing = false
        for _ in 0..<200 {
            let sentAt = world.now
            switch await result({ () async throws(APIError) in try await client.create(request) }) {
            case .success(let server):
                return isFollowing && mutant != .ignoresTwins ? await doneIfAlone(server) : .done(server.id)
            case .failure(let error):
                let isRefused = error.code == .badRequest || error.code == .conflict
                if error.certainty == .notExecuted, !isRefused {
                    pause(after: error)
                    continue
                }
                if mutant == .createsAgainWithoutList { continue }
                let sent = SentRequest(
                    .create(name: name), sentAt: mutant == .adoptsAnything ? Timestamp(seconds: 0) : sentAt,
                    isFollowing: isFollowing, answer: isRefused ? .refused : .none)
                switch await settleCreate(sent) {
                case .applied(let server?):
                    return isFollowing && mutant != .ignoresTwins ? await doneIfAlone(server) : .done(server.id)
                case .notExecuted: isFollowing = true
                case .refused: return .refused
                case .ambiguous(.several(let servers)): return .parked(servers.map(\.id))
                case .ambiguous(.notOurs(let server)): return .parked([server.id])
                case .ambiguous: return .parked([])
                default: return .endless
                }
            }
        }
        return .endless
    }

    /// The servers of that name before anything is sent; a list that can not be trusted is read again.
    private func findBefore(_ name: String) async -> [Server]? {
        for _ in 0..<200 {
            if case .list(let list) = await list(), list.isComplete, !list.servers.isEmpty {
                return list.servers.filter { $0.name == name }
            }
            world.wait(until: world.now + .seconds(5))
        }
        return nil
    }

    private func settleCreate(_ sent: SentRequest) async -> ReconcileVerdict {
        world.wait(until: rules.firstReading(of: sent.change, now: world.now))
        for _ in 0..<200 {
            let reading = await list()
            let now = mutant == .ignoresWindow ? world.now + .seconds(300) : world.now
            let verdict = rules.judge(sent, reading, now: now)
            guard case .stillUnknown(let next) = verdict else { return verdict }
            world.wait(until: next)
        }
        return .stillUnknown(readAgainAt: world.now)
    }

    /// After a second create: when the server is up, its name is looked for once more.
    private func doneIfAlone(_ server: Server) async -> Ending {
        for _ in 0..<200 {
            world.wait(until: world.now + .seconds(5))
            guard case .server(let present) = await get(server.id), present.status == .active else { continue }
            guard case .list(let list) = await list(), list.isComplete, !list.servers.isEmpty else { continue }
            let others = Reconciliation.others(named: server.name, besides: server.id, in: list.servers)
            return others.isEmpty ? .done(server.id) : .parked([server.id] + others.map(\.id))
        }
        return .endless
    }

    // MARK: One server

    /// Start, stop, reboot or delete, up to its end.
    func change(_ operation: Operation, _ id: ServerID, name: String) async -> Ending {
        for _ in 0..<400 {
            guard case .server(let before) = await get(id) else {
                world.wait(until: world.now + .seconds(5))
                continue
            }
            if operation == .delete, mutant != .deletesByID {
                guard Reconciliation.mayDelete(before, id: id, name: name) else { return .parked([id]) }
            }
            let change: SentRequest.Change =
                switch operation {
                case .delete: .delete(name: name)
                case .start: .start
                case .stop: .stop
                default: .reboot
                }
            let sentAt = world.now
            switch await result({ () async throws(APIError) in try await send(operation, id) }) {
            case .success: return .done(id)
            case .failure(let error):
                if error.code == .notFound, operation == .delete { return .done(id) }
                let isRefused = error.code == .badRequest
                if isRefused, mutant == .trustsRefusals { return .refused }
                if error.certainty == .notExecuted, !isRefused {
                    pause(after: error)
                    continue
                }
                let sent = SentRequest(
                    change, sentAt: sentAt, status: before.status, updatedAt: before.updatedAt,
                    answer: isRefused ? .refused : .none)
                switch await settle(sent, id) {
                case .applied, .alreadySo: return .done(id)
                case .assumedSent:
                    if mutant == .rebootsAgain { continue }
                    return .done(id)
                case .notExecuted: continue
                case .refused: return .refused
                case .ambiguous: return .parked([id])
                case .gone: return .done(nil)
                case .stillUnknown: return .endless
                }
            }
        }
        return .endless
    }

    private func send(_ operation: Operation, _ id: ServerID) async throws(APIError) {
        switch operation {
        case .delete: try await client.delete(id)
        case .start: _ = try await client.start(id)
        case .stop: _ = try await client.stop(id)
        default: _ = try await client.reboot(id)
        }
    }

    private func settle(_ sent: SentRequest, _ id: ServerID) async -> ReconcileVerdict {
        if sent.answer == .none { world.wait(until: rules.firstReading(of: sent.change, now: world.now)) }
        for _ in 0..<200 {
            let verdict = rules.judge(sent, await get(id), now: world.now)
            guard case .stillUnknown(let next) = verdict else { return verdict }
            world.wait(until: next)
        }
        return .stillUnknown(readAgainAt: world.now)
    }
}
