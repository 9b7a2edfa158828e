import NIOCore
import Testing

@testable import Inbound

@Suite("Inbound: deadlines of a connection")
struct InboundConnectionStateTests {
    private static let limits = ListenerLimits(
        headerTimeout: .seconds(10), bodyTimeout: .seconds(20), keepAliveTimeout: .seconds(75), writeTimeout: .seconds(5),
        lingerTimeout: .seconds(1))
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private static func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    private static func opened() -> ConnectionState {
        var state = ConnectionState(limits: limits)
        state.opened(at: start)
        return state
    }

    @Test("a new connection has the header time for its first request, however its bytes trickle")
    func firstHead() {
        var state = Self.opened()
        state.readPartialHead(at: Self.at(9))
        #expect(state.deadline == Self.at(10))
        #expect(state.expiry(at: Self.at(9)) == nil)
        #expect(state.expiry(at: Self.at(10)) == .head)
    }

    @Test("a body has one deadline from its headers on")
    func body() {
        var state = Self.opened()
        state.readHead(at: Self.at(3))
        #expect(state.deadline == Self.at(23))
        #expect(state.expiry(at: Self.at(23)) == .body)
    }

    @Test("nothing is due while the answer to a whole request is made")
    func answering() {
        var state = Self.opened()
        state.readHead(at: Self.at(3))
        state.readEnd()
        #expect(state.deadline == nil)
        #expect(state.expiry(at: Self.at(1_000)) == nil)
    }

    @Test("between requests the connection may be silent for the keep-alive time")
    func keepAlive() {
        var state = Self.opened()
        state.readHead(at: Self.at(1))
        state.readEnd()
        state.responseEnded(at: Self.at(2))
        #expect(state.deadline == Self.at(77))
    }

    @Test("the first byte of a later request starts its header time, which later bytes do not move")
    func laterHead() {
        var state = Self.opened()
        state.readHead(at: Self.at(1))
        state.readEnd()
        state.responseEnded(at: Self.at(2))
        state.readPartialHead(at: Self.at(50))
        #expect(state.deadline == Self.at(60))
        state.readPartialHead(at: Self.at(59))
        #expect(state.deadline == Self.at(60))
    }

    @Test("a pipelined request's time begins when the one before it is answered")
    func pipelined() {
        var state = Self.opened()
        state.readHead(at: Self.at(1))
        state.readEnd()
        state.readHead(at: Self.at(2))
        #expect(state.deadline == nil)
        state.responseEnded(at: Self.at(100))
        #expect(state.deadline == Self.at(120))
        state.readEnd()
        state.responseEnded(at: Self.at(101))
        #expect(state.deadline == Self.at(176))
    }

    @Test("an early answer leaves the unread body its deadline")
    func earlyAnswer() {
        var state = Self.opened()
        state.readHead(at: Self.at(1))
        state.responseEnded(at: Self.at(2))
        #expect(state.deadline == Self.at(21))
        #expect(state.expiry(at: Self.at(21)) == .body)
    }

    @Test("a response that nobody reads is due after the write time, and not when it moves on")
    func unreadResponse() {
        var state = Self.opened()
        state.readHead(at: Self.at(1))
        state.readEnd()
        state.writabilityChanged(false, at: Self.at(2))
        #expect(state.deadline == Self.at(7))
        #expect(state.expiry(at: Self.at(7)) == .write)
        state.writabilityChanged(true, at: Self.at(6))
        #expect(state.deadline == nil)
    }

    @Test("a connection being closed has the linger time, whatever still comes in")
    func lingering() {
        var state = Self.opened()
        state.readHead(at: Self.at(1))
        state.responseEnded(at: Self.at(2))
        state.linger(from: Self.at(2))
        state.readEnd()
        state.readPartialHead(at: Self.at(2))
        state.responseEnded(at: Self.at(2))
        #expect(state.deadline == Self.at(3))
        #expect(state.expiry(at: Self.at(3)) == .linger)
    }
}
