import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Synchronization
import Testing

@testable import Inbound

@Suite("Inbound: the guard of a connection")
struct InboundConnectionGuardTests {
    private static let limits = ListenerLimits(
        headerTimeout: .seconds(10), bodyTimeout: .seconds(20), keepAliveTimeout: .seconds(75), writeTimeout: .seconds(5),
        lingerTimeout: .seconds(1))

    /// A channel with the guard, and what reached the server side of it.
    private final class Bench {
        let channel = EmbeddedChannel()
        let errors = InboundErrorRecorder()
        let malformed = InboundMalformedRecorder()

        init() throws {
            let guardHandler = ConnectionGuard(limits: limits) { [malformed] request in malformed.append(request) }
            try channel.pipeline.syncOperations.addHandlers([guardHandler, errors])
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        func head(_ method: HTTPRequest.Method = .post) throws {
            let request = HTTPRequest(method: method, scheme: "http", authority: "h", path: "/hooks/a")
            try channel.writeInbound(HTTPRequestPart.head(request))
        }

        func respond(closing: Bool = false) throws {
            var response = HTTPResponse(status: .ok)
            if closing { response.headerFields[.connection] = "close" }
            try channel.writeOutbound(HTTPResponsePart.head(response))
            try channel.writeOutbound(HTTPResponsePart.end(nil))
        }

        /// The status codes that were written.
        func statuses() throws -> [Int] {
            var codes: [Int] = []
            while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
                if case .head(let head) = part { codes.append(head.status.code) }
            }
            return codes
        }
    }

    @Test("a connection that never sends a whole head is closed at the header deadline")
    func slowHead() throws {
        let bench = try Bench()
        for _ in 0..<9 {
            bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            bench.channel.pipeline.fireChannelReadComplete()
        }
        #expect(bench.channel.isActive)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a body that trickles in is ended at its deadline: the reader gets an error, then the connection is closed")
    func slowBody() throws {
        let bench = try Bench()
        try bench.head()
        for _ in 0..<19 {
            bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try bench.channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
        }
        #expect(bench.errors.count(of: BodyTimeout.self) == 0)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(bench.errors.count(of: BodyTimeout.self) == 1)
        #expect(bench.channel.isActive)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a whole request may wait for its answer, and the next request may wait 75 seconds")
    func patience() throws {
        let bench = try Bench()
        try bench.head()
        try bench.channel.writeInbound(HTTPRequestPart.end(nil))
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1_000))
        #expect(bench.channel.isActive)
        try bench.respond()
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(74))
        #expect(bench.channel.isActive)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("bytes of a later request that make no head start the header deadline")
    func slowLaterHead() throws {
        let bench = try Bench()
        try bench.head()
        try bench.channel.writeInbound(HTTPRequestPart.end(nil))
        try bench.respond()
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        bench.channel.pipeline.fireChannelReadComplete()
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!bench.channel.isActive)
    }

    @Test("an answer that says close ends the connection after a moment, in which nothing more is let through")
    func closingAnswer() throws {
        let bench = try Bench()
        try bench.head()
        try bench.respond(closing: true)
        let before = bench.errors.parts
        try bench.channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "late")))
        try bench.head()
        #expect(bench.errors.parts == before)
        #expect(try bench.statuses() == [200])
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("a peer that has gone ends the closing at once")
    func closedByPeer() throws {
        let bench = try Bench()
        try bench.head()
        try bench.respond(closing: true)
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        bench.channel.embeddedEventLoop.run()
        #expect(!bench.channel.isActive)
    }

    @Test("what is not HTTP is answered and closed", arguments: [(true, 431), (false, 400)])
    func notHTTP(overflow: Bool, status: Int) throws {
        let bench = try Bench()
        bench.channel.pipeline.fireErrorCaught(overflow ? HTTPParserError.headerOverflow : HTTPParserError.invalidMethod)
        #expect(try bench.statuses() == [status])
        #expect(bench.malformed.requests == [overflow ? .headersTooLarge : .syntax])
        bench.channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
        #expect(bench.malformed.requests.count == 1)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("an error inside a request goes to its reader")
    func errorInRequest() throws {
        let bench = try Bench()
        try bench.head()
        bench.channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)
        #expect(bench.errors.count(of: HTTPParserError.self) == 1)
        #expect(try bench.statuses().isEmpty)
    }

    @Test("a response that the peer leaves unread ends its connection at the write deadline")
    func unreadResponse() throws {
        let bench = try Bench()
        try bench.head()
        try bench.channel.writeInbound(HTTPRequestPart.end(nil))
        bench.channel.isWritable = false
        bench.channel.pipeline.fireChannelWritabilityChanged()
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
        #expect(bench.channel.isActive)
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!bench.channel.isActive)
    }

    @Test("an informational answer is not the end of a request")
    func informational() throws {
        let bench = try Bench()
        try bench.head()
        try bench.channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        bench.channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(bench.channel.isActive)
        #expect(bench.errors.count(of: BodyTimeout.self) == 0)
    }
}

/// Records what the guard lets through to the server.
private final class InboundErrorRecorder: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart

    private(set) var parts = 0
    private var errors: [any Error] = []

    func count<E: Error>(of type: E.Type) -> Int { errors.count { $0 is E } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { parts += 1 }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
}

/// Records what the guard answered by itself.
private final class InboundMalformedRecorder: Sendable {
    private let recorded = Mutex<[MalformedRequest]>([])

    var requests: [MalformedRequest] { recorded.withLock { $0 } }

    func append(_ request: MalformedRequest) { recorded.withLock { $0.append(request) } }
}
