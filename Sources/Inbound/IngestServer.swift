import HummingbirdCore
package import Logging
package import Model
import ServiceLifecycle
package import Store
package import Webhooks

/// The listener for webhooks and chat commands: `POST /hooks/{source}`, `GET /healthz` and `GET /readyz`.
///
/// A 2xx leaves it only after ``Store/accept(_:)`` returned; what can not be stored is answered 503 with `Retry-After`. Run it in a
/// `ServiceGroup`: a graceful shutdown stops accepting, finishes the requests in flight and returns.
package struct IngestServer: Service {
    /// What the listener has counted.
    package let metrics: IngestMetrics
    private let listener: Listener<IngestResponder>

    /// Prepares a listener; nothing is bound before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: where to listen and within which limits.
    ///   - sources: the configured sources by the name in their path.
    ///   - store: keeps each delivery before its sender is answered.
    ///   - clock: tells when a delivery was received.
    ///   - onAccepted: called after each stored delivery, before the sender is answered; must return at once.
    ///   - answerCommand: what a chat command is told at once, after it was stored; `nil` for the platform's plain success.
    ///   - readiness: whether `/readyz` says 200; must return at once.
    ///   - logger: takes one notice per rejected request, never a body or a secret.
    package init(
        configuration: IngestConfiguration, sources: [String: WebhookSource], store: any Store, clock: any TimeSource,
        onAccepted: @escaping @Sendable () -> Void, answerCommand: @escaping @Sendable (Event) -> String?,
        readiness: @escaping @Sendable () -> Bool, logger: Logger
    ) {
        let metrics = IngestMetrics(sources: sources.keys)
        let responder = IngestResponder(
            routes: Dictionary(
                uniqueKeysWithValues: sources.map { ($0, HookRoute(source: $1, counters: metrics.counters(of: $0))) }),
            store: store, clock: clock, limits: configuration.limits, metrics: metrics,
            rejections: RejectionLog(logger: logger, clock: clock), onAccepted: onAccepted, answerCommand: answerCommand,
            readiness: readiness)
        self.metrics = metrics
        listener = Listener(
            address: .hostname(configuration.host, port: configuration.port), limits: configuration.limits, responder: responder,
            logger: logger
        )
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
