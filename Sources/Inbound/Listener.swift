import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// A Hummingbird server with the limits that the library leaves open.
struct Listener<Responder: HTTPResponder>: Sendable where Responder.Context == ListenerContext {
    let application: Application<Responder>
    private let port = BoundPort()

    /// Tells `onMalformed` of each request that was not HTTP and is answered already.
    init(
        host: String, port wantedPort: Int, limits: ListenerLimits, responder: Responder, logger: Logger,
        onMalformed: @escaping @Sendable (MalformedRequest) -> Void
    ) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: limits.maxHeaderBytes, maxHeaderListSize: limits.maxHeaderBytes,
            maxHeaderFieldCount: limits.maxHeaderFields)
        // The library's own idle timeout stays off: the guard's deadlines cover every state, and one timer is enough.
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits: limits, onMalformed: onMalformed)],
            idleTimeout: nil, httpDecoderConfiguration: decoder)
        application = Application(
            responder: responder, server: .http1(configuration: channel),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: wantedPort),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    FileDescriptors.connectionCap(limits.maxConnections), logger: logger)),
            onServerRunning: { [port] channel in port.set(channel.localAddress?.port) }, logger: logger)
    }

    func run() async throws {
        defer { port.set(nil) }
        try await application.run()
    }

    func boundPort() async -> Int? {
        await port.value()
    }
}
