import Model

/// Whether the bridge really works: what its heartbeat stands for.
///
/// A process that is there proves nothing. What counts is that the next alert would be kept, judged and acted on: the store has taken a
/// write lately, the dispatcher has judged what there was, the worker has claimed what was due and has a place for one more run, and
/// VPS.org can be seen. A pause by a person and `live: false` are decisions, not failures, and do not silence it. Pure but for the clocks
/// of the loops.
package struct Vitals: Sendable {
    /// A loop that has to get through its work.
    package struct Loop: Sendable {
        package let name: String
        package let pulse: LoopPulse
        /// How long it may take.
        package let patience: Duration

        package init(_ name: String, _ pulse: LoopPulse, patience: Duration) {
            self.name = name
            self.pulse = pulse
            self.patience = patience
        }
    }

    private let loops: [Loop]
    private let isBlind: @Sendable () async -> Bool

    /// `isBlind` says whether VPS.org can not be seen.
    package init(loops: [Loop], isBlind: @escaping @Sendable () async -> Bool) {
        self.loops = loops
        self.isBlind = isBlind
    }

    /// Why the bridge does not work; `nil` when it does.
    package func failure(at now: ContinuousClock.Instant = .now) async -> String? {
        for loop in loops {
            guard let age = loop.pulse.age(at: now) else { return "the \(loop.name) has not begun" }
            if age > loop.patience { return "the \(loop.name) has not got through for \(Int(age.inSeconds)) s" }
        }
        return await isBlind() ? "VPS.org can not be seen" : nil
    }
}
