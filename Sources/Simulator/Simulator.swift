package import Model
import Synchronization

/// The VPS.org Servers API as documented, with faults on demand, in one process.
///
/// Safe to use from any task: requests are served one after the other. With a state file, an answer is given only after the
/// file was written.
package final class Simulator: Sendable {
    package let configuration: SimulatorConfiguration
    private let time: any TimeSource
    private let state: Mutex<SimulatorState>
    private let file: StateFile?

    /// Takes over the state file when there is one, else starts with the two servers of the reference.
    ///
    /// - Parameters:
    ///   - configuration: Token, file, times and options.
    ///   - time: The present time; every step of the simulation takes it from here.
    /// - Throws: ``SimulatorError`` when the state file can not be read or written.
    package init(configuration: SimulatorConfiguration, time: any TimeSource) throws(SimulatorError) {
        self.configuration = configuration
        self.time = time
        var state = SimulatorState(configuration: configuration)
        file = configuration.stateFile.map(StateFile.init(path:))
        if let file {
            if let value = try file.read() {
                do throws(FormatError) {
                    try state.load(value)
                } catch {
                    throw .stateFileUnreadable(path: file.path, reason: error.text)
                }
            }
            try file.write(state.fileJSON)
        }
        self.state = Mutex(state)
    }

    /// Answers one request at the present time. A state file that can not be written makes the answer a 503, and nothing has
    /// changed.
    package func handle(_ request: SimulatedRequest) -> SimulatedResponse {
        do throws(SimulatorError) {
            return try update { state, now in state.handle(request, now: now) }
        } catch {
            return .detail(503, error.description)
        }
    }

    /// Looks at the state, or changes it, at the present time: for tests and demonstrations in the same process.
    ///
    /// - Parameter body: Gets the state, advanced to the present time, and that time; it must not call the simulator.
    /// - Returns: What `body` returns.
    /// - Throws: ``SimulatorError/stateFileUnwritable(path:)``; nothing has changed then.
    @discardableResult
    package func update<Result: Sendable>(
        _ body: (inout SimulatorState, Timestamp) -> Result
    ) throws(SimulatorError) -> Result {
        let now = time.now()
        return try state.withLock { state throws(SimulatorError) in
            let before = state
            state.advance(to: now)
            let result = body(&state, now)
            if let file, state.revision != before.revision {
                do throws(SimulatorError) {
                    try file.write(state.fileJSON)
                } catch {
                    state = before
                    throw error
                }
            }
            return result
        }
    }
}
