import JSON
import NIOCore
import NIOHTTP1
import NIOPosix

/// Reaches the running bridge on this machine by its control socket.
enum ControlClient {
    /// What a request came to.
    enum Outcome: Sendable {
        case answered(status: Int, body: JSONValue)
        /// Nobody listens there, or there was no whole answer; why.
        case unreachable(String)
    }

    /// The longest answer that is read, in bytes.
    private static let maxBytes = 4 << 20
    /// How long an answer may take: 10,000 rules are checked in about a second, on a busy machine in many.
    private static let patience = TimeAmount.seconds(120)

    /// Sends a `POST`, with a body or without, and waits for its answer.
    static func post(_ target: String, body: JSONValue? = nil, socket path: String) async -> Outcome {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: Outcome.self)
        let bootstrap = ClientBootstrap(group: eventLoop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: maxBytes))
                try pipeline.addHandler(AnswerHandler(promise: promise))
            }
        }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
        } catch {
            promise.succeed(.unreachable("no bridge answers on \(path); does it run, and as this user?"))
            return await outcome(of: promise)
        }
        let timer = eventLoop.scheduleTask(in: patience) {
            promise.succeed(.unreachable("the bridge did not answer in time"))
        }
        let content = ByteBuffer(bytes: body?.serialized() ?? [])
        let head = HTTPRequestHead(
            version: .http1_1, method: .POST, uri: target,
            headers: ["Host": "localhost", "Content-Length": "\(content.readableBytes)", "Connection": "close"])
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if content.readableBytes > 0 { channel.write(HTTPClientRequestPart.body(.byteBuffer(content)), promise: nil) }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let outcome = await outcome(of: promise)
        timer.cancel()
        try? await channel.close().get()
        return outcome
    }

    private static func outcome(of promise: EventLoopPromise<Outcome>) async -> Outcome {
        do {
            return try await promise.futureResult.get()
        } catch {
            return .unreachable("\(error)")
        }
    }

    /// Takes the one answer of a connection.
    private final class AnswerHandler: ChannelInboundHandler {
        typealias InboundIn = NIOHTTPClientResponseFull

        private let promise: EventLoopPromise<Outcome>

        init(promise: EventLoopPromise<Outcome>) {
            self.promise = promise
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = unwrapInboundIn(data)
            let bytes = answer.body.map { Array($0.readableBytesView) } ?? []
            let body = (try? JSONValue.parse(bytes, limits: JSONLimits(maxBytes: ControlClient.maxBytes))) ?? .null
            promise.succeed(.answered(status: Int(answer.head.status.code), body: body))
        }

        func channelInactive(context: ChannelHandlerContext) {
            promise.succeed(.unreachable("the bridge closed the connection without an answer"))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            promise.succeed(.unreachable("\(error)"))
        }
    }
}
