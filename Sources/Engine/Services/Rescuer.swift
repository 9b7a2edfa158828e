package import Logging
package import Model
import ServiceLifecycle
package import Store

/// Frees runs whose worker was lost, closes problems that nobody speaks of any more, and says whether the store takes writes.
package struct Rescuer: Service {
    /// How often it looks.
    static let interval = Duration.seconds(10)

    private let store: any Store
    private let settings: EngineSettings
    private let clock: any TimeSource
    private let workerDoorbell: Doorbell
    private let readiness: Readiness
    private let pulse: LoopPulse
    private let logger: Logger
    private let pace = Doorbell()

    package init(
        store: any Store, settings: EngineSettings, clock: any TimeSource, workerDoorbell: Doorbell, readiness: Readiness,
        pulse: LoopPulse = LoopPulse(), logger: Logger
    ) {
        self.store = store
        self.settings = settings
        self.clock = clock
        self.workerDoorbell = workerDoorbell
        self.readiness = readiness
        self.pulse = pulse
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await sweep()
                    readiness.set(true)
                    pulse.beat()
                } catch {
                    readiness.set(false)
                    logger.error("the rescuer waits for the store", metadata: ["error": "\(error)"])
                }
                await pace.wait(atMost: Self.interval)
            }
        }
    }

    /// One look.
    package func sweep() async throws(StoreError) {
        let now = clock.now()
        try await store.checkWritable()
        let freed = try await store.rescue(now: now, everything: false)
        let stale = try await store.closeStaleEpisodes(before: now - settings.episodeTimeout, now: now)
        if freed > 0 { logger.warning("runs of a lost worker were freed", metadata: ["count": "\(freed)"]) }
        if freed + stale > 0 { workerDoorbell.ring() }
    }
}
