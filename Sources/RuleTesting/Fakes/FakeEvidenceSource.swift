package import Engine
package import Model
import Synchronization

/// Sources that say what they are told to say, and open no connection. Safe to use from any task.
package final class FakeEvidenceSource: EvidenceSource {
    private struct State {
        var answers: [String: Evidence] = [:]
        var asked: [Event] = []
        var meanwhile: (@Sendable () async -> Void)?
    }

    private let state = Mutex(State())

    /// No source can be asked until it has an answer.
    package init() {}

    /// What a source says of every problem from now on; `nil`: it can not be asked.
    package func answer(_ evidence: Evidence?, for source: String) {
        state.withLock { $0.answers[source] = evidence }
    }

    /// The events of the problems that were asked for, in order.
    package var asked: [Event] { state.withLock { $0.asked } }

    /// Does something while the next answer is on its way.
    package func duringNextAnswer(_ body: @escaping @Sendable () async -> Void) {
        state.withLock { $0.meanwhile = body }
    }

    package func canAsk(_ source: String) -> Bool { state.withLock { $0.answers[source] != nil } }

    package func evidence(for event: Event) async -> Evidence {
        let (answer, meanwhile) = state.withLock { state in
            state.asked.append(event)
            defer { state.meanwhile = nil }
            return (state.answers[event.source], state.meanwhile)
        }
        await meanwhile?()
        return answer ?? .unavailable("the source can not be asked")
    }
}
