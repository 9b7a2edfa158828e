import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import Inbound

@Suite("Inbound: the exchange of one connection")
struct InboundExchangeTests {
    private static let limits = ListenerLimits(
        maxBodyBytes: 10, headerTimeout: .seconds(10), bodyTimeout: .seconds(20), keepAliveTimeout: .seconds(75),
        writeTimeout: .seconds(5), lingerTimeout: .seconds(1))

    /// Answers `/now` by its head and everything else when the test says so.
    private final class Scripted: Responder {
        let release = InboundLatch()
        let refusals = Mutex<[String]>([])
        let answered = Mutex<[[UInt8]]>([])

        func admit(_ head: HTTPRequestHead) -> Admission<String> {
            head.uri == "/now" ? .answered(reply(.accepted)) : .admitted(head.uri)
        }

        func answer(_ admitted: String, body: [UInt8]) async -> Reply {
            await release.wait()
            answered.withLock { $0.append(body) }
            return reply(.ok)
        }

        func refused(_ admitted: String?, _ problem: Problem) {
            refusals.withLock { $0.append("\(admitted ?? "-") \(problem.reason)") }
        }

        private func reply(_ status: HTTPResponseStatus) -> Reply {
            Reply(status, type: "text/plain", body: ByteBuffer(string: "x"))
        }
    }

    /// Stands where the socket is: counts reads, and closes one side alone, which the embedded channel can not.
    private final class SocketSpy: ChannelOutboundHandler {
        typealias OutboundIn = Any

        private(set) var count = 0
        private(set) var isOutputClosed = false

        func read(context: ChannelHandlerContext) { count += 1 }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            switch mode {
            case .output: isOutputClosed = true
            case .input, .all: context.close(mode: mode, promise: promise)
            }
        }
    }

    /// A connection in virtual time, its decoder left out: the test hands in parts.
    private final class Bench {
        let channel = EmbeddedChannel()
        let responder = Scripted()
        let budget = BodyBudget(limit: 12)
        let socket = SocketSpy()
        var loop: EmbeddedEventLoop { channel.embeddedEventLoop }

        init() throws {
            try channel.pipeline.syncOperations.addHandlers([
                socket, ExchangeHandler(responder: responder, limits: limits, budget: budget),
            ])
            try channel.setOption(.autoRead, value: false).wait()
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        func head(_ uri: String = "/a", _ method: HTTPMethod = .POST, headers: HTTPHeaders = ["content-length": "5"]) throws {
            try part(.head(HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)))
        }

        func part(_ part: HTTPServerRequestPart) throws {
            try channel.writeInbound(part)
        }

        func request() throws {
            try head()
            try part(.body(ByteBuffer(string: "hello")))
            try part(.end(nil))
        }

        /// Lets the responder answer, and waits until that many answers were written.
        func answer(_ count: Int = 1) async throws {
            responder.release.open()
            while try statuses(peek: true).count < count {
                loop.run()
                await Task.yield()
            }
        }

        private var written: [HTTPResponseHead] = []

        /// The heads that were written since the last call.
        func statuses(peek: Bool = false) throws -> [UInt] {
            while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
                if case .head(let head) = part { written.append(head) }
            }
            defer { if !peek { written = [] } }
            return written.map(\.status.code)
        }

        var lastHead: HTTPResponseHead? { written.last }
    }

    @Test("a connection that never sends whole headers is closed at the header deadline")
    func slowHead() throws {
        let bench = try Bench()
        for _ in 0..<9 {
            bench.loop.advanceTime(by: .seconds(1))
            bench.channel.pipeline.fireChannelReadComplete()
        }
        #expect(bench.channel.isActive)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a body that trickles in is answered 408 at its deadline, then the connection is closed")
    func slowBody() throws {
        let bench = try Bench()
        try bench.head()
        for _ in 0..<4 {
            bench.loop.advanceTime(by: .seconds(4))
            try bench.part(.body(ByteBuffer(string: "x")))
            bench.channel.pipeline.fireChannelReadComplete()
        }
        bench.loop.advanceTime(by: .seconds(3))
        #expect(try bench.statuses().isEmpty)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(try bench.statuses() == [408])
        #expect(bench.responder.refusals.withLock { $0 } == ["/a body_timeout"])
        #expect(bench.budget.reserved == 0)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a whole request may wait for its answer, and the next request may wait 75 seconds")
    func patience() async throws {
        let bench = try Bench()
        try bench.request()
        bench.loop.advanceTime(by: .seconds(1_000))
        #expect(bench.channel.isActive)
        #expect(bench.budget.reserved == 5)
        try await bench.answer()
        #expect(bench.responder.answered.withLock { $0 } == [Array("hello".utf8)])
        #expect(try bench.statuses() == [200])
        bench.loop.advanceTime(by: .seconds(74))
        #expect(bench.channel.isActive)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("bytes of a later request that make no headers start the header deadline")
    func slowLaterHead() async throws {
        let bench = try Bench()
        try bench.request()
        bench.channel.pipeline.fireChannelReadComplete()
        try await bench.answer()
        bench.loop.advanceTime(by: .seconds(5))
        bench.channel.pipeline.fireChannelReadComplete()
        bench.loop.advanceTime(by: .seconds(9))
        #expect(bench.channel.isActive)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("an answer that needs no body goes out at the end of the request, and the connection stays")
    func decided() throws {
        let bench = try Bench()
        try bench.head("/now", .GET, headers: [:])
        #expect(try bench.statuses().isEmpty)
        try bench.part(.end(nil))
        #expect(try bench.statuses(peek: true) == [202])
        #expect(bench.lastHead?.headers["connection"] == [])
        #expect(bench.lastHead?.headers["date"].count == 1)
        bench.loop.advanceTime(by: .seconds(74))
        #expect(bench.channel.isActive)
    }

    @Test("an answer before the body ends the connection after a moment, in which nothing more is let through")
    func early() throws {
        let bench = try Bench()
        try bench.head("/now")
        #expect(try bench.statuses(peek: true) == [202])
        #expect(bench.lastHead?.headers["connection"] == ["close"])
        try bench.part(.body(ByteBuffer(string: "hello")))
        try bench.part(.end(nil))
        try bench.request()
        #expect(try bench.statuses() == [202])
        #expect(bench.socket.isOutputClosed)
        #expect(bench.channel.isActive)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a peer that has gone ends the closing at once")
    func closedByPeer() throws {
        let bench = try Bench()
        try bench.head("/now")
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        bench.loop.run()
        #expect(!bench.channel.isActive)
    }

    @Test(
        "what is not HTTP is answered and closed, once",
        arguments: [(HTTPParserError.headerOverflow, UInt(431)), (.invalidMethod, 400)])
    func notHTTP(error: HTTPParserError, status: UInt) throws {
        let bench = try Bench()
        bench.channel.pipeline.fireErrorCaught(error)
        bench.channel.pipeline.fireErrorCaught(error)
        #expect(try bench.statuses() == [status])
        #expect(bench.responder.refusals.withLock { $0.count } == 1)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("an error inside a body is an incomplete body, and what came of it counts for nothing")
    func errorInBody() throws {
        let bench = try Bench()
        try bench.head()
        try bench.part(.body(ByteBuffer(string: "he")))
        bench.channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)
        try bench.part(.end(nil))
        #expect(try bench.statuses() == [400])
        #expect(bench.responder.refusals.withLock { $0 } == ["/a incomplete_body"])
    }

    @Test("an error of the socket closes it", arguments: [true, false])
    func socketError(inBody: Bool) throws {
        let bench = try Bench()
        if inBody { try bench.head() }
        bench.channel.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel)
        bench.loop.run()
        #expect(!bench.channel.isActive)
        #expect(try bench.statuses().isEmpty)
    }

    @Test("a body longer than the cap is refused while it comes in")
    func longBody() throws {
        let bench = try Bench()
        try bench.head(headers: ["transfer-encoding": "chunked"])
        try bench.part(.body(ByteBuffer(string: "0123456789")))
        #expect(try bench.statuses().isEmpty)
        try bench.part(.body(ByteBuffer(string: "x")))
        #expect(try bench.statuses() == [413])
        #expect(bench.budget.reserved == 0)
    }

    @Test("a body for which there is no memory is refused")
    func memory() throws {
        let bench = try Bench()
        let other = BodyReservation(bench.budget)
        #expect(other.grow(by: 8))
        try bench.head()
        try bench.part(.body(ByteBuffer(string: "hello")))
        #expect(try bench.statuses() == [503])
        #expect(bench.budget.reserved == 8)
        withExtendedLifetime(other) {}
    }

    @Test("the memory of a request whose peer has gone is given back when its answer is made")
    func gonePeer() async throws {
        let bench = try Bench()
        try bench.request()
        bench.channel.close(promise: nil)
        bench.loop.run()
        #expect(bench.budget.reserved == 5)
        bench.responder.release.open()
        while bench.budget.reserved > 0 {
            bench.loop.run()
            await Task.yield()
        }
        #expect(try bench.statuses().isEmpty)
    }

    @Test("requests that are sent ahead wait for the answers before them, and stop the reading")
    func sentAhead() async throws {
        let bench = try Bench()
        try bench.request()
        try bench.head("/now", .GET, headers: [:])
        try bench.part(.end(nil))
        try bench.request()
        bench.channel.pipeline.read()
        #expect(bench.socket.count == 0)
        #expect(try bench.statuses().isEmpty)
        try await bench.answer(3)
        #expect(try bench.statuses() == [200, 202, 200])
        #expect(bench.socket.count == 1)
        bench.channel.pipeline.read()
        #expect(bench.socket.count == 2)
    }

    @Test("garbage sent ahead is answered after the answer before it")
    func garbageAhead() async throws {
        let bench = try Bench()
        try bench.request()
        bench.channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
        #expect(try bench.statuses().isEmpty)
        try await bench.answer(2)
        #expect(try bench.statuses() == [200, 400])
    }

    @Test("a peer that closes its side gets the answer that it waits for")
    func halfClosed() async throws {
        let bench = try Bench()
        try bench.request()
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(bench.channel.isActive)
        try await bench.answer()
        #expect(try bench.statuses() == [200])
        #expect(!bench.channel.isActive)
    }

    @Test("a body whose peer closes its side is incomplete")
    func halfClosedBody() throws {
        let bench = try Bench()
        try bench.head()
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(try bench.statuses() == [400])
    }

    @Test("at shutdown an idle connection is closed, and a busy one after its answer", arguments: [true, false])
    func quiescing(isBusy: Bool) async throws {
        let bench = try Bench()
        if isBusy { try bench.request() }
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        bench.loop.run()
        #expect(bench.channel.isActive == isBusy)
        guard isBusy else { return }
        try await bench.answer()
        #expect(bench.lastHead?.headers["connection"] == ["close"])
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a sender that waits for a word before its body gets it")
    func expectation() async throws {
        let bench = try Bench()
        try bench.head(headers: ["content-length": "5", "expect": "100-Continue"])
        #expect(try bench.statuses() == [100])
        bench.loop.advanceTime(by: .seconds(20))
        #expect(try bench.statuses() == [408])
    }

    @Test("the answer to HEAD has no body")
    func headMethod() throws {
        let bench = try Bench()
        try bench.head("/now", .HEAD, headers: [:])
        try bench.part(.end(nil))
        var parts: [HTTPServerResponsePart] = []
        while let part = try bench.channel.readOutbound(as: HTTPServerResponsePart.self) { parts.append(part) }
        #expect(parts.count == 2)
    }

    @Test("a response that the peer leaves unread ends its connection at the write deadline")
    func unreadResponse() throws {
        let bench = try Bench()
        try bench.request()
        bench.channel.isWritable = false
        bench.channel.pipeline.fireChannelWritabilityChanged()
        bench.loop.advanceTime(by: .seconds(4))
        #expect(bench.channel.isActive)
        bench.loop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }
}
