import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: blindness")
struct EngineBlindTests {
    enum Fault: String, CaseIterable, Sendable {
        case incomplete
        case empty
    }

    @Test("a list that is incomplete or empty for a minute is blindness; the first good one ends it", arguments: Fault.allCases)
    func list(fault: Fault) async throws {
        let fixture = try EngineFixture.watched(20, limits: Limits(settle: .zero))
        let set = { (isOn: Bool) in
            switch fault {
            case .incomplete: fixture.api.makeListsIncomplete(isOn)
            case .empty: fixture.api.hide(isOn ? Set((1...20).map { ServerID(rawValue: $0) }) : [])
            }
        }
        set(true)
        try await fixture.say("firing", 1...2, startedAgo: .zero)
        try await fixture.settle()
        #expect(try await fixture.store.deadLetters(limit: 10).isEmpty, "what can not be seen is not gone")
        #expect(try await fixture.waiting() == [.inventoryUnavailable: 2])
        try await fixture.advance(by: .seconds(59))
        #expect(try await fixture.state(.blind) == nil)
        try await fixture.advance(by: .seconds(1))
        #expect(try await fixture.state(.blind) != nil)
        fixture.restart { _ in }
        var down: Set<Int> = [1, 2]
        try await fixture.live(.seconds(1_800), down: &down)
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.messages(with: "Blind:").count == 1)
        set(false)
        try await fixture.advance(by: .seconds(61))
        #expect(try await fixture.state(.blind) == nil)
        #expect(try await fixture.messages(with: "can be seen again").count == 1)
        #expect(fixture.rebooted.count == 2)
        #expect(try await fixture.messages(with: "Blind:").count == 1)
    }

    @Test("less than a minute without a list is no blindness, and tells nobody")
    func shortGap() async throws {
        let fixture = try EngineFixture.watched(20)
        fixture.api.makeListsIncomplete(true)
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        try await fixture.advance(by: .seconds(50))
        fixture.api.makeListsIncomplete(false)
        try await fixture.advance(by: .seconds(60))
        #expect(fixture.rebooted == [1])
        #expect(try await fixture.messages(with: "lind").isEmpty)
        #expect(try await fixture.messages(with: "seen again").isEmpty)
    }

    @Test("blindness ends by itself when nothing is left that needs the list")
    func nothingLeft() async throws {
        let fixture = try EngineFixture.watched(20, limits: Limits(settle: .zero))
        fixture.api.makeListsIncomplete(true)
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        try await fixture.advance(by: .seconds(70))
        #expect(try await fixture.state(.blind) != nil)
        try await fixture.alert("resolved", server: "web-1")
        try await fixture.advance(by: .seconds(300))
        #expect(try await fixture.state(.blind) != nil)
        fixture.api.makeListsIncomplete(false)
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.state(.blind) == nil)
        #expect(try await fixture.messages(with: "seen again").count == 1)
    }

    @Test(
        "an API that is down for two hours with 12 of 100 servers down: nothing stale, everything under the caps, one message a turn"
    )
    func twoHours() async throws {
        let limits = Limits()
        let fixture = try EngineUpstreamFixture(servers: 100, seed: 11, bounds: limits)
        let began = fixture.began
        fixture.transport.fail(with: .refusedConnection)
        // The twelfth is never spoken of again, the eleventh comes back by itself.
        var down = Set(Int64(1)...12)
        for server in down { try await fixture.alert("firing", server: server, startedAt: began) }
        try await fixture.settle()
        for minute in 1...(4 * 60) {
            let now = began + .seconds(Int64(minute) * 60)
            try await fixture.advance(to: now)
            if minute == 60 {
                try await fixture.alert("resolved", server: 11, startedAt: began)
                down.remove(11)
            }
            if minute == 120 {
                #expect(fixture.transport.sent.filter(\.isChange).isEmpty)
                #expect(try await fixture.messages().filter { $0.hasPrefix("Blind:") }.count == 1)
                fixture.transport.fail(with: nil)
            }
            for server in down.sorted() {
                if fixture.transport.reboots(of: server) > 0 {
                    try await fixture.alert("resolved", server: server, startedAt: began)
                    down.remove(server)
                } else if server != 12, minute % 5 == 0 {
                    try await fixture.alert("firing", server: server, startedAt: began)
                }
            }
            try await fixture.settle()
        }
        #expect((Int64(1)...10).allSatisfy { fixture.transport.reboots(of: $0) == 1 })
        #expect(fixture.transport.reboots(of: 11) == 0 && fixture.transport.reboots(of: 12) == 0)
        let changes = fixture.transport.sent.filter(\.isChange).map(\.at)
        #expect(changes.allSatisfy { $0 >= began + .seconds(7_200) })
        for at in changes { #expect(changes.filter { $0 >= at && $0 < at + .seconds(3_600) }.count <= 10) }
        let texts = try await fixture.messages()
        #expect(texts.filter { $0.hasPrefix("Blind:") }.count == 1 && texts.filter { $0.contains("seen again") }.count == 1)
        #expect(!texts.contains { $0.contains("Storm") })
        #expect(try await fixture.store.deadLetters(limit: 10).isEmpty)
    }
}
