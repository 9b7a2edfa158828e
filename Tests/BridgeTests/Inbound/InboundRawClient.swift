import NIOCore
import NIOPosix

/// A TCP client that writes bytes as they are, with pauses between them, and reads until the server closes.
enum InboundRawClient {
    /// What a client does after its pieces are written.
    enum Ending {
        /// It waits for the server to close.
        case wait
        /// It closes its own side and waits.
        case halfClose
    }

    /// Everything the server sent until it closed, and how long that took from the connection on.
    static func exchange(
        port: Int, _ pieces: [String], pause: TimeAmount = .zero, ending: Ending = .wait,
        onReply: @escaping @Sendable () -> Void = {}
    ) async throws -> (text: String, duration: TimeAmount) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: String.self)
        let started = NIODeadline.now()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(done: done, onReply: onReply))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        loop.execute { write(pieces[...], pause: pause, ending: ending, to: channel) }
        let text = try await done.futureResult.get()
        return (text, NIODeadline.now() - started)
    }

    private static func write(_ pieces: ArraySlice<String>, pause: TimeAmount, ending: Ending, to channel: any Channel) {
        guard channel.isActive else { return }
        guard let piece = pieces.first else {
            if ending == .halfClose { channel.close(mode: .output, promise: nil) }
            return
        }
        channel.writeAndFlush(ByteBuffer(string: piece), promise: nil)
        channel.eventLoop.scheduleTask(in: pause) { write(pieces.dropFirst(), pause: pause, ending: ending, to: channel) }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var received = ByteBuffer()
        private let done: EventLoopPromise<String>
        private let onReply: @Sendable () -> Void

        init(done: EventLoopPromise<String>, onReply: @escaping @Sendable () -> Void) {
            self.done = done
            self.onReply = onReply
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            onReply()
        }

        func channelInactive(context: ChannelHandlerContext) {
            done.succeed(String(buffer: received))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
