import HummingbirdCore
package import JSON
package import Logging
package import Model
import ServiceLifecycle
import Synchronization

/// What a verb of the control socket came to.
package struct ControlAnswer: Sendable {
    /// Whether what was asked for was done.
    package var isDone: Bool
    /// What to tell, without secrets.
    package var body: JSONValue

    /// An answer of that outcome.
    package init(isDone: Bool, body: JSONValue) {
        self.isDone = isDone
        self.body = body
    }
}

/// What a command of the control socket does with its JSON body; `.null` when the body is empty or no JSON.
package typealias ControlCommand = @Sendable (JSONValue) async -> ControlAnswer

/// The socket by which the command line on this machine reaches the bridge: HTTP/1.1 over a Unix socket, as ``ControlResponder`` reads it.
///
/// Whoever may open the socket's file may use it, and that is the bridge's own user (mode 0600). Without it the bridge goes on: a
/// path that is too long, or a file in the way, is logged. Run it in a `ServiceGroup`.
package struct ControlServer: Service {
    private let path: ControlSocketPath
    private let reload: @Sendable () async -> ControlAnswer
    private let decide: @Sendable (ApprovalVote.Verdict, ApprovalID, _ reason: String?) async -> ControlAnswer
    private let commands: [String: ControlCommand]
    private let logger: Logger

    /// Prepares a listener; nothing is bound before ``run()``.
    ///
    /// - Parameters:
    ///   - path: the socket's path; its folder must exist.
    ///   - reload: reloads the rules and says what came of it.
    ///   - decide: counts an answer to a question of a run and says what came of it.
    ///   - commands: what else there is, by the name in `POST /-/NAME`.
    ///   - logger: takes the server's own lines.
    package init(
        path: String, reload: @escaping @Sendable () async -> ControlAnswer,
        decide: @escaping @Sendable (ApprovalVote.Verdict, ApprovalID, _ reason: String?) async -> ControlAnswer,
        commands: [String: ControlCommand] = [:], logger: Logger
    ) {
        self.path = ControlSocketPath(path)
        self.reload = reload
        self.decide = decide
        self.commands = commands
        self.logger = logger
    }

    /// Listens until a graceful shutdown or cancellation, and takes the socket away then.
    package func run() async throws {
        let staging: String
        do throws(ControlSocketPath.Problem) {
            staging = try path.prepare()
        } catch {
            logger.warning("the command line can not reach this bridge", metadata: ["reason": "\(error.reason)"])
            try? await gracefulShutdown()
            return
        }
        var quiet = logger
        // The library would name the path where the socket is bound, which is not where it is found.
        quiet.logLevel = max(logger.logLevel, .warning)
        let listener = Listener(
            address: .unixDomainSocket(path: staging), limits: ListenerLimits(maxBodyBytes: 4 << 10, maxConnections: 16),
            responder: ControlResponder(reload: reload, decide: decide, commands: commands, logger: logger), logger: quiet)
        let published = Mutex<ControlSocketPath.Identity?>(nil)
        defer { path.remove(published.withLock { $0 }) }
        do {
            try await listener.run { [path, logger] in
                do throws(ControlSocketPath.Problem) {
                    let identity = try path.publish()
                    published.withLock { $0 = identity }
                } catch {
                    logger.warning("the command line can not reach this bridge", metadata: ["reason": "\(error.reason)"])
                }
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("the command line can not reach this bridge", metadata: ["reason": "\(error)"])
            try? await gracefulShutdown()
        }
    }
}
