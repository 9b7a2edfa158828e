import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// A Hummingbird server with the limits that the library leaves open.
struct Listener<R: Responder>: Sendable {
    let address: BindAddress
    let limits: ListenerLimits
    let responder: R
    let logger: Logger
    private let bound = BoundPort()

    init(address: BindAddress, limits: ListenerLimits, responder: R, logger: Logger) {
        self.address = address
        self.limits = limits
        self.responder = responder
        self.logger = logger
    }

    /// Listens until a graceful shutdown, which stops accepting and ends each connection after the answer it owes.
    ///
    /// `onListening` is called once the address is bound.
    func run(onListening: @escaping @Sendable () async -> Void = {}) async throws {
        defer { bound.set(nil) }
        let connections = MaximumAvailableConnections(FileDescriptors.connectionCap(limits.maxConnections), logger: logger)
        let channel = ExchangeChannel(
            responder: responder, limits: limits, budget: BodyBudget(limit: limits.maxBodyBytesInFlight))
        let server = channel.server(
            configuration: ServerConfiguration(
                address: address, availableConnectionsDelegate: connections),
            onServerRunning: { [bound] channel in
                bound.set(channel.localAddress?.port)
                await onListening()
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        try await server.run()
    }

    func boundPort() async -> Int? {
        await bound.value()
    }
}
