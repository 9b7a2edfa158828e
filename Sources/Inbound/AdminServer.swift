import HummingbirdCore
package import Logging
package import Model
import ServiceLifecycle

/// Where the admin listener listens and who may read from it.
package struct AdminConfiguration: Sendable {
    /// The host name or address to bind. Default `127.0.0.1`.
    package var host: String
    /// The TCP port to bind, 0 for any free one. Default 9090.
    package var port: Int
    /// The tokens of which `/metrics` wants one as `Authorization: Bearer`; needed unless the host is a loopback one. Default none.
    package var bearerTokens: [Secret]
    package var limits: ListenerLimits

    package init(
        host: String = "127.0.0.1", port: Int = 9090, bearerTokens: [Secret] = [],
        limits: ListenerLimits = ListenerLimits(maxConnections: 64)
    ) {
        self.host = host
        self.port = port
        self.bearerTokens = bearerTokens
        self.limits = limits
    }
}

/// Why an admin listener is refused before it listens.
package enum AdminConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It would answer the network without asking who asks.
    case needsToken(host: String)

    package var description: String {
        switch self {
        case .needsToken(let host):
            "the admin listener on \(host) is reachable from the network: give it a bearer token, or bind it to 127.0.0.1"
        }
    }
}

/// The listener for operators: `GET /metrics`, `GET /healthz` and `GET /readyz`.
///
/// On a loopback address it answers only requests whose `Host` is a loopback name, so that a web page can not reach it by pointing its
/// own name here (DNS rebinding); elsewhere `/metrics` wants a token. Run it in a `ServiceGroup`.
package struct AdminServer: Service {
    private let listener: Listener<AdminResponder>

    /// Prepares a listener; nothing is bound before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: where to listen, within which limits, and who may read.
    ///   - metrics: the text of `/metrics` in the Prometheus exposition format, asked for at each scrape.
    ///   - readiness: whether `/readyz` says 200; must return at once.
    ///   - logger: takes the server's own lines.
    /// - Throws: ``AdminConfigurationError`` when the listener would be open to the network.
    package init(
        configuration: AdminConfiguration, metrics: @escaping @Sendable () async -> String,
        readiness: @escaping @Sendable () -> Bool, logger: Logger
    ) throws(AdminConfigurationError) {
        let isLoopback = HostName.isLoopback(configuration.host)
        let tokens = configuration.bearerTokens.filter { !$0.isEmpty }
        guard isLoopback || !tokens.isEmpty else { throw .needsToken(host: configuration.host) }
        listener = Listener(
            address: .hostname(configuration.host, port: configuration.port), limits: configuration.limits,
            responder: AdminResponder(
                isLoopback: isLoopback, tokens: tokens, metrics: metrics, readiness: readiness, logger: logger),
            logger: logger)
    }

    /// Listens until a graceful shutdown or cancellation.
    /// - Throws: when the address can not be bound.
    package func run() async throws {
        try await listener.run()
    }

    /// The port that is bound, waited for until it is; `nil` when the listener ended without binding one.
    package func boundPort() async -> Int? {
        await listener.boundPort()
    }
}
