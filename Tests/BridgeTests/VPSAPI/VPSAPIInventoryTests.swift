import Model
import Synchronization
import Testing
import VPSAPI

/// Lists what it is told to, one answer per listing, when it is told to.
private final class SlowServersAPI: ServersAPI {
    private struct State {
        var pending: [CheckedContinuation<Result<ServerList, APIError>, Never>] = []
        var begun = 0
        var waiters: [(Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var begun: Int { state.withLock { $0.begun } }

    /// Waits until that many listings were begun.
    func waitForListings(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.begun >= count { return true }
                state.waiters.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Answers one of the listings that wait; the oldest, unless told otherwise.
    func answer(_ result: Result<ServerList, APIError>, waiting index: Int = 0) {
        state.withLock { $0.pending.remove(at: index) }.resume(returning: result)
    }

    func list(status: ServerStatus?, location: String?) async throws(APIError) -> ServerList {
        let result = await withCheckedContinuation { continuation in
            let due = state.withLock { state in
                state.pending.append(continuation)
                state.begun += 1
                let due = state.waiters.filter { $0.0 <= state.begun }
                state.waiters.removeAll { $0.0 <= state.begun }
                return due
            }
            for waiter in due { waiter.1.resume() }
        }
        return try result.get()
    }

    private static let unused = APIError(code: .notSent, certainty: .notExecuted, detail: "unused")
    func get(_ id: ServerID) async throws(APIError) -> Server { throw Self.unused }
    func create(_ request: CreateServer) async throws(APIError) -> Server { throw Self.unused }
    func replace(_ id: ServerID, _ request: ReplaceServer) async throws(APIError) -> Server { throw Self.unused }
    func update(_ id: ServerID, _ request: UpdateServer) async throws(APIError) -> Server { throw Self.unused }
    func delete(_ id: ServerID) async throws(APIError) { throw Self.unused }
    func start(_ id: ServerID) async throws(APIError) -> PowerAnswer { throw Self.unused }
    func stop(_ id: ServerID) async throws(APIError) -> PowerAnswer { throw Self.unused }
    func reboot(_ id: ServerID) async throws(APIError) -> PowerAnswer { throw Self.unused }
}

private func list(_ id: Int64, isComplete: Bool = true) -> Result<ServerList, APIError> {
    .success(
        ServerList(servers: [Server(id: ServerID(rawValue: id), name: "web-\(id)", status: .active)], isComplete: isComplete))
}

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_800_000_000 + seconds) }

@Suite("Inventory")
struct VPSAPIInventoryTests {
    private func ask(_ inventory: Inventory, maxAge: Int64, now: Int64) -> Task<InventorySnapshot, any Error> {
        Task { try await inventory.servers(maxAge: .seconds(maxAge), now: at(now)) }
    }

    @Test("many who ask at once share one listing")
    func singleFlight() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let first = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        let others = (0..<50).map { _ in ask(inventory, maxAge: 60, now: 1) }
        for _ in 0..<100 { await Task.yield() }
        api.answer(list(1))
        let snapshot = try await first.value
        #expect(snapshot.fetchedAt == at(0))
        for other in others { #expect(try await other.value == snapshot) }
        #expect(api.begun == 1)
    }

    @Test("a snapshot serves until it is older than the caller allows")
    func age() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let first = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        api.answer(list(1))
        _ = try await first.value
        #expect(try await inventory.servers(maxAge: .seconds(60), now: at(60)).fetchedAt == at(0))
        #expect(api.begun == 1)
        let second = ask(inventory, maxAge: 60, now: 61)
        await api.waitForListings(2)
        api.answer(list(2))
        #expect(try await second.value.servers.first?.name == "web-2")
        #expect(try await inventory.servers(maxAge: .zero, now: at(61)).fetchedAt == at(61))
        #expect(api.begun == 2)
    }

    @Test("who needs fresh evidence does not get a listing that was begun before")
    func fresh() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let old = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        let fresh = ask(inventory, maxAge: 0, now: 5)
        await api.waitForListings(2)
        api.answer(list(1))
        #expect(try await old.value.fetchedAt == at(0))
        api.answer(list(2))
        #expect(try await fresh.value.servers.first?.name == "web-2")
        #expect(try await inventory.servers(maxAge: .seconds(60), now: at(6)).fetchedAt == at(5))
    }

    @Test("an older listing that ends later does not replace a newer one")
    func overtaking() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let old = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        let fresh = ask(inventory, maxAge: 0, now: 5)
        await api.waitForListings(2)
        api.answer(list(2), waiting: 1)
        #expect(try await fresh.value.fetchedAt == at(5))
        api.answer(list(1))
        #expect(try await old.value.fetchedAt == at(0))
        #expect(try await inventory.servers(maxAge: .seconds(60), now: at(6)).fetchedAt == at(5))
    }

    @Test("a failure is thrown to all who share it, and not kept")
    func failure() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let refused = APIError(code: .unauthorized, certainty: .notExecuted, status: 401, detail: "")
        let first = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        api.answer(.failure(refused))
        await #expect(throws: refused) { try await first.value }
        let second = ask(inventory, maxAge: 60, now: 1)
        await api.waitForListings(2)
        api.answer(list(1))
        #expect(try await second.value.fetchedAt == at(1))
    }

    @Test("an incomplete list is refused, and an old snapshot does not stand in for it")
    func incomplete() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let first = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        api.answer(list(1))
        _ = try await first.value
        let second = ask(inventory, maxAge: 60, now: 100)
        await api.waitForListings(2)
        api.answer(list(2, isComplete: false))
        let error = await #expect(throws: APIError.self) { try await second.value }
        #expect(error?.code == .invalidAnswer && error?.certainty == .notExecuted)
    }

    @Test("a clock that was set back does not make an old snapshot fresh")
    func clockSetBack() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let first = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        api.answer(list(1))
        _ = try await first.value
        #expect(try await inventory.servers(maxAge: .seconds(60), now: at(-1)).fetchedAt == at(0))
        let second = ask(inventory, maxAge: 60, now: -3_600)
        await api.waitForListings(2)
        api.answer(list(2))
        #expect(try await second.value.fetchedAt == at(-3_600))
    }

    @Test("cancelling the first who asked does not fail the others")
    func cancellation() async throws {
        let api = SlowServersAPI()
        let inventory = Inventory(api: api)
        let first = ask(inventory, maxAge: 60, now: 0)
        await api.waitForListings(1)
        let second = ask(inventory, maxAge: 60, now: 1)
        first.cancel()
        api.answer(list(1))
        #expect(try await second.value.fetchedAt == at(0))
    }
}
