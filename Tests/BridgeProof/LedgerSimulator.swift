import CurlTransport
import Model
import Simulator
import Synchronization

/// The simulated VPS.org behind a transport on virtual time, and a place for messages: no sockets, no sleeping.
final class LedgerSimulator: HTTPTransport {
    struct State {
        var simulator: SimulatorState
        var random: SplitMix64
        /// Requests that go wrong by themselves, in thousandths; none once the troubles are over.
        var isTroubled = true
        /// What people were told.
        var messages: [String] = []
        /// What happens while a very slow answer is on its way; called for one at a time.
        var meanwhile: (@Sendable () async -> Void)?
    }

    static let token = "a-token-of-the-proof"
    static let origin = "https://admin.vps.org"

    private let state: Mutex<State>
    private let clock: ProofClock
    private let life: ProofLife

    init(seed: UInt64, options: SimulatorOptions, clock: ProofClock, life: ProofLife) {
        let configuration = SimulatorConfiguration(token: Secret(Self.token), options: options)
        state = Mutex(State(simulator: SimulatorState(configuration: configuration), random: SplitMix64(seed: seed)))
        self.clock = clock
        self.life = life
    }

    /// Looks at the simulator, or changes it, now.
    func update<Result: Sendable>(_ body: (inout State, Timestamp) -> Result) -> Result {
        let now = clock.now()
        return state.withLock { state in
            state.simulator.advance(to: now)
            return body(&state, now)
        }
    }

    var ledger: [Ledger.Entry] { state.withLock { $0.simulator.ledger.entries } }
    var messages: [String] { state.withLock { $0.messages } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        guard !life.isDead else { return .notSent(TransportError(.connect, "the process is dead")) }
        guard request.url.utf8.starts(with: Self.origin.utf8) else { return message(request) }
        let isChanging = request.method != .get
        // The process may die with the request on its way, or the answer.
        let death = state.withLock { $0.isTroubled && isChanging ? Int.random(in: 0..<60, using: &$0.random) : 60 }
        if death == 0 {
            life.die()
            return .notSent(TransportError(.connect, "the process is dead"))
        }
        let answer = answer(request)
        if death == 1 {
            life.die()
            return .maybeSent(TransportError(.reset, "the process is dead"))
        }
        guard let answer else { return .notSent(TransportError(.connect, "no connection")) }
        let isLate = answer.delay >= request.totalTimeout
        clock.advance(by: isLate ? request.totalTimeout : answer.delay + .milliseconds(latency()))
        // Not while a list is read, which all who want it wait for together.
        if answer.delay > .seconds(25), !request.isList, let meanwhile = state.withLock({ $0.takeMeanwhile() }) {
            await meanwhile()
            state.withLock { $0.meanwhile = meanwhile }
        }
        if isLate { return .maybeSent(TransportError(.timeout, "no answer in time")) }
        switch answer.ending {
        case .whole: break
        case .closed, .reset: return .maybeSent(TransportError(.reset, "the connection broke"))
        case .cutBody, .cutChunk: return .maybeSent(TransportError(.reset, "the answer broke off", status: answer.status))
        }
        return .response(
            HTTPResponse(status: answer.status, headers: answer.headers.map { ($0.name, $0.value) }, body: answer.bytes))
    }

    private func latency() -> Int64 { state.withLock { Int64.random(in: 1...400, using: &$0.random) } }

    /// - Returns: `nil` when the request never left.
    private func answer(_ request: HTTPRequest) -> SimulatedResponse? {
        let now = clock.now()
        return state.withLock { state in
            if state.isTroubled, Int.random(in: 0..<50, using: &state.random) == 0 { return nil }
            return state.simulator.handle(
                SimulatedRequest(
                    method: request.method.rawValue, target: request.target.pathAndQuery,
                    authorization: "Bearer \(Self.token)", contentType: "application/json", body: request.body ?? []),
                now: now)
        }
    }

    /// A receiver of messages; it fails at times.
    private func message(_ request: HTTPRequest) -> HTTPOutcome {
        state.withLock { state in
            if state.isTroubled, Int.random(in: 0..<5, using: &state.random) == 0 {
                return .maybeSent(TransportError(.reset, "the receiver is away"))
            }
            state.messages.append(String(decoding: request.body ?? [], as: UTF8.self))
            return .response(HTTPResponse(status: 200, headers: [], body: []))
        }
    }

    /// Faults of all kinds on some operations and on reads, each with a chance of its own that the seed decides.
    func addFaults(on operations: [Operation], oldestList: Duration) {
        update { state, now in
            let kinds: [Fault.Kind] = [
                .dropBeforeApply, .dropAfterApply, .resetBeforeApply, .resetAfterApply, .status(500), .status(503),
                .statusAfterApply(500), .statusAfterApply(502), .statusAfterApply(504), .truncatedBody, .malformedBody,
            ]
            var faults: [Fault] = []
            for operation in operations {
                for kind in kinds where Bool.random(using: &state.random) {
                    faults.append(Fault(kind, on: operation, times: nil, perMille: Int.random(in: 1...250, using: &state.random)))
                }
                // A gateway that repeats a request: the second one is refused by the server's state, but for a create, which is two then.
                faults.append(Fault(.appliedTwice, on: operation, times: nil, perMille: 60))
            }
            faults.append(
                Fault(
                    .status(429), times: nil, retryAfter: .seconds(7), perMille: Int.random(in: 1...150, using: &state.random)))
            faults.append(
                Fault(
                    .delay, times: nil, delay: .zero, delayMax: .seconds(90),
                    perMille: Int.random(in: 1...150, using: &state.random)))
            if oldestList > .zero {
                faults.append(
                    Fault(
                        .staleList, on: .list, times: nil, age: oldestList,
                        perMille: Int.random(in: 1...500, using: &state.random)))
            }
            for kind in [Fault.Kind.incompleteList, .emptyList, .dropAfterApply, .status(502)] {
                faults.append(Fault(kind, on: .list, times: nil, perMille: Int.random(in: 1...200, using: &state.random)))
            }
            for kind in [Fault.Kind.dropBeforeApply, .status(500), .malformedBody] {
                faults.append(Fault(kind, on: .get, times: nil, perMille: Int.random(in: 1...200, using: &state.random)))
            }
            faults.shuffle(using: &state.random)
            state.simulator.faults = faults
        }
    }

    /// From now on everything works.
    func endTroubles() {
        update { state, _ in
            state.simulator.faults = []
            state.isTroubled = false
        }
    }
}

extension HTTPRequest {
    /// Whether it asks for a page of the list of servers.
    fileprivate var isList: Bool {
        let path = target.pathAndQuery.utf8
        return method == .get && (path.elementsEqual("/api/v1/servers/".utf8) || path.starts(with: "/api/v1/servers/?".utf8))
    }
}

extension LedgerSimulator.State {
    mutating func takeMeanwhile() -> (@Sendable () async -> Void)? {
        defer { meanwhile = nil }
        return meanwhile
    }
}
