import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// What keeps the bridge off one server keeps it from taking that one out of its group: from draining it, and from deleting it.
@Suite("Engine: guards of the server that leaves its group")
struct EngineDrainGuardTests {
    /// What keeps rules off the newest server of the group.
    enum Keeper: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case hold
        case maintenance
        case person
        case run

        var testDescription: String { rawValue }

        var reason: Reason {
            switch self {
            case .hold: .paused
            case .maintenance: .maintenance
            case .person: .personAtWork
            case .run: .laneBusy
            }
        }

        func begin(_ fixture: EngineFixture) async throws {
            switch self {
            case .hold: try await fixture.pause(.server(EngineDrainGuardTests.newest.id))
            case .maintenance:
                let windows = try EngineServerGuardTests.windows(
                    "[{schedule: '* * * * *', duration: 2h, servers: [web-3], reason: kernel}]")
                fixture.restart { $0.maintenance = windows }
            case .person:
                try await fixture.command("reboot web-3")
                try await fixture.advance(by: .seconds(60))
            case .run:
                try await fixture.alert("firing", server: "web-3", startedAgo: .zero)
            }
        }

        func end(_ fixture: EngineFixture) async throws {
            switch self {
            case .hold: try await fixture.resume(.server(EngineDrainGuardTests.newest.id))
            case .maintenance:
                fixture.restart { $0.maintenance = [] }
                try await fixture.crash()
            case .person: try await fixture.keepIdle(for: .seconds(1_800))
            case .run:
                try await fixture.alert("resolved", server: "web-3")
                try await fixture.keepIdle(for: .seconds(150))
            }
        }
    }

    private static let newest = EngineScale.server(3, "web-3")
    private static let oldest = EngineScale.server(1, "web-1")

    /// One server leaves the group, another rule reboots servers, and so does a person.
    private static func rules(drains: Bool, _ scale: String = EngineScale.down) -> String {
        var lines = scale.split(separator: "\n")
        if !drains, let drain = lines.firstIndex(where: { $0.hasSuffix("drain:") }) { lines.removeSubrange(drain..<(drain + 4)) }
        for other in [EngineFixture.hostDown, EngineCommandTests.rules] { lines += other.split(separator: "\n").dropFirst(2) }
        return lines.joined(separator: "\n")
    }

    private static func fixture(_ rules: String, owning owned: [Server], of servers: [Server] = EngineScale.fleet) async throws
        -> EngineFixture
    {
        let fixture = try EngineFixture(rules: rules, servers: servers, limits: Limits(settle: .zero, bootGrace: .zero))
        try await fixture.own(owned)
        return fixture
    }

    private static func idle(_ fixture: EngineFixture) async throws {
        try await fixture.alert("firing", server: "web", alertname: "Idle")
    }

    private static func drains(_ names: String...) -> [String] { names.map { "PUT https://lb.example.com/drain/\($0)" } }

    private static func deletes(_ fixture: EngineFixture) -> [String] { fixture.api.ledger.filter { $0.hasPrefix("delete") } }

    private static func scaling(_ fixture: EngineFixture) async throws -> Run {
        try #require(try await fixture.store.runs(limit: 20).first { $0.rule == "scale-down" && $0.server == nil })
    }

    // MARK: One is kept

    @Test(
        "one that rules must leave alone is neither drained nor deleted, another goes", arguments: Keeper.allCases, [true, false])
    func another(keeper: Keeper, drains: Bool) async throws {
        let fixture = try await Self.fixture(Self.rules(drains: drains), owning: [Self.newest, Self.oldest])
        try await keeper.begin(fixture)
        try await Self.idle(fixture)
        #expect(fixture.transport.lines == (drains ? Self.drains("web-1") : []))
        #expect(Self.deletes(fixture) == ["delete 1"])
    }

    @Test(
        "where there is no other the run waits for the reason, and it goes when that ends", arguments: Keeper.allCases,
        [true, false])
    func noOther(keeper: Keeper, drains: Bool) async throws {
        let fixture = try await Self.fixture(Self.rules(drains: drains), owning: [Self.newest])
        try await keeper.begin(fixture)
        try await Self.idle(fixture)
        #expect(fixture.transport.requests.isEmpty && Self.deletes(fixture).isEmpty)
        let run = try await Self.scaling(fixture)
        #expect(run.state == .held && run.reason == keeper.reason && run.progress.scale == nil, "\(run.detail)")
        try await keeper.end(fixture)
        #expect(fixture.transport.lines == (drains ? Self.drains("web-3") : []))
        #expect(Self.deletes(fixture) == ["delete 3"])
    }

    @Test("all of them are kept: nothing is sent, and the first that is free goes")
    func allKept() async throws {
        let fixture = try await Self.fixture(Self.rules(drains: true), owning: [Self.newest, Self.oldest])
        try await fixture.pause(.server(Self.newest.id))
        try await fixture.pause(.server(Self.oldest.id), for: .seconds(600))
        try await Self.idle(fixture)
        try await fixture.keepIdle(for: .seconds(570))
        #expect(fixture.transport.requests.isEmpty && Self.deletes(fixture).isEmpty)
        #expect(try await Self.scaling(fixture).reason == .paused)
        try await fixture.keepIdle(for: .seconds(360))
        #expect(fixture.transport.lines == Self.drains("web-1") && Self.deletes(fixture) == ["delete 1"])
    }

    @Test("a pause of everything is no reason to look at another", arguments: [true, false])
    func pausedAll(drains: Bool) async throws {
        let fixture = try await Self.fixture(Self.rules(drains: drains), owning: [Self.newest, Self.oldest])
        try await fixture.pause()
        try await Self.idle(fixture)
        #expect(fixture.transport.requests.isEmpty && Self.deletes(fixture).isEmpty)
        try await fixture.resume()
        #expect(fixture.transport.lines == (drains ? Self.drains("web-3") : []) && Self.deletes(fixture) == ["delete 3"])
    }

    @Test("one to which a drain was sent is waited for, no other is taken out beside it", arguments: [Keeper.hold, .maintenance])
    func drainedAlready(keeper: Keeper) async throws {
        let fixture = try await Self.fixture(Self.rules(drains: true), owning: [Self.newest, Self.oldest])
        fixture.transport.answer(.status(503))
        try await Self.idle(fixture)
        try await keeper.begin(fixture)
        try await fixture.keepIdle(for: .seconds(90))
        #expect(fixture.transport.lines == Self.drains("web-3") && Self.deletes(fixture).isEmpty)
        #expect(try await Self.scaling(fixture).reason == keeper.reason)
        try await keeper.end(fixture)
        try await fixture.keepIdle(for: .seconds(30))
        #expect(fixture.transport.lines == Self.drains("web-3", "web-3") && Self.deletes(fixture) == ["delete 3"])
    }

    // MARK: The other way round

    @Test("a server that is being taken out of its group is rebooted by no rule and by no person", arguments: [true, false])
    func leaving(byPerson: Bool) async throws {
        let fixture = try await Self.fixture(Self.rules(drains: true), owning: [Self.newest, Self.oldest])
        fixture.api.script(
            .delete, .fail(APIError(code: .rateLimited, certainty: .notExecuted, status: 429, detail: "slow down")))
        try await Self.idle(fixture)
        #expect(fixture.transport.lines == Self.drains("web-3") && Self.deletes(fixture).isEmpty)
        if byPerson {
            try await fixture.command("reboot web-3")
        } else {
            try await fixture.alert("firing", server: "web-3", startedAgo: .zero)
        }
        #expect(try await fixture.newestRun().reason == .laneBusy)
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.keepIdle(for: .seconds(60))
        #expect(fixture.api.ledger == ["delete 3"])
    }

    // MARK: The next one

    @Test(
        "the next server of a group is drained neither in a storm nor in a window",
        arguments: EngineLaterRequestTests.Obstacle.allCases)
    func second(obstacle: EngineLaterRequestTests.Obstacle) async throws {
        let servers = ([(1, "web-1"), (2, "web-2"), (3, "web-3"), (8, "db-1"), (9, "db-2")] as [(Int64, String)]).map {
            EngineScale.server($0.0, $0.1)
        }
        let fixture = try await Self.fixture(
            Self.rules(drains: true, EngineScale.delta(-2, in: EngineScale.down)), owning: Array(servers.prefix(3)), of: servers)
        fixture.api.script(.delete, .doNothing)
        try await Self.idle(fixture)
        #expect(fixture.transport.lines == Self.drains("web-3"))
        if obstacle == .storm {
            for name in ["db-1", "db-2"] { try await fixture.alert("firing", server: name, startedAgo: .zero) }
            #expect(try await fixture.state(.storm) != nil)
        } else {
            let windows = try EngineServerGuardTests.windows(
                "[{schedule: '* * * * *', duration: 2h, rules: [scale-down], reason: kernel}]")
            fixture.restart { $0.maintenance = windows }
        }
        fixture.api.remove(ServerID(rawValue: 3))
        try await fixture.keepIdle(for: .seconds(120))
        #expect(fixture.transport.lines == Self.drains("web-3"))
        #expect(try await Self.scaling(fixture).reason == obstacle.reason)
        if obstacle == .storm {
            for name in ["db-1", "db-2"] { try await fixture.alert("resolved", server: name) }
            try await fixture.keepIdle(for: .seconds(660))
        } else {
            fixture.restart { $0.maintenance = [] }
            try await fixture.crash()
        }
        #expect(fixture.transport.lines == Self.drains("web-3", "web-2"))
    }
}
