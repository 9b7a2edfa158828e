package import CurlTransport
package import Logging
package import Model
import ServiceLifecycle
import Synchronization

/// The bridge's own sign of life, to somebody who notices when it stops: a dead man's switch.
///
/// It is sent only while ``Vitals`` finds nothing wrong, so that whoever watches is told of a bridge that runs and does not work as of one
/// that is gone. Nothing is sent to say that something is wrong: a bridge that can still say so has channels for it.
package struct Heartbeat: Service {
    /// How soon it looks again when something is wrong.
    static let recheck = Duration.seconds(5)

    /// How it goes, for metrics. Safe to use from any thread.
    package final class Status: Sendable {
        private let state = Mutex<(isSuccessful: Bool, why: String?)>((false, nil))

        package init() {}

        /// Whether the last one was sent and taken.
        package var isSuccessful: Bool { state.withLock { $0.isSuccessful } }

        /// - Returns: whether that is new.
        fileprivate func set(_ why: String?) -> Bool {
            state.withLock { state in
                defer { state = (why == nil, why) }
                return state.isSuccessful != (why == nil) || state.why != why
            }
        }
    }

    private let url: Secret
    private let every: Duration
    private let vitals: Vitals
    private let transport: any HTTPTransport
    private let status: Status
    private let logger: Logger
    private let rest = Doorbell()

    package init(
        url: Secret, every: Duration, vitals: Vitals, transport: any HTTPTransport, status: Status, logger: Logger
    ) {
        self.url = url
        self.every = every
        self.vitals = vitals
        self.transport = transport
        self.status = status
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isSent = await beatOnce()
                await rest.wait(atMost: isSent ? every : min(every, Self.recheck))
            }
        }
    }

    /// Looks whether the bridge works and, if so, says so.
    /// - Returns: whether it was sent and taken.
    package func beatOnce() async -> Bool {
        var why = await vitals.failure()
        if why == nil { why = await send() }
        if status.set(why) {
            if let why {
                logger.warning("no heartbeat", metadata: ["why": "\(why)"])
            } else {
                logger.info("heartbeat")
            }
        }
        return why == nil
    }

    /// - Returns: why it was not taken; `nil` when it was.
    private func send() async -> String? {
        let timeout = min(.seconds(10), max(.seconds(1), every))
        guard
            let request = try? HTTPRequest(
                method: .get, url: String(decoding: url.reveal(), as: UTF8.self), isReplayable: true, totalTimeout: timeout,
                connectTimeout: .seconds(5), maxResponseBytes: 65_536)
        else { return "its address can not be used" }
        switch await transport.send(request) {
        case .response(let response) where (200..<300).contains(response.status): return nil
        case .response(let response): return "it was answered with \(response.status)"
        case .notSent(let error), .maybeSent(let error): return "it was not answered: \(error.code.rawValue)"
        }
    }
}
