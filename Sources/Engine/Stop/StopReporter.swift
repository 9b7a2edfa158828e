package import Logging
package import Model
import ServiceLifecycle
package import Store

/// Tells people and the audit when the stop switch was used, and wakes what waited for it. The switch works without it.
package struct StopReporter: Service {
    /// A change of the switch.
    package struct Change: Sendable, Hashable {
        package var isStopped: Bool
        /// Whether SIGUSR2 stopped it, rather than somebody's file.
        package var bySignal: Bool

        package init(isStopped: Bool, bySignal: Bool) {
            self.isStopped = isStopped
            self.bySignal = bySignal
        }
    }

    private let changes: AsyncStream<Change>
    private let stop: StopSwitch
    private let store: any Store & PauseStore
    private let channels: [String]
    private let clock: any TimeSource
    private let workerDoorbell: Doorbell
    private let messageDoorbell: Doorbell
    private let logger: Logger

    /// `changes` are what `stop` reports; `channels` are where people are told.
    package init(
        changes: AsyncStream<Change>, stop: StopSwitch, store: any Store & PauseStore, channels: [String],
        clock: any TimeSource, workerDoorbell: Doorbell, messageDoorbell: Doorbell, logger: Logger
    ) {
        self.changes = changes
        self.stop = stop
        self.store = store
        self.channels = channels
        self.clock = clock
        self.workerDoorbell = workerDoorbell
        self.messageDoorbell = messageDoorbell
        self.logger = logger
    }

    package func run() async throws {
        for await change in changes.cancelOnGracefulShutdown() {
            do throws(StoreError) {
                try await report(change)
            } catch {
                // Nothing depends on it: the switch is on or off all the same.
                logger.error("the stop switch could not be written into the audit", metadata: ["error": "\(error)"])
                workerDoorbell.ring()
            }
        }
    }

    /// Writes one change down, and wakes what waits when the switch was taken off.
    package func report(_ change: Change) async throws(StoreError) {
        let now = clock.now()
        let text =
            change.isStopped
            ? "Everything is stopped by \(change.bySignal ? "SIGUSR2" : "the file \(stop.path)"). Nothing is sent to VPS.org or any other API until "
                + "`vpsbridge resume`, or until that file is removed."
            : "The file \(stop.path) is gone: what waited goes on."
        if change.isStopped { logger.critical("stopped", metadata: ["by": "\(change.bySignal ? "signal" : "file")"]) }
        let entry = AuditEntry(
            at: now, kind: .command, reason: change.isStopped ? .paused : .resumed, actor: change.bySignal ? "signal" : "file",
            detail: text)
        if !change.isStopped { _ = try await store.wakePaused(now: now) }
        try await store.audit([entry], messages: MessagePolicy.notices(.stopSwitch, text, channels: channels), now: now)
        workerDoorbell.ring()
        messageDoorbell.ring()
    }
}
