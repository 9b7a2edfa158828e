import Model
import Synchronization
import VPSAPI

/// A changing request as the API saw it.
struct ProofCall: Sendable {
    let at: Timestamp
    let operation: Operation
    let server: ServerID
    /// The run that the worker had in hand.
    let run: RunID
    /// Whether it may have taken place as far as the sender can know: what guards count.
    var counts: Bool
    var wasApplied: Bool
}

/// A small fleet behind the API's protocol: it goes wrong as it is told, and writes down what it was asked, with the time.
final class ProofFleet: ServersAPI {
    /// What goes wrong with one request.
    enum Fault: CaseIterable, Sendable {
        /// No byte left.
        case notSent
        /// 429: nothing happened.
        case slowDown
        /// The connection broke before the request took place.
        case lostBefore
        /// It took place, and the connection broke.
        case lostAfter
        /// 500, and nothing happened.
        case errorBefore
        /// It took place, and the answer is a 500.
        case errorAfter
        /// The process of the bridge dies before the request leaves.
        case deathBefore
        /// It took place, and the process of the bridge died.
        case deathAfter

        var applies: Bool { self == .lostAfter || self == .errorAfter || self == .deathAfter }
        var counts: Bool { self != .notSent && self != .slowDown }
    }

    struct Trouble: Sendable {
        /// Requests that go wrong, by their operation; the first of each goes first.
        var faults: [Operation: [Fault]] = [:]
        /// Every request fails.
        var isDown = false
        /// How long each request takes.
        var latency: Duration = .zero
    }

    private struct Guest {
        var status = ServerStatus.active
        var updatedAt: Timestamp
        var next: (at: Timestamp, status: ServerStatus)?
    }

    private struct State {
        var guests: [Guest]
        var trouble = Trouble()
        var calls: [ProofCall] = []
        var lastFailedRead: Timestamp?
        var onRead: (@Sendable () async -> Void)?
    }

    static let firstID: Int64 = 101
    private let state: Mutex<State>
    private let clock: ProofClock
    private let life: ProofLife
    private let run: @Sendable () -> RunID?

    /// `run` says which run the worker has in hand.
    init(size: Int, clock: ProofClock, life: ProofLife, run: @escaping @Sendable () -> RunID?) {
        let guest = Guest(updatedAt: clock.now() - .seconds(86_400))
        state = Mutex(State(guests: Array(repeating: guest, count: size)))
        self.clock = clock
        self.life = life
        self.run = run
    }

    var size: Int { state.withLock { $0.guests.count } }
    static func id(_ index: Int) -> ServerID { ServerID(rawValue: firstID + Int64(index)) }
    static func name(_ index: Int) -> String { "web-\(index + 1)" }

    /// The changing requests since this was last asked.
    func takeCalls() -> [ProofCall] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }

    func trouble(_ change: (inout Trouble) -> Void) {
        state.withLock { change(&$0.trouble) }
    }

    /// When a server or the list could not be read the last time; `nil` when it always could.
    var lastFailedRead: Timestamp? { state.withLock { $0.lastFailedRead } }

    /// Does something while the next server or list is being read.
    func duringNextRead(_ body: (@Sendable () async -> Void)?) {
        state.withLock { $0.onRead = body }
    }

    func status(_ id: ServerID) -> ServerStatus {
        let now = clock.now()
        return state.withLock { state in
            Self.move(&state, now: now)
            return state.guests[Self.index(id)].status
        }
    }

    /// Servers do not wait for a clock that was set; without a look now they would be caught in their transition when it is there again.
    func clockWasSet() {
        let now = clock.now()
        state.withLock { Self.move(&$0, now: now) }
    }

    // MARK: The API

    func list(status: ServerStatus?, location: String?) async throws(APIError) -> ServerList {
        try await read(.list)
        return state.withLock { state in
            ServerList(servers: state.guests.indices.map { Self.server($0, state.guests[$0]) }, isComplete: true)
        }
    }

    func get(_ id: ServerID) async throws(APIError) -> Server {
        try await read(.get)
        return state.withLock { Self.server(Self.index(id), $0.guests[Self.index(id)]) }
    }

    func start(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try change(.start, id, requires: .stopped, through: .starting, to: .active)
    }

    func stop(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try change(.stop, id, requires: .active, through: .stopping, to: .stopped)
    }

    func reboot(_ id: ServerID) async throws(APIError) -> PowerAnswer {
        try change(.reboot, id, requires: .active, through: .rebooting, to: .active)
    }

    func create(_ request: CreateServer) async throws(APIError) -> Server { throw Self.unsupported }
    func replace(_ id: ServerID, _ request: ReplaceServer) async throws(APIError) -> Server { throw Self.unsupported }
    func update(_ id: ServerID, _ request: UpdateServer) async throws(APIError) -> Server { throw Self.unsupported }
    func delete(_ id: ServerID) async throws(APIError) { throw Self.unsupported }

    private func read(_ operation: Operation) async throws(APIError) {
        let meanwhile = state.withLock { state in
            defer { state.onRead = nil }
            return state.onRead
        }
        await meanwhile?()
        let now = clock.now()
        let error = state.withLock { state -> APIError? in
            Self.move(&state, now: now)
            clock.advance(by: state.trouble.latency)
            if state.trouble.isDown {
                state.lastFailedRead = now
                return Self.error(.lostBefore)
            }
            guard state.trouble.faults[operation]?.isEmpty == false, let fault = state.trouble.faults[operation]?.removeFirst()
            else { return nil }
            state.lastFailedRead = now
            return APIError(code: .serverError, certainty: .notExecuted, status: 500, detail: "\(fault)")
        }
        if life.isDead { throw Self.error(.notSent) }
        if let error { throw error }
    }

    private func change(
        _ operation: Operation, _ id: ServerID, requires: ServerStatus, through: ServerStatus, to: ServerStatus
    ) throws(APIError) -> PowerAnswer {
        guard !life.isDead, let run = run() else { throw Self.error(.notSent) }
        let now = clock.now()
        let error = state.withLock { state -> APIError? in
            Self.move(&state, now: now)
            clock.advance(by: state.trouble.latency)
            var fault = state.trouble.faults[operation]?.first
            if fault != nil { state.trouble.faults[operation]?.removeFirst() }
            if state.trouble.isDown, fault == nil { fault = .lostBefore }
            var call = ProofCall(
                at: now, operation: operation, server: id, run: run, counts: fault?.counts ?? true, wasApplied: false)
            if fault == .deathBefore { life.die() }
            if fault == .deathBefore { return Self.error(.notSent) }
            defer { state.calls.append(call) }
            if let fault, !fault.applies { return Self.error(fault) }
            let index = Self.index(id)
            guard state.guests[index].status == requires else {
                return APIError(
                    code: .badRequest, certainty: .notExecuted, status: 400, detail: "it is \(state.guests[index].status)")
            }
            call.wasApplied = true
            state.guests[index].status = through
            state.guests[index].updatedAt = now
            state.guests[index].next = (now + .seconds(8), to)
            if fault == .deathAfter { life.die() }
            return fault.map(Self.error)
        }
        if let error { throw error }
        return PowerAnswer(message: "it is \(through)", status: through)
    }

    private static func move(_ state: inout State, now: Timestamp) {
        for index in state.guests.indices {
            guard let next = state.guests[index].next else { continue }
            // A clock that was set back does not hold a server in its transition for hours.
            guard next.at <= now || next.at.since(now) > .seconds(60) else { continue }
            state.guests[index].status = next.status
            state.guests[index].updatedAt = next.at
            state.guests[index].next = nil
        }
    }

    private static func index(_ id: ServerID) -> Int { Int(id.rawValue - firstID) }

    private static func server(_ index: Int, _ guest: Guest) -> Server {
        Server(id: id(index), name: name(index), status: guest.status, updatedAt: guest.updatedAt)
    }

    private static func error(_ fault: Fault) -> APIError {
        switch fault {
        case .notSent, .deathBefore: APIError(code: .notSent, certainty: .notExecuted, detail: "no connection")
        case .slowDown:
            APIError(code: .rateLimited, certainty: .notExecuted, status: 429, retryAfter: .seconds(20), detail: "slow down")
        case .lostBefore, .lostAfter, .deathAfter:
            APIError(code: .outcomeUnknown, certainty: .unknown, detail: "the connection broke")
        case .errorBefore, .errorAfter:
            APIError(code: .serverError, certainty: .unknown, status: 500, detail: "an error")
        }
    }

    private static let unsupported = APIError(code: .notSent, certainty: .notExecuted, detail: "the fleet does not do this")
}
