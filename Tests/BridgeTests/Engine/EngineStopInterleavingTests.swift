import Foundation
import Model
import RuleTesting
import Store
import Synchronization
import Testing
import VPSAPI

@testable import Engine

/// The stop switch and the board, thrown at every instant at which a worker looks at the clock: between a claim and its reading, before an
/// intent is written, and between the intent on disk and the request that leaves.
@Suite("Engine: stopped at any instant")
struct EngineStopInterleavingTests {
    enum Brake: CaseIterable, Sendable {
        case stopFile
        case board
    }

    /// A clock that says which look at it this is, from 0, before it answers.
    private final class Watched: TimeSource {
        private let clock: ManualClock
        private let looks = Mutex(0)
        private let onLook: @Sendable (Int) -> Void

        init(_ clock: ManualClock, _ onLook: @escaping @Sendable (Int) -> Void) {
            self.clock = clock
            self.onLook = onLook
        }

        func now() -> Timestamp {
            let look = looks.withLock { looks in
                defer { looks += 1 }
                return looks
            }
            onLook(look)
            return clock.now()
        }
    }

    private static let request = """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            autonomy: auto
            actions: [{action: http.request, with: {method: POST, url: "https://lb.example.com/drain"}}]
        """

    /// Rules and the server that its alert names.
    static let stories: [(rules: String, server: String)] = [
        (EngineFixture.hostDown, "web-server-01"), (EngineFixture.powerCycle, "web-server-01"), (request, "web-server-01"),
        (EngineScale.up, "web"),
    ]

    private static let isLong = RulesFiles.environment("VPSBRIDGE_LONG_TESTS") != nil

    private static func fixture(_ story: Int) throws -> EngineFixture {
        try EngineFixture(
            rules: stories[story].rules,
            servers: story == 3 ? EngineScale.fleet : [EngineFixture.web, EngineFixture.db] + EngineFixture.others)
    }

    /// An alert, and half a minute of what follows from it, under that clock.
    private static func play(_ story: Int, on fixture: EngineFixture, _ clock: Watched) async throws {
        fixture.restart(clock: clock)
        try await fixture.deliver("firing", server: stories[story].server, startedAgo: .zero)
        _ = try await fixture.dispatcher.dispatchOnce()
        for _ in 0..<7 {
            _ = try await fixture.worker.stepDueRuns()
            fixture.clock.advance(by: .seconds(3))
        }
    }

    /// The looks at the clock that were the first after something had left.
    private static func looksAfterRequests(_ story: Int) async throws -> [Int] {
        let fixture = try fixture(story)
        let (api, transport) = (fixture.api, fixture.transport)
        let seen = Mutex<(left: Int, looks: [Int])>((0, []))
        let clock = Watched(fixture.clock) { look in
            let left = api.ledger.count + transport.requests.count
            seen.withLock { seen in
                if left > seen.left { seen.looks.append(look) }
                seen.left = left
            }
        }
        try await play(story, on: fixture, clock)
        return seen.withLock { $0.looks }
    }

    /// Around every request; all instants in a long run.
    @Test("nothing leaves after it was stopped, whenever that is", arguments: stories.indices, Brake.allCases)
    func everyInstant(story: Int, brake: Brake) async throws {
        let requests = try await Self.looksAfterRequests(story)
        #expect(requests.count == (story == 1 ? 2 : 1), "a power cycle has two requests, the others one")
        let last = try #require(requests.last)
        let looks = Self.isLong ? Array(0...last) : requests.flatMap { Array(max(0, $0 - 4)...$0) }
        var counts: Set<Int> = []
        for wanted in looks {
            let fixture = try Self.fixture(story)
            let (brakes, api, transport, began) = (fixture.brakes, fixture.api, fixture.transport, fixture.clock.now())
            let leftBefore = Mutex(-1)
            let clock = Watched(fixture.clock) { look in
                guard look == wanted else { return }
                Self.throwBrake(brake, brakes, at: began)
                leftBefore.withLock { $0 = api.ledger.count + transport.requests.count }
            }
            try await Self.play(story, on: fixture, clock)
            let before = leftBefore.withLock { $0 }
            #expect(api.ledger.count + transport.requests.count == before, "stopped at look \(wanted): \(api.ledger)")
            counts.insert(before)
        }
        #expect(counts == Set(0...requests.count), "both sides of every request were tried")
    }

    private static func throwBrake(_ brake: Brake, _ brakes: Brakes, at now: Timestamp) {
        switch brake {
        case .stopFile:
            guard let stop = brakes.stop else { return }
            try? StopFile.make(stop.path)
            stop.look()
        case .board:
            brakes.board.show([
                Pause(id: PauseID(rawValue: 1), scope: .all, reason: "now", actor: "operator", since: now, until: nil)
            ])
        }
    }
}
