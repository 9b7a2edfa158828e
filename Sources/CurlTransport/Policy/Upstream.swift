package import Model
import Synchronization

/// One upstream as all who send to it share it: its ``UpstreamGate`` behind a lock, and the memory of what failed.
///
/// Safe to use from any task; nothing waits in it but for the request itself.
package final class Upstream: Sendable {
    /// Why a request was not let out.
    package struct HeldBack: Error, Sendable, Hashable {
        package let reason: GateReason
        package let until: Timestamp
        /// How long that is from the time of asking.
        package let wait: Duration
    }

    /// The most requests whose failure is remembered.
    static let rememberedMax = 1_024

    private struct State {
        var gate: UpstreamGate
        /// What the requests of that method and target failed with last: the next one of them is a repeat, whoever sends it.
        var failed: [String: RetryBudget.Repeat] = [:]
        var owesNotice = false

        mutating func remember(_ failure: RetryBudget.Repeat, for key: String) {
            if failed[key] == nil, failed.count >= Upstream.rememberedMax { _ = failed.popFirst() }
            failed[key] = failure
        }
    }

    private let state: Mutex<State>
    private let clock: any TimeSource
    private let random: @Sendable () -> Double

    /// - Parameters:
    ///   - limits: How much is asked for.
    ///   - clock: The clock that due times are told by.
    ///   - random: Gives numbers from 0 to below 1.
    package init(
        limits: GateLimits = GateLimits(), clock: any TimeSource,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        state = Mutex(State(gate: UpstreamGate(limits: limits)))
        self.clock = clock
        self.random = random
    }

    /// Sends a request if the gate lets it out, and tells the gate what became of it.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - kind: Its kind; what repeats are told by is its method and target.
    ///   - isFurtherPage: Whether it goes on with a listing that was let out, see ``UpstreamGate/admitPage(now:)``.
    ///   - transport: What sends it.
    /// - Returns: what became of the request.
    /// - Throws: ``HeldBack`` when nothing was sent.
    package func send(
        _ request: HTTPRequest, as kind: RequestClass, isFurtherPage: Bool = false, over transport: any HTTPTransport
    ) async throws(HeldBack) -> HTTPOutcome {
        let key = Self.key(of: request)
        let now = clock.now()
        let admission = state.withLock {
            isFurtherPage ? $0.gate.admitPage(now: now) : $0.gate.admit(kind, retry: $0.failed[key], now: now)
        }
        switch admission {
        case .refused(let reason, let until):
            throw HeldBack(reason: reason, until: until, wait: max(.zero, until.since(now)))
        case .admitted(let permit):
            let outcome = await transport.send(request)
            finish(permit, GateResult(outcome), key: key)
            return outcome
        }
    }

    /// Whether a request would be let out now, see ``UpstreamGate/outlook(_:retry:now:)``.
    package func outlook(_ kind: RequestClass) -> Outlook {
        let now = clock.now()
        return state.withLock { $0.gate.outlook(kind, now: now) }
    }

    /// Other credentials are in use: they are tried at once.
    package func credentialsReplaced() {
        let now = clock.now()
        state.withLock { $0.gate.credentialsReplaced(now: now) }
    }

    /// Whether people have to be told that the credentials are refused; true once for each time.
    package func takeNotice() -> Bool {
        state.withLock { state in
            defer { state.owesNotice = false }
            return state.owesNotice
        }
    }

    /// The notice could not be given: it is owed again.
    package func returnNotice() {
        state.withLock { $0.owesNotice = true }
    }

    /// What the gate looks like now.
    package var snapshot: UpstreamState {
        let now = clock.now()
        return state.withLock { $0.gate.state(now: now) }
    }

    private func finish(_ permit: GatePermit, _ result: GateResult, key: String) {
        let (now, random) = (clock.now(), random())
        state.withLock { state in
            if state.gate.finished(permit, result, now: now, random: random) { state.owesNotice = true }
            switch result {
            case .unavailable: state.remember(.transient, for: key)
            case .throttled: state.remember(.throttling, for: key)
            case .succeeded, .answered, .unauthorized: state.failed[key] = nil
            case .silent: break
            }
        }
    }

    private static func key(of request: HTTPRequest) -> String { "\(request.method.rawValue) \(request.target.pathAndQuery)" }
}
