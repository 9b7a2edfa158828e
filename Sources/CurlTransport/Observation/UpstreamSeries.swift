import Model
import Synchronization

/// What is counted of the attempts for one upstream; safe to use from any thread.
final class UpstreamSeries: Sendable {
    /// What tells two counters of attempts apart.
    struct AttemptKey: Sendable, Hashable {
        let method: HTTPMethod
        let result: AttemptResult
    }

    /// OpenTelemetry's bounds for HTTP clients, and two more up to the longest time-out.
    private static let bounds = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
    ]

    /// Time that went into a phase.
    struct PhaseTime: Sendable {
        var whole = Duration.zero
        var count: UInt64 = 0
    }

    private struct Counted {
        var attempts: [AttemptKey: UInt64] = [:]
        var phases: [AttemptPhase: PhaseTime] = [:]
    }

    let durations = Histogram(bounds: bounds)
    let firstBytes = Histogram(bounds: bounds)
    let connectionsOpened = Counter()
    let connectionsReused = Counter()
    let resends = Counter()
    let bytesSent = Counter()
    let bytesReceived = Counter()
    private let running = Atomic<Int>(0)
    private let counted = Mutex(Counted())

    /// How many attempts wait and run now.
    var inFlight: Int { running.load(ordering: .relaxed) }
    var attempts: [AttemptKey: UInt64] { counted.withLock { $0.attempts } }
    var phases: [AttemptPhase: PhaseTime] { counted.withLock { $0.phases } }

    func began() {
        running.wrappingAdd(1, ordering: .relaxed)
    }

    func ended(_ method: HTTPMethod, _ exchange: HTTPExchange) {
        running.wrappingSubtract(1, ordering: .relaxed)
        let attempt = exchange.attempt
        let key = AttemptKey(method: method, result: AttemptResult(exchange.outcome))
        counted.withLock { counted in
            counted.attempts[key, default: 0] += 1
            for (phase, duration) in attempt.phases {
                counted.phases[phase, default: PhaseTime()].whole += duration
                counted.phases[phase, default: PhaseTime()].count += 1
            }
        }
        durations.observe(attempt.whole)
        bytesSent.increment(by: UInt64(clamping: attempt.bytesSent))
        bytesReceived.increment(by: UInt64(clamping: attempt.bytesReceived))
        if attempt.requestsReleased > 1 { resends.increment(by: UInt64(attempt.requestsReleased - 1)) }
        guard let timings = attempt.timings else { return }
        if timings.firstByte > .zero { firstBytes.observe(attempt.queued + timings.firstByte) }
        if attempt.isConnectionReused {
            connectionsReused.increment()
        } else if timings.connect > .zero {
            connectionsOpened.increment()
        }
    }
}
