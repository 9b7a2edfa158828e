import Engine
package import Model
package import Rules
import Synchronization

/// A prober that says what it is told to say, and opens no connection. Safe to use from any task.
package final class FakeProber: Prober {
    private struct State {
        var isHealthy = false
        var servers: [ServerID: Bool] = [:]
    }

    private let state = Mutex(State())

    /// Finds no server healthy until it is told to.
    package init() {}

    /// What every look at a server finds from now on, or, with a server, what the looks at that one find.
    package func answer(_ isHealthy: Bool, for server: ServerID? = nil) {
        state.withLock { state in
            if let server {
                state.servers[server] = isHealthy
            } else {
                state = State(isHealthy: isHealthy)
            }
        }
    }

    package func isHealthy(_ server: Server, probe: Probe) async -> Bool {
        state.withLock { $0.servers[server.id] ?? $0.isHealthy }
    }
}
