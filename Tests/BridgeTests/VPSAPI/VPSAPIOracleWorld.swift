import CurlTransport
import JSON
import Model
import Synchronization
import Testing
import VPSAPI

@testable import Simulator

/// A simulated VPS.org behind a transport on virtual time: no sockets, no sleeping, one history per seed.
final class VPSAPIOracleWorld: HTTPTransport {
    struct State {
        var simulator: SimulatorState
        var now: Timestamp
        var random: SplitMix64
        /// How many requests came to nothing on the way.
        var losses = 0
    }

    static let token = "oracle"
    private let state: Mutex<State>

    init(seed: UInt64, options: SimulatorOptions = SimulatorOptions(), now: Timestamp = Timestamp(seconds: 1_800_000_000)) {
        let configuration = SimulatorConfiguration(token: Secret(Self.token), options: options)
        state = Mutex(State(simulator: SimulatorState(configuration: configuration), now: now, random: SplitMix64(seed: seed)))
    }

    var now: Timestamp { state.withLock { $0.now } }

    /// Lets time pass.
    func wait(until instant: Timestamp) { state.withLock { $0.now = max($0.now, instant) } }

    /// Looks at the simulator, or changes it, now.
    func update<Result: Sendable>(_ body: (inout SimulatorState, Timestamp) -> Result) -> Result {
        state.withLock { body(&$0.simulator, $0.now) }
    }

    func chance(_ perMille: Int) -> Bool { state.withLock { Int.random(in: 0..<1_000, using: &$0.random) < perMille } }
    func number(in range: ClosedRange<Int64>) -> Int64 { state.withLock { Int64.random(in: range, using: &$0.random) } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        state.withLock { state in
            // One in fifty requests never leaves.
            if Int.random(in: 0..<50, using: &state.random) == 0 {
                state.now = state.now + .seconds(5)
                return .notSent(TransportError(.connect, "no connection"))
            }
            let answer = state.simulator.handle(
                SimulatedRequest(
                    method: request.method.rawValue, target: request.target.pathAndQuery,
                    authorization: "Bearer \(Self.token)", contentType: "application/json", body: request.body ?? []),
                now: state.now)
            guard answer.delay < request.totalTimeout else {
                state.now = state.now + request.totalTimeout
                return .maybeSent(TransportError(.timeout, "no answer in time"))
            }
            state.now = state.now + answer.delay + .milliseconds(Int64.random(in: 1...400, using: &state.random))
            switch answer.ending {
            case .whole: break
            case .closed, .reset: return .maybeSent(TransportError(.reset, "the connection broke"))
            case .cutBody, .cutChunk: return .maybeSent(TransportError(.reset, "the answer broke off", status: answer.status))
            }
            return .response(
                HTTPResponse(
                    status: answer.status, headers: answer.headers.map { ($0.name, $0.value) }, body: answer.bytes))
        }
    }

    /// Faults of all kinds on the operation and on reads, each with a chance of its own that the seed decides.
    func addFaults(on operation: Operation, oldestList: Duration) {
        let kinds: [Fault.Kind] =
            [
                .dropBeforeApply, .dropAfterApply, .resetBeforeApply, .resetAfterApply, .status(500), .status(503),
                .statusAfterApply(500), .statusAfterApply(502), .statusAfterApply(504), .truncatedBody, .malformedBody,
            ]
            // A gateway that repeats a request by itself passes on what the second one is told: that it is so already.
            + (operation == .start || operation == .stop ? [.statusAfterApply(400)] : [])
        state.withLock { state in
            var faults: [Fault] = []
            for kind in kinds where Bool.random(using: &state.random) {
                faults.append(Fault(kind, on: operation, times: nil, perMille: Int.random(in: 1...250, using: &state.random)))
            }
            let retryAfter: [RetryAfterField?] = [nil, .seconds(7), .date(20), .date(-20), .text("soon")]
            faults.append(
                Fault(
                    .status(429), times: nil, retryAfter: retryAfter.randomElement(using: &state.random) ?? nil,
                    perMille: Int.random(in: 1...150, using: &state.random)))
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
            // A list of before this moment is the state at this moment.
            state.simulator.remember(now: state.now)
        }
    }
}
