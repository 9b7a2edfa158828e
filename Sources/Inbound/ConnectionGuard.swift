import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Bounds the time that one connection may take, answers what is not HTTP, and closes after a response that says `Connection: close`.
///
/// It stands between the HTTP decoder and the server, in the connection's event loop. A request that arrives whole costs it two looks
/// at the clock and no timer.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ListenerLimits
    private let onMalformed: @Sendable (MalformedRequest) -> Void
    private var state: ConnectionState
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var sawPart = false
    private var closesAfterResponse = false

    /// Tells `onMalformed` of each request that was answered here because it is not HTTP.
    init(limits: ListenerLimits, onMalformed: @escaping @Sendable (MalformedRequest) -> Void) {
        self.limits = limits
        self.onMalformed = onMalformed
        state = ConnectionState(limits: limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        state.opened(at: context.eventLoop.now)
        armTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sawPart = true
        switch unwrapInboundIn(data) {
        case .head: if !state.isLingering { state.readHead(at: context.eventLoop.now) }
        case .body: break
        case .end: state.readEnd()
        }
        if !state.isLingering { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !sawPart { state.readPartialHead(at: context.eventLoop.now) }
        sawPart = false
        armTimer(context)
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !state.isLingering else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            if head.status.kind != .informational, head.headerFields[.connection] == "close" { closesAfterResponse = true }
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            state.responseEnded(at: context.eventLoop.now)
            if closesAfterResponse {
                context.writeAndFlush(data, promise: promise)
                beginClose(context)
            } else {
                context.write(data, promise: promise)
                armTimer(context)
            }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writabilityChanged(context.channel.isWritable, at: context.eventLoop.now)
        armTimer(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if state.isLingering, case ChannelEvent.inputClosed? = event as? ChannelEvent {
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !state.isLingering else { return }
        // With a request open its reader gets the error and answers; an error of the socket leaves nobody to answer.
        guard state.openRequests == 0, let malformed = MalformedRequest(error) else {
            context.fireErrorCaught(error)
            return
        }
        onMalformed(malformed)
        let problem = malformed.problem
        context.write(wrapOutboundOut(.head(problem.response(to: .get).head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: problem.json))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        beginClose(context)
    }

    /// Closes our side and takes in for a moment what the peer still sends: closing at once would reset the connection, and the peer
    /// might never read the response.
    private func beginClose(_ context: ChannelHandlerContext) {
        state.linger(from: context.eventLoop.now)
        context.close(mode: .output, promise: nil)
        armTimer(context)
    }

    private func armTimer(_ context: ChannelHandlerContext) {
        guard let deadline = state.deadline else { return }
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = box.value
            handler.timerFired(context)
        }
        timer = (deadline, task)
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        timer = nil
        let now = context.eventLoop.now
        switch state.expiry(at: now) {
        case nil: break
        case .body where state.openRequests > 0:
            state.bodyExpired(at: now)
            context.fireErrorCaught(BodyTimeout())
        case .head, .body, .write, .linger:
            context.close(promise: nil)
            return
        }
        armTimer(context)
    }
}

/// Thrown at whoever reads a body that did not end in time.
struct BodyTimeout: Error {}
