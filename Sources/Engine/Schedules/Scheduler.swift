package import Logging
package import Model
import Rules
import ServiceLifecycle
package import Store

/// Turns the instants of schedules into deliveries, which the dispatcher decides on as on any other.
///
/// It keeps nothing in memory: how far every schedule was followed is in the store, written together with the deliveries.
package struct Scheduler: Service {
    /// The longest time between two looks: rules are reloaded and clocks are set.
    static let interval = Duration.seconds(30)

    private let store: any Store
    private let queries: any Queries
    private let rules: RuleBook
    private let limits: Limits
    private let clock: any TimeSource
    private let dispatcherDoorbell: Doorbell
    private let logger: Logger
    private let pace = Doorbell()

    package init(
        store: any Store, queries: any Queries, rules: RuleBook, limits: Limits, clock: any TimeSource,
        dispatcherDoorbell: Doorbell, logger: Logger
    ) {
        self.store = store
        self.queries = queries
        self.rules = rules
        self.limits = limits
        self.clock = clock
        self.dispatcherDoorbell = dispatcherDoorbell
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var lastError: StoreError.Code?
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await tick()
                    lastError = nil
                } catch {
                    if lastError != error.code {
                        logger.error("the scheduler waits for the store", metadata: ["error": "\(error)"])
                    }
                    lastError = error.code
                }
                let next = nextDue.map { max(.milliseconds(1), $0.since(clock.now())) } ?? Self.interval
                await pace.wait(atMost: lastError == nil ? min(next, Self.interval) : .seconds(1))
            }
        }
    }

    /// Decides on every instant that has come since the last look.
    /// - Returns: how many are to be run.
    @discardableResult
    package func tick() async throws(StoreError) -> Int {
        let all = rules.current.rules
        let known = try await queries.scheduleCursors()
        guard !known.isEmpty || all.contains(where: { $0.schedule != nil }) else { return 0 }
        guard let tick = ScheduleDecision(now: clock.now(), limits: limits, cursors: known).tick(all) else { return 0 }
        let count = try await store.commit(tick)
        for entry in tick.audit {
            logger.warning("missed", metadata: ["rule": "\(entry.rule ?? "")", "detail": "\(entry.detail)"])
        }
        if count > 0 { dispatcherDoorbell.ring() }
        return count
    }

    /// When the next instant of any rule comes; `nil` when none does.
    package var nextDue: Timestamp? {
        ScheduleDecision(now: clock.now(), limits: limits, cursors: []).nextInstant(rules.current.rules)
    }
}
