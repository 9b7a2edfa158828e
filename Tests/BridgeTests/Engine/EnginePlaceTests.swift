import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// A fleet of nineteen, of which one server at a time is worked on.
@Suite("Engine: a run that stands still leaves its place to others")
struct EnginePlaceTests {
    /// What keeps the first server's next rung from being taken.
    enum Obstacle: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case hold
        case maintenance
        case silenceOfItsSender

        var testDescription: String { rawValue }

        var reason: Reason {
            switch self {
            case .hold: .paused
            case .maintenance: .maintenance
            case .silenceOfItsSender: .staleEvidence
            }
        }

        func begin(_ fixture: EngineFixture) async throws {
            switch self {
            case .hold: try await fixture.pause(.server(ServerID(rawValue: 1)))
            case .maintenance:
                let windows = try EngineServerGuardTests.windows(
                    "[{schedule: '* * * * *', duration: 2h, servers: [web-1], reason: kernel}]")
                fixture.restart { $0.maintenance = windows }
            case .silenceOfItsSender: break
            }
        }

        func end(_ fixture: EngineFixture, since start: Timestamp) async throws {
            switch self {
            case .hold: try await fixture.resume(.server(ServerID(rawValue: 1)))
            case .maintenance: fixture.restart { $0.maintenance = [] }
            case .silenceOfItsSender: break
            }
            try await fixture.say("firing", [1], startedAgo: fixture.clock.now().since(start))
            try await fixture.settle()
        }
    }

    @Test(
        "its next rung is not taken: another server is worked on meanwhile, and it goes on when that one's place is free",
        arguments: Obstacle.allCases)
    func leavesItsPlace(obstacle: Obstacle) async throws {
        let fixture = try EngineFixture.watched(19, limits: Limits(maxEventAge: .seconds(300), settle: .zero))
        let start = fixture.clock.now()
        func live(until end: Timestamp) async throws {
            while fixture.clock.now() < end {
                try await fixture.advance(by: min(.seconds(100), end.since(fixture.clock.now())))
                let spoken = obstacle == .silenceOfItsSender ? [2] : [1, 2]
                try await fixture.say("firing", spoken, startedAgo: fixture.clock.now().since(start))
                try await fixture.settle()
            }
        }
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        try await obstacle.begin(fixture)
        try await fixture.advance(by: .seconds(10))
        try await fixture.alert("firing", server: "web-2", startedAgo: .seconds(10))
        #expect(try await fixture.newestRun().reason == .maxConcurrent)
        try await live(until: start + .seconds(599))
        #expect(fixture.api.ledger == ["reboot 1"], "until its rung is over it is at work")
        try await live(until: start + .seconds(601))
        #expect(fixture.api.ledger == ["reboot 1", "reboot 2"], "woken when the place is free")
        let first = try #require(try await fixture.store.runs(limit: 10).last)
        #expect(first.state == .verifying && first.reason == obstacle.reason)
        try await live(until: start + .seconds(700))
        try await obstacle.end(fixture, since: start)
        try await fixture.advance(by: .seconds(61))
        #expect(fixture.api.ledger == ["reboot 1", "reboot 2"], "the place is another's now")
        #expect(try await fixture.store.run(first.id)?.reason == .maxConcurrent)
        try await fixture.say("firing", [1], startedAgo: fixture.clock.now().since(start))
        try await fixture.alert("resolved", server: "web-2")
        try await fixture.advance(by: .seconds(130))
        let second = try await fixture.newestRun()
        #expect(second.state == .succeeded)
        #expect(fixture.api.ledger.starts(with: ["reboot 1", "reboot 2", "stop 1"]))
        let sent = try await fixture.store.intents(of: first.id).first { $0.rung == 1 }
        #expect(sent?.createdAt == second.finishedAt, "woken by the end of the other")
    }

    @Test("a server that our stop left stopped is at work, whatever its start waits for")
    func owedStart() async throws {
        let fixture = try EngineFixture.watched(19, rules: EngineFixture.powerCycle, limits: Limits(settle: .zero))
        try await fixture.alert("firing", server: "web-1", startedAgo: .zero)
        try await fixture.pause(.server(ServerID(rawValue: 1)))
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().reason == .paused)
        try await fixture.alert("firing", server: "web-2", startedAgo: .zero)
        try await fixture.advance(by: .seconds(300))
        #expect(fixture.api.ledger == ["stop 1"])
        #expect(try await fixture.newestRun().reason == .maxConcurrent)
    }
}
