import NIOCore
import Testing

@testable import Inbound

@Suite("Inbound: deadlines of a connection")
struct InboundDeadlineTests {
    private static let limits = ListenerLimits(
        headerTimeout: .seconds(10), bodyTimeout: .seconds(20), keepAliveTimeout: .seconds(75), writeTimeout: .seconds(5),
        lingerTimeout: .seconds(1))

    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    private static func opened() -> ConnectionDeadlines {
        var deadlines = ConnectionDeadlines(limits: limits)
        deadlines.opened(at: at(0))
        return deadlines
    }

    @Test("a new connection has the header time for its first request, however its bytes trickle")
    func firstHead() {
        var deadlines = Self.opened()
        deadlines.headBegan(at: Self.at(9))
        #expect(deadlines.next == Self.at(10))
        #expect(deadlines.expiry(at: Self.at(9)) == nil)
        #expect(deadlines.expiry(at: Self.at(10)) == .head)
    }

    @Test("a body has one deadline from its headers on")
    func body() {
        var deadlines = Self.opened()
        deadlines.headEnded(at: Self.at(3))
        deadlines.headBegan(at: Self.at(4))
        #expect(deadlines.next == Self.at(23))
        #expect(deadlines.expiry(at: Self.at(23)) == .body)
    }

    @Test("nothing is due while the answer to a whole request is made")
    func answering() {
        var deadlines = Self.opened()
        deadlines.headEnded(at: Self.at(3))
        deadlines.requestEnded()
        #expect(deadlines.next == nil)
        #expect(deadlines.expiry(at: Self.at(1_000)) == nil)
    }

    @Test("between requests a connection may be silent for the keep-alive time, then each request has its header time")
    func keepAlive() {
        var deadlines = Self.opened()
        deadlines.headEnded(at: Self.at(1))
        deadlines.requestEnded()
        deadlines.responseEnded(at: Self.at(2))
        #expect(deadlines.next == Self.at(77))
        deadlines.headBegan(at: Self.at(50))
        #expect(deadlines.next == Self.at(60))
        deadlines.headBegan(at: Self.at(59))
        #expect(deadlines.next == Self.at(60))
    }

    @Test("a response that nobody reads is due after the write time, and not when it moves on")
    func unreadResponse() {
        var deadlines = Self.opened()
        deadlines.headEnded(at: Self.at(1))
        deadlines.requestEnded()
        deadlines.writabilityChanged(false, at: Self.at(2))
        #expect(deadlines.next == Self.at(7))
        #expect(deadlines.expiry(at: Self.at(7)) == .write)
        deadlines.writabilityChanged(true, at: Self.at(6))
        #expect(deadlines.next == nil)
    }

    @Test("a connection being closed has the linger time, whatever still comes in")
    func closing() {
        var deadlines = Self.opened()
        deadlines.headEnded(at: Self.at(1))
        deadlines.closing(at: Self.at(2))
        deadlines.headBegan(at: Self.at(3))
        #expect(deadlines.next == Self.at(3))
        #expect(deadlines.expiry(at: Self.at(3)) == .linger)
    }
}
