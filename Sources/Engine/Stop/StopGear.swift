package import Logging
package import Model
package import Store

/// The stop switch, the pauses and who reports them, put together for one data folder.
package struct StopGear: Sendable {
    /// What every worker asks.
    package let brakes: Brakes
    /// Where people pause and resume.
    package let desk: PauseDesk
    /// To be run beside the other services.
    package let reporter: StopReporter

    private let stop: StopSwitch

    /// Reads what is stopped; the switch watches from ``start()`` on.
    package init(
        dataFolder: String, store: any Store & PauseStore & Queries, channels: [String], clock: any TimeSource,
        workerDoorbell: Doorbell, messageDoorbell: Doorbell, logger: Logger
    ) async throws(StoreError) {
        let (changes, report) = AsyncStream.makeStream(of: StopReporter.Change.self)
        stop = StopSwitch(path: "\(dataFolder)/\(StopSwitch.fileName)") { isStopped, bySignal in
            report.yield(StopReporter.Change(isStopped: isStopped, bySignal: bySignal))
        }
        brakes = Brakes(stop: stop)
        desk = PauseDesk(store: store, brakes: brakes)
        reporter = StopReporter(
            changes: changes, stop: stop, store: store, channels: channels, clock: clock, workerDoorbell: workerDoorbell,
            messageDoorbell: messageDoorbell, logger: logger)
        try await brakes.board.refresh(from: store, now: clock.now())
    }

    /// Starts the switch's thread.
    /// - Returns: whether it runs; the bridge must not without it.
    package func start() -> Bool { stop.start() }

    /// Ends the switch's thread.
    package func end() { stop.end() }
}
