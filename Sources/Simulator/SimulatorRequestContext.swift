import Glibc
package import Hummingbird
import NIOCore
import NIOHTTP1

/// What a request to the simulator knows beside itself: how to end its connection as no answer would.
package struct SimulatorRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Ends the connection, after these bytes when there are any.
    func end(_ ending: SimulatedResponse.Ending, with bytes: [UInt8]) async {
        if ending == .reset, let socket = channel as? any SocketOptionProvider {
            // A close that does not linger discards what was not sent and resets the connection (socket(7)).
            try? await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        if !bytes.isEmpty { try? await write(bytes) }
        try? await channel.close()
    }

    /// Writes past the encoder, which would make a whole answer of it.
    private func write(_ bytes: [UInt8]) async throws {
        let channel = channel
        try await channel.eventLoop.flatSubmit {
            let written = channel.eventLoop.makePromise(of: Void.self)
            do {
                let encoder = try channel.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
                encoder.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer(bytes: bytes))), promise: written)
            } catch {
                written.fail(error)
            }
            return written.futureResult
        }.get()
    }
}
