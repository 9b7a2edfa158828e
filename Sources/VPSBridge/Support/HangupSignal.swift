import ServiceLifecycle
import UnixSignals

/// Asks for a reload at each SIGHUP, which otherwise would end the process.
struct HangupSignal: Service {
    let request: @Sendable () -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { request() }
    }
}
