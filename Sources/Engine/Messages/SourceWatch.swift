package import Logging
package import Model
import ServiceLifecycle
package import Store
import Synchronization

/// Notices when a sender falls silent that usually speaks: the alert that never comes is the one that nobody misses.
///
/// People are told once at silence and once at return, over restarts too. What a sender did while the bridge was away is not known and
/// not held against it.
package final class SourceWatch: Service {
    /// How often it looks.
    static let pace = Duration.seconds(10)
    /// How often what was learnt goes to disk when there is nothing to tell.
    static let savingPace = Duration.seconds(60)

    private struct State {
        var pulses: [String: SourcePulse]?
        var counts: [String: UInt64] = [:]
        var listeningSince: Timestamp?
        var savedAt: Timestamp?
        var isChanged = false
    }

    private let store: any Store
    private let queries: any Queries
    private let expectations: [String: SourcePulse.Expectation]
    private let heard: @Sendable () -> [String: UInt64]
    private let channels: [String]
    private let clock: any TimeSource
    private let messageDoorbell: Doorbell
    private let logger: Logger
    private let state = Mutex(State())
    private let rest = Doorbell()

    /// `expectations` by source; `heard` gives how many webhooks of each source were taken since the start.
    package init(
        store: any Store, queries: any Queries, expectations: [String: SourcePulse.Expectation],
        heard: @escaping @Sendable () -> [String: UInt64], channels: [String], clock: any TimeSource, messageDoorbell: Doorbell,
        logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.expectations = expectations
        self.heard = heard
        self.channels = channels
        self.clock = clock
        self.messageDoorbell = messageDoorbell
        self.logger = logger
    }

    /// Which sources are silent now; those that nothing is expected of are left out.
    package var silence: [String: Bool] {
        state.withLock { state in
            var silence: [String: Bool] = [:]
            for (source, expectation) in expectations where expectation != .never {
                silence[source] = state.pulses?[source]?.silentSince != nil
            }
            return silence
        }
    }

    package func render(into text: inout MetricsText) {
        text.family("vpsbridge_source_silent", .gauge, "Whether nothing came from the source for three times its usual gap.")
        for (source, isSilent) in silence.sorted(by: { $0.key < $1.key }) { text.sample(["source": source], isSilent ? 1 : 0) }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await look()
                } catch {
                    logger.error("the watch over senders waits for the store", metadata: ["error": "\(error)"])
                }
                await rest.wait(atMost: Self.pace)
            }
        }
    }

    /// One look.
    package func look() async throws(StoreError) {
        if state.withLock({ $0.pulses == nil }) {
            let stored = try await queries.sourcePulses()
            state.withLock { $0.pulses = stored }
        }
        let now = clock.now()
        let (turned, turns, isDue) = take(heard(), now: now)
        guard !turns.isEmpty || isDue else { return }
        var entries: [AuditEntry] = []
        var messages: [NewMessage] = []
        for (source, turn) in turns.sorted(by: { $0.key < $1.key }) {
            let text = Self.words(source, turn, now: now)
            entries.append(AuditEntry(at: now, kind: .bridge, reason: .heartbeatMissing, actor: "bridge", detail: text))
            messages += MessagePolicy.notices(.sourceSilent, text, channels: channels)
            logger.warning("\(text)")
        }
        try await store.savePulses(turned, audit: entries, messages: messages, now: now)
        // Only what is on disk was told.
        state.withLock { state in
            for (source, pulse) in turned { state.pulses?[source, default: SourcePulse()].silentSince = pulse.silentSince }
            state.savedAt = now
            state.isChanged = false
        }
        if !messages.isEmpty { messageDoorbell.ring() }
    }

    /// Notes who was heard, and says what is to be told and written.
    private func take(
        _ counts: [String: UInt64], now: Timestamp
    ) -> (pulses: [String: SourcePulse], turns: [String: SourcePulse.Turn], isDue: Bool) {
        state.withLock { state in
            let listeningSince = state.listeningSince ?? now
            state.listeningSince = listeningSince
            for source in expectations.keys where counts[source, default: 0] > state.counts[source, default: 0] {
                state.pulses?[source, default: SourcePulse()].heard(at: now)
                state.isChanged = true
            }
            state.counts = counts
            var pulses = state.pulses ?? [:]
            var turns: [String: SourcePulse.Turn] = [:]
            for (source, expectation) in expectations {
                turns[source] = pulses[source, default: SourcePulse()].turn(expectation, listeningSince: listeningSince, now: now)
            }
            let isOld = state.savedAt.map { now.since($0) >= Self.savingPace || $0 > now } ?? true
            return (pulses.filter { expectations[$0.key] != nil }, turns, state.isChanged && isOld)
        }
    }

    private static func words(_ source: String, _ turn: SourcePulse.Turn, now: Timestamp) -> String {
        switch turn {
        case .silent(let since, let gap):
            "Nothing from \(source) since \(since.rfc3339): more than \(SourcePulse.patience) times its usual gap of \(gap.words)."
        case .returned(let since):
            "\(source) is heard again; it was silent for \(now.since(since).rounded.words)."
        }
    }
}

extension Duration {
    /// To the second.
    fileprivate var rounded: Duration { .seconds(components.seconds) }
}
