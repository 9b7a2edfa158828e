package import Logging
package import Model
package import Rules
import ServiceLifecycle
package import Store
import Synchronization

/// How long what is not needed any more is kept.
package struct Retention: Sendable, Hashable {
    /// Deliveries, from their receipt. Default 30 days, at least ``leastDeliveries``.
    package var deliveries: Duration
    /// Ended runs, from their end, with their requests, questions and answers; problems without runs too. Default 90 days, at least
    /// ``leastRuns``.
    package var runs: Duration
    /// Entries of the audit. Default 365 days, at least ``leastRuns``.
    package var audit: Duration
    /// Messages that were sent or given up, from when they were written. Default 30 days, at least a day.
    package var messages: Duration
    /// Dead letters that a person settled, from then on. Default 90 days, at least a day.
    package var deadLetters: Duration

    /// Longer than the 76 hours for which a sender may repeat a delivery.
    package static let leastDeliveries = Duration.seconds(4 * 86_400)
    /// Longer than a calendar month, over which creates are counted.
    package static let leastRuns = Duration.seconds(32 * 86_400)
    package static let leastOther = Duration.seconds(86_400)

    package init(
        deliveries: Duration = .seconds(30 * 86_400), runs: Duration = .seconds(90 * 86_400),
        audit: Duration = .seconds(365 * 86_400), messages: Duration = .seconds(30 * 86_400),
        deadLetters: Duration = .seconds(90 * 86_400)
    ) {
        self.deliveries = max(deliveries, Self.leastDeliveries)
        self.runs = max(runs, Self.leastRuns)
        self.audit = max(audit, Self.leastRuns)
        self.messages = max(messages, Self.leastOther)
        self.deadLetters = max(deadLetters, Self.leastOther)
    }
}

/// Clears away what is older than its retention, a few rows at a time, and gives what that frees back to the file system.
///
/// What a guard counts is never old: runs stay for as long as the longest cooldown and the longest budget of any rule that is in force
/// or at work. Safe to stop at any point; the next pass goes on.
package struct Cleaner: Service {
    /// How often it looks.
    static let interval = Duration.seconds(3_600)
    /// How long it leaves the writer alone after a step, as a multiple of what the step took.
    private static let standBack = 10
    /// What a step may take; steps become smaller above it.
    static let longestStep = Duration.milliseconds(2)
    private static let rows = (first: 64, least: 4, most: 512)
    /// The file keeps a quarter of itself and this much free, in bytes; what is free beyond goes back.
    private static let reserve = 16 << 20

    private let store: any RecordStore
    private let retention: Retention
    private let limits: Limits
    private let rules: RuleBook
    private let clock: any TimeSource
    private let pause: @Sendable (Duration) async -> Void
    private let counts: PruneCounts
    private let logger: Logger
    private let pace = Doorbell()

    /// `pause` is called between two steps with how long to stand back.
    package init(
        store: any RecordStore, retention: Retention, limits: Limits, rules: RuleBook, clock: any TimeSource,
        counts: PruneCounts = PruneCounts(),
        pause: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }, logger: Logger
    ) {
        self.store = store
        self.retention = retention
        self.limits = limits
        self.rules = rules
        self.clock = clock
        self.counts = counts
        self.pause = pause
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await sweep()
                } catch {
                    logger.error("old rows could not be cleared away", metadata: ["error": "\(error)"])
                }
                await pace.wait(atMost: Self.interval)
            }
        }
    }

    /// One pass over everything.
    /// - Returns: how much was removed of each kind; kinds of which nothing was are missing.
    @discardableResult
    package func sweep() async throws(StoreError) -> [PruneKind: Int] {
        let now = clock.now()
        let runs = max(retention.runs, try await longestWindow())
        var removed: [PruneKind: Int] = [:]
        for kind in PruneKind.allCases {
            let span =
                switch kind {
                case .messages: retention.messages
                case .deadLetters: retention.deadLetters
                case .deliveries: retention.deliveries
                case .runs, .episodes, .createdServers, .ruleSets: runs
                case .audit: retention.audit
                }
            if kind == .audit { try await anchor(before: now - span, now: now) }
            let count = try await prune(kind, before: now - span, lettersBefore: now - max(runs, span), now: now)
            if count > 0 { removed[kind] = count }
        }
        try await shrink()
        let head = try await store.auditMarks().head
        logger.info(
            "records",
            metadata: [
                "audit_head": "\(head)",
                "removed":
                    "\(removed.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", "))",
            ])
        return removed
    }

    /// The longest span over which any guard counts: the floor's, and that of the rules in force and of those at work.
    func longestWindow() async throws(StoreError) -> Duration {
        var longest = limits.longestWindow
        for rule in rules.current.rules { longest = max(longest, rule.longestWindow) }
        for used in try await store.unfinishedRules() {
            if let rule = try await rules.rule(used.rule, revision: used.revision) {
                longest = max(longest, rule.longestWindow)
            }
        }
        return longest
    }

    private func prune(
        _ kind: PruneKind, before: Timestamp, lettersBefore: Timestamp, now: Timestamp
    ) async throws(StoreError) -> Int {
        var step = PruneStep(
            kind: kind, before: before, lettersBefore: lettersBefore, now: now, limit: Self.rows.first,
            keeping: [rules.current.revision])
        var removed = 0
        while !Task.isCancelled {
            let result = try await store.prune(step)
            removed += result.removed
            counts.add(result.removed, of: kind)
            guard let next = result.next else { break }
            step.after = next
            if result.took > Self.longestStep {
                step.limit = max(Self.rows.least, step.limit / 2)
            } else if result.took < Self.longestStep / 4 {
                step.limit = min(Self.rows.most, step.limit * 2)
            }
            await pause(result.took * Self.standBack)
        }
        return removed
    }

    private func anchor(before: Timestamp, now: Timestamp) async throws(StoreError) {
        do throws(StoreError) {
            while !Task.isCancelled, try await store.anchorAudit(before: before, now: now) > 0 {
                await pause(Self.longestStep * Self.standBack)
            }
        } catch {
            // A broken chain is a person's to look at; everything else is cleared all the same.
            guard error.code == .conflict else { throw error }
            logger.error("the audit is not pruned", metadata: ["error": "\(error.message)"])
        }
    }

    private func shrink() async throws(StoreError) {
        let size = try await store.fileSize()
        let spare = size.freeBytes - max(Self.reserve, size.bytes / 4)
        guard spare > 0 else { return }
        // 256 KiB a step.
        for _ in 0..<max(1, spare >> 18) where !Task.isCancelled {
            guard try await store.shrink(pages: 64) > 0 else { return }
            await pause(Self.longestStep * Self.standBack)
        }
    }
}

extension Limits {
    /// The longest span over which these count what was done.
    package var longestWindow: Duration {
        (budgets + fleetBudgets + [flaps]).map(\.per).reduce(max(cooldown, bootGrace), max)
    }
}

extension Rule {
    /// The longest span over which its guards look back, those over other rules too.
    package var longestWindow: Duration { after.values.reduce(limits.longestWindow, max) }
}

/// How much was cleared away since the start, for metrics. Safe to use from any task.
package final class PruneCounts: Sendable {
    private let counts = Mutex<[PruneKind: Int]>([:])

    package init() {}

    /// By kind; kinds of which nothing was removed are missing.
    package var all: [PruneKind: Int] { counts.withLock { $0 } }

    func add(_ count: Int, of kind: PruneKind) {
        if count > 0 { counts.withLock { $0[kind, default: 0] += count } }
    }
}
