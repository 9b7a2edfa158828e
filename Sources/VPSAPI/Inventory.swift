package import Model

/// The servers of the account, cached, with one listing at a time however many ask.
package actor Inventory {
    private let api: any ServersAPI
    private var cached: InventorySnapshot?
    /// The number of the listing that `cached` is from.
    private var cachedFlight = 0
    private var flight: Flight?
    private var flights = 0

    /// A listing under way.
    private struct Flight {
        let number: Int
        let startedAt: Timestamp
        let task: Task<Result<InventorySnapshot, APIError>, Never>
    }

    /// How far the clock may lie behind a snapshot's time: callers read the clock just before they ask, in any order. A larger
    /// step back is a clock that was set, and says nothing of the snapshot's age.
    private static let clockSlack: Duration = .seconds(1)

    package init(api: any ServersAPI) {
        self.api = api
    }

    /// A snapshot that is at most that old; lists the servers when the cached one is older.
    ///
    /// Callers that come while a listing is under way share it, provided that it was begun recently enough for them: `maxAge`
    /// zero is answered only by a listing that began at `now` or later. A listing goes on when a caller is cancelled, for at
    /// most the API's timeout, since others may wait for it.
    ///
    /// - Throws: ``APIError`` of the listing; `invalidAnswer` when it is incomplete, since a missing server would look deleted.
    ///   The snapshot before it is not used in its place.
    package func servers(maxAge: Duration, now: Timestamp) async throws(APIError) -> InventorySnapshot {
        if let cached, isFresh(cached.fetchedAt, maxAge: maxAge, now: now) { return cached }
        let shared = flight.flatMap { isFresh($0.startedAt, maxAge: maxAge, now: now) ? $0 : nil }
        let current = shared ?? begin(now: now)
        let result = await current.task.value
        finish(current, result)
        return try result.get()
    }

    private func isFresh(_ instant: Timestamp, maxAge: Duration, now: Timestamp) -> Bool {
        let age = now.since(instant)
        return age <= maxAge && age >= .zero - Self.clockSlack
    }

    private func begin(now: Timestamp) -> Flight {
        let api = api
        flights += 1
        let task = Task { await Self.fetch(api, now: now) }
        let next = Flight(number: flights, startedAt: now, task: task)
        flight = next
        return next
    }

    /// The first of those who waited puts the result in place; an older listing never replaces a newer one.
    private func finish(_ done: Flight, _ result: Result<InventorySnapshot, APIError>) {
        if flight?.number == done.number { flight = nil }
        guard case .success(let snapshot) = result else { return }
        if done.number > cachedFlight {
            cachedFlight = done.number
            cached = snapshot
        }
    }

    private static func fetch(_ api: any ServersAPI, now: Timestamp) async -> Result<InventorySnapshot, APIError> {
        do throws(APIError) {
            let list = try await api.list(status: nil, location: nil)
            guard list.isComplete else {
                throw APIError(
                    code: .invalidAnswer, certainty: .notExecuted,
                    detail: "the list of servers is incomplete: \(list.servers.count) of them were read")
            }
            return .success(InventorySnapshot(servers: list.servers, fetchedAt: now))
        } catch {
            return .failure(error)
        }
    }
}
