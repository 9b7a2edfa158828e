import NIOCore
import NIOHTTP1

/// Takes in the requests of one connection, one after the other, within the limits, and writes their answers.
///
/// It runs in the connection's event loop; only ``Responder/answer(_:body:)`` runs elsewhere. A request that arrives whole costs it two
/// looks at the clock and no timer. What a peer sends ahead of an answer waits, at most one read of the socket: NIO's own pipelining
/// handler stops reading at each request instead, which is two more system calls for everyone.
final class ExchangeHandler<R: Responder>: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        /// No request, or one whose headers did not end yet.
        case idle
        /// The body comes in.
        case reading(R.Admitted)
        /// The answer is known and goes out at the end of a request that has no body.
        case decided(Reply)
        /// The request is whole and its answer is being made.
        case answering
        /// The last answer was written: nothing more is read or answered.
        case closing
    }

    private let responder: R
    private let limits: ListenerLimits
    private let budget: BodyBudget
    private var phase = Phase.idle
    private var deadlines: ConnectionDeadlines
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var isOver = false
    private var pending = CircularBuffer<HTTPServerRequestPart>()
    private var pendingError: Problem?
    private var isReadHeld = false
    private var isDraining = false
    private var isInputClosed = false
    private var isQuiescing = false
    private var sawPart = false
    private var body: [UInt8] = []
    private var reservation: BodyReservation?
    private var keepsAlive = true
    private var wantsNoBody = false

    init(responder: R, limits: ListenerLimits, budget: BodyBudget) {
        self.responder = responder
        self.limits = limits
        self.budget = budget
        deadlines = ConnectionDeadlines(limits: limits)
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sawPart = true
        let part = unwrapInboundIn(data)
        if case .answering = phase {
            pending.append(part)
        } else {
            receive(part, context)
        }
    }

    func read(context: ChannelHandlerContext) {
        if pending.isEmpty {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    private func receive(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head): begin(head, context)
        case .body(let part): take(part, context)
        case .end: end(context)
        }
    }

    /// Takes what came in while an answer was made. A loop, since many small requests can come in one read.
    private func drain(_ context: ChannelHandlerContext) {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        while let part = pending.first {
            if case .answering = phase { return }
            pending.removeFirst()
            receive(part, context)
        }
        if case .idle = phase {
            if let pendingError { return refuse(nil, pendingError, context) }
            if isInputClosed { return context.close(promise: nil) }
        }
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard case .idle = phase else { return }
        deadlines.headEnded(at: context.eventLoop.now)
        keepsAlive = head.isKeepAlive
        wantsNoBody = head.method == .HEAD
        switch responder.admit(head) {
        case .admitted(let admitted):
            phase = .reading(admitted)
            if head.expectsContinue {
                let head = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            }
        case .answered(let reply) where head.announcesBody: write(reply, closing: true, context)
        case .answered(let reply): phase = .decided(reply)
        }
    }

    private func take(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
        guard case .reading(let admitted) = phase else { return }
        guard part.readableBytes <= limits.maxBodyBytes - body.count else {
            return refuse(admitted, .bodyTooLarge(limit: limits.maxBodyBytes), context)
        }
        let reservation = reservation ?? BodyReservation(budget)
        self.reservation = reservation
        guard reservation.grow(by: part.readableBytes) else { return refuse(admitted, .tooManyBodies, context) }
        body.append(contentsOf: part.readableBytesView)
    }

    private func end(_ context: ChannelHandlerContext) {
        switch phase {
        case .reading(let admitted):
            deadlines.requestEnded()
            phase = .answering
            answer(admitted, context)
        case .decided(let reply): write(reply, closing: false, context)
        case .idle, .answering, .closing: break
        }
    }

    private func answer(_ admitted: R.Admitted, _ context: ChannelHandlerContext) {
        let (body, reservation) = (body, reservation)
        self.body = []
        self.reservation = nil
        let eventLoop = context.eventLoop
        let here = NIOLoopBound((handler: self, context: context), eventLoop: eventLoop)
        Task { [responder] in
            let reply = await responder.answer(admitted, body: body)
            eventLoop.execute {
                guard case .answering = here.value.handler.phase else { return }
                here.value.handler.write(reply, closing: false, here.value.context)
            }
            withExtendedLifetime(reservation) {}
        }
    }

    private func refuse(_ admitted: R.Admitted?, _ problem: Problem, _ context: ChannelHandlerContext) {
        responder.refused(admitted, problem)
        write(problem.reply, closing: true, context)
    }

    // MARK: Answers

    /// Writes an answer; with `closing` it is the last one, because some of the request was left unread.
    private func write(_ reply: Reply, closing: Bool, _ context: ChannelHandlerContext) {
        let closes = closing || !keepsAlive || isQuiescing
        var head = HTTPResponseHead(version: .http1_1, status: reply.status, headers: reply.headers)
        head.headers.add(name: "Date", value: DateHeader.shared.value)
        if closes { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !wantsNoBody, reply.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil)
        }
        body = []
        reservation = nil
        if closes {
            phase = .closing
            deadlines.closing(at: context.eventLoop.now)
        } else {
            phase = .idle
            deadlines.responseEnded(at: context.eventLoop.now)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Only our side: closing both would reset the connection while the peer still sends, and it might never read the answer.
        if closes { context.close(mode: .output, promise: nil) }
        drain(context)
        armTimer(context)
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        deadlines.opened(at: context.eventLoop.now)
        armTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        abandon()
    }

    func channelInactive(context: ChannelHandlerContext) {
        abandon()
        context.fireChannelInactive()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !sawPart, case .idle = phase { deadlines.headBegan(at: context.eventLoop.now) }
        sawPart = false
        armTimer(context)
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadlines.writabilityChanged(context.channel.isWritable, at: context.eventLoop.now)
        armTimer(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { inputClosed(context) }
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            if case .idle = phase { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func inputClosed(_ context: ChannelHandlerContext) {
        isInputClosed = true
        switch phase {
        case .reading(let admitted): refuse(admitted, .incompleteBody, context)
        case .decided, .answering: break
        case .idle, .closing: context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let problem = Problem(parserError: error) else { return context.close(promise: nil) }
        switch phase {
        case .idle:
            wantsNoBody = false
            refuse(nil, problem, context)
        case .reading(let admitted): refuse(admitted, .incompleteBody, context)
        case .answering: pendingError = problem
        case .decided: context.close(promise: nil)
        case .closing: break
        }
    }

    private func abandon() {
        isOver = true
        phase = .closing
        body = []
        pending = []
        reservation = nil
        timer?.task.cancel()
        timer = nil
    }

    // MARK: Time

    private func armTimer(_ context: ChannelHandlerContext) {
        guard !isOver, let deadline = deadlines.next else { return }
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        let here = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: deadline) { here.value.handler.timerFired(here.value.context) }
        timer = (deadline, task)
    }

    private func timerFired(_ context: ChannelHandlerContext) {
        timer = nil
        switch (deadlines.expiry(at: context.eventLoop.now), phase) {
        case (nil, _): armTimer(context)
        case (.body, .reading(let admitted)): refuse(admitted, .bodyTimeout, context)
        case (.head, _), (.body, _), (.write, _), (.linger, _): context.close(promise: nil)
        }
    }
}
