import Foundation
import Model
import RuleTesting
import Rules
import Store
import Testing

@testable import Engine

private func zoneData(_ name: String) -> [UInt8]? {
    FileManager.default.contents(atPath: "/usr/share/zoneinfo/" + name).map { Array($0) }
}

private func at(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

@Suite("Daily digest")
struct EngineDigestTests {
    static let times: [(zone: String, now: String, due: String)] = [
        ("UTC", "2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z"), ("UTC", "2026-11-22T08:59:59Z", "2026-11-21T09:00:00Z"),
        ("+05:30", "2026-11-22T03:30:00Z", "2026-11-22T03:30:00Z"), ("+05:30", "2026-11-22T03:29:00Z", "2026-11-21T03:30:00Z"),
        ("-11:00", "2026-11-22T19:59:00Z", "2026-11-21T20:00:00Z"), ("+13:00", "2026-11-22T20:00:00Z", "2026-11-22T20:00:00Z"),
        // Winter, summer, and the days between.
        ("Europe/Berlin", "2026-11-22T12:00:00Z", "2026-11-22T08:00:00Z"),
        ("Europe/Berlin", "2026-07-22T12:00:00Z", "2026-07-22T07:00:00Z"),
        ("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T08:00:00Z"),
        ("Europe/Berlin", "2026-10-25T07:30:00Z", "2026-10-24T07:00:00Z"),
        ("Europe/Berlin", "2026-03-29T07:30:00Z", "2026-03-29T07:00:00Z"),
    ]

    @Test("nine o'clock is nine o'clock there, whatever the season", arguments: times)
    func due(zone: String, now: String, due: String) throws {
        let zone = try #require(NamedTimeZone(zone, data: zoneData))
        #expect(Digest.Schedule(secondOfDay: 9 * 3_600, zone: zone).due(now: try at(now)) == (try at(due)))
    }

    @Test("on the day on which the clock leaps over it, it is told all the same, once")
    func leap() throws {
        let zone = try #require(NamedTimeZone("Europe/Berlin", data: zoneData))
        var found: Set<Timestamp> = []
        var now = try at("2026-03-28T12:00:00Z")
        while now < (try at("2026-03-30T12:00:00Z")) {
            found.insert(zone.last(secondOfDay: 2 * 3_600 + 1_800, before: now))
            now = now + .seconds(600)
        }
        #expect(found.count == 3, "\(found.map(\.rfc3339).sorted())")
    }

    @Test("what is no time zone", arguments: ["", "Nowhere/Land", "../etc/passwd", "25:00", "+2"])
    func noZone(name: String) {
        #expect(NamedTimeZone(name, data: zoneData) == nil)
    }

    private static func line(_ rule: String, _ server: Int64?, _ state: RunState, _ reason: Reason, _ count: Int) -> DigestLine {
        DigestLine(
            rule: rule, server: server.map(ServerID.init(rawValue:)), serverName: server.map { "web-\($0)" }, state: state,
            reason: reason, count: count)
    }

    @Test("counts by rule and server; what was told at once is left out; nothing when there is nothing")
    func text() throws {
        let (from, to) = (try at("2026-11-21T09:00:00Z"), try at("2026-11-22T09:00:00Z"))
        func text(_ lines: [DigestLine], deadLetters: Int = 0, lost: Int = 0) -> String? {
            Digest.text(DigestCounts(lines: lines, deadLetters: deadLetters, lostMessages: lost), after: from, through: to)
        }
        #expect(text([]) == nil)
        #expect(text([Self.line("a", 1, .failed, .ineffective, 4)]) == nil)
        let lines = [
            Self.line("a", 1, .succeeded, .effective, 3), Self.line("a", 1, .cancelled, .resolved, 1),
            Self.line("a", 2, .failed, .unverified, 1), Self.line("b", nil, .succeeded, .applied, 1),
        ]
        #expect(
            text(lines, deadLetters: 2) == """
                VPSBridge, 2026-11-21T09:00Z to 2026-11-22T09:00Z: 5 runs that needed nobody.
                a, web-1 (1): 3 succeeded (effective), 1 cancelled (resolved)
                b, no server: 1 succeeded (applied)
                Dead letters: 2. See: vpsbridge dead ls
                """)
        #expect(text([], lost: 1)?.contains("could not be delivered: 1") == true)
        let many = (1...100).map { Self.line("a", $0, .succeeded, .effective, 1) }
        #expect(text(many)?.contains("and 60 lines more") == true)
    }

    @Test("told once a day, over restarts, and late when the bridge was away; a day without news tells nothing")
    func durable() async throws {
        let fixture = try EngineFixture()
        let schedule = Digest.Schedule(secondOfDay: 9 * 3_600, zone: .utc)
        func digester() -> Digester {
            Digester(
                store: fixture.store, queries: fixture.store, schedule: schedule, channels: ["ops"], clock: fixture.clock,
                messageDoorbell: Doorbell(), logger: fixture.log.logger)
        }
        #expect(try await !digester().tellOnce(), "a new bridge has no news")
        try await fixture.rescueOnce()
        let day = schedule.due(now: fixture.clock.now()) + .seconds(86_400)
        fixture.clock.set(day - .seconds(1))
        #expect(try await !digester().tellOnce())
        // The bridge is away at the time, and starts an hour later.
        fixture.clock.set(day + .seconds(3_600))
        #expect(try await digester().tellOnce())
        #expect(try await !digester().tellOnce(), "once")
        let told = try await fixture.messages()
        #expect(told.count == 1 && told[0].contains("host-down, web-server-01 (12345): 1 succeeded (effective)"), "\(told)")
        fixture.clock.set(day + .seconds(90_000))
        #expect(try await !digester().tellOnce(), "nothing happened")
        #expect(try await fixture.store.digestedThrough() == day + .seconds(86_400))
    }

    @Test("two that tell the same digest at once write one")
    func race() async throws {
        let fixture = try EngineFixture()
        let now = fixture.clock.now()
        let message = NewMessage(destination: .channel("ops"), text: "x")
        #expect(try await fixture.store.recordDigest(after: nil, through: now, messages: [message], now: now))
        #expect(try await !fixture.store.recordDigest(after: nil, through: now, messages: [message], now: now))
        #expect(try await fixture.messages().count == 1)
    }
}
