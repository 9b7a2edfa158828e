import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI
import Webhooks

@testable import Engine

/// Pauses, holds and resolves at random places in the way of a run from its claim to its request, each race from its own seed.
///
/// The worker's loop is played effect by effect, so that every place between two of them can be hit.
@Suite("Engine: races of pause, hold and resolve with dispatch")
struct EngineStopRaceTests {
    /// 400 races in twenty batches, and that many times as `VPSBRIDGE_LONG_TESTS` says: 25 are the 10,000 of the nightly run.
    private static let perBatch = 20 * (RulesFiles.environment("VPSBRIDGE_LONG_TESTS").flatMap { Int($0) } ?? 1)

    @Test("nothing stopped and nothing stale is acted on", arguments: UInt64(0)..<20)
    func races(batch: UInt64) async throws {
        let rig = try EngineStopRig()
        var acted = 0
        var idle = 0
        for number in 0..<Self.perBatch {
            let seed = batch * UInt64(Self.perBatch) + UInt64(number)
            let outcome = try await rig.race(EngineStopRace(seed: seed))
            #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.violations)")
            if outcome.hasSent { acted += 1 } else { idle += 1 }
        }
        await rig.store.close()
        #expect(acted > 0 && idle > 0, "\(acted) of \(Self.perBatch) acted")
    }
}

/// When what happens to one run; a place is one of the points between two effects.
struct EngineStopRace: Sendable {
    /// More places than a run has.
    static let places = 10

    let seed: UInt64
    /// The place of each disturbance; `nil` is never.
    var pause: Int?
    var hold: Int?
    var resolve: Int?
    /// The worker is held up for so long that the last word goes stale.
    var delay: Int?
    /// What was stopped is lifted here.
    var resume: Int?

    init(seed: UInt64) {
        self.seed = seed
        var random = JSONTestRandom(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        func place(_ likelihood: Int) -> Int? {
            Int.random(in: 0..<100, using: &random) < likelihood ? Int.random(in: 0..<Self.places, using: &random) : nil
        }
        pause = place(35)
        hold = place(35)
        resolve = place(35)
        delay = place(10)
        resume = place(30)
    }
}

/// One store and one fleet that many races run on, one after the other.
final class EngineStopRig {
    struct Outcome {
        var hasSent = false
        var violations: [String] = []
    }

    private static let server = EngineFixture.web
    private static let source = WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none)
    /// Nothing but what is raced bounds the runs.
    private static let limits: Limits = {
        var limits = Limits.none
        limits.maxConcurrent = 1_000
        limits.maxEventAge = .seconds(900)
        return limits
    }()

    let store: SQLiteStore
    private let clock = ManualClock()
    private let api: FakeServersAPI
    private let ruleSet: RuleSet
    private let dispatcher: Dispatcher
    private let brakes = Brakes()
    private let settings = EngineSettings(live: true, limits: limits)
    private var number = 0

    init() throws {
        store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        api = FakeServersAPI([Self.server], clock: clock, duration: .zero)
        let load = RuleSet.load(
            [RuleSource(name: "t.yaml", text: EngineFixture.hostDown)], revision: RuleSetRevision(rawValue: "test"),
            sources: nil, floor: .none)
        ruleSet = try #require(load.ruleSet)
        dispatcher = Dispatcher(
            store: store, queries: store, rules: RuleBook(current: ruleSet, queries: store),
            sources: ["alertmanager": Self.source],
            limits: Self.limits, clock: clock, doorbell: Doorbell(), workerDoorbell: Doorbell(), logger: LogRecorder().logger)
    }

    /// What is true while one race runs.
    private struct Present {
        var place = 0
        var stops: Set<PauseScope> = []
        var isResolved = false
        var isLate = false
        var outcome = Outcome()
    }

    func race(_ race: EngineStopRace) async throws -> Outcome {
        number += 1
        var present = Present()
        try await deliver("firing")
        try await disturb(race, &present)
        let claimed = try await store.claimRuns(
            ClaimRequest(now: clock.now(), leaseUntil: clock.now() + settings.lease, limit: 1)
        ).first
        if let claimed { try await play(claimed, race, &present) }
        for scope in present.stops { _ = try await desk.resume(scope, by: "operator", now: clock.now()) }
        if let claimed { try await end(claimed.run.id) }
        clock.advance(by: .seconds(1))
        if !present.isResolved { try await deliver("resolved") }
        return present.outcome
    }

    private var desk: PauseDesk { PauseDesk(store: store, brakes: brakes) }

    /// What a worker does with a claimed run until it gives it back, with what happens between any two effects.
    private func play(_ claimed: ClaimedRun, _ race: EngineStopRace, _ present: inout Present) async throws {
        var machine = RunMachine(
            claimed: claimed, rule: ruleSet.rule(named: claimed.run.rule),
            event: try Webhooks.decode(claimed.delivery, source: Self.source).first, settings: settings,
            resolver: ServerResolver(aliases: [:]), offer: ApprovalOffer(id: ApprovalID(random: race.seed), command: nil))
        let sender = RequestSender(
            api: api, transport: FakeTransport(clock: clock), secrets: [:], brakes: brakes, clock: clock)
        var input = RunInput.woken
        var writtenAt = clock.now()
        for _ in 0..<32 {
            let judgedAt = clock.now()
            let effect = machine.next(input, now: judgedAt)
            let judgedLate = present.isLate
            try await disturb(race, &present)
            switch effect {
            case .commit(let transition):
                writtenAt = judgedAt
                let isIntent = if case .open = transition.intent { true } else { false }
                switch try await store.commit(transition) {
                case .committed(let intent):
                    if isIntent { judge(intent: present, judgedLate) { present.outcome.violations.append($0) } }
                    if transition.releasesLease { return }
                    input = .committed(intent: intent)
                case .refused(let refusal): input = .refused(refusal)
                case .fenced: return
                }
                try await disturb(race, &present)
            case .readInventory:
                input = .inventory(.success(InventorySnapshot(servers: [Self.server], fetchedAt: clock.now())))
            case .readServer(let id): input = .server(.success(try await api.get(id)))
            case .send(let intent):
                let before = api.ledger.count
                input = await sender.send(
                    intent, of: machine.pauseSubject(of: intent), isTrusted: clock.now().since(writtenAt) < settings.lease / 2)
                guard api.ledger.count > before else { continue }
                present.outcome.hasSent = true
                if !present.stops.isEmpty { present.outcome.violations.append("sent although \(present.stops) is paused") }
                if present.isLate { present.outcome.violations.append("sent long after it was judged") }
            default:
                present.outcome.violations.append("the rule has no such effect")
                return
            }
        }
    }

    private func judge(intent present: Present, _ judgedLate: Bool, _ report: (String) -> Void) {
        if !present.stops.isEmpty { report("an intent was written although \(present.stops) is paused") }
        if present.isResolved { report("an intent was written for a problem that is over") }
        if judgedLate { report("an intent was written on a stale word") }
    }

    private func disturb(_ race: EngineStopRace, _ present: inout Present) async throws {
        defer { present.place += 1 }
        let place = present.place
        if race.pause == place { try await stop(.all, &present) }
        if race.hold == place { try await stop(.server(Self.server.id), &present) }
        if race.resolve == place {
            try await deliver("resolved")
            present.isResolved = true
        }
        if race.delay == place {
            clock.advance(by: .seconds(1_200))
            present.isLate = true
        }
        if race.resume == place {
            for scope in present.stops { _ = try await desk.resume(scope, by: "operator", now: clock.now()) }
            present.stops = []
        }
    }

    private func stop(_ scope: PauseScope, _ present: inout Present) async throws {
        _ = try await desk.pause(scope, reason: "race", by: "operator", for: nil, now: clock.now())
        present.stops.insert(scope)
    }

    /// Gives the run's lane back for the next race.
    private func end(_ id: RunID) async throws {
        guard var run = try await store.run(id), !run.state.isFinal else { return }
        let open = try await store.intents(of: id).last { $0.outcome == nil }
        run.state = .cancelled
        run.reason = .resolved
        _ = try await store.commit(
            RunTransition(
                now: clock.now(), run: run, intent: open.map { .close($0.id, .notExecuted) }, releasesLease: true))
    }

    private func deliver(_ status: String) async throws {
        let alert: JSONValue = [
            "status": .string(status), "labels": ["alertname": "HostDown", "server": "web-server-01"], "annotations": [:],
            "startsAt": "2026-11-21T10:00:00Z",
            "endsAt": .string(status == "resolved" ? clock.now().rfc3339 : "0001-01-01T00:00:00Z"),
            "fingerprint": .string("race/\(number)"), "generatorURL": "",
        ]
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": .string(status), "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": .array([alert]),
        ]
        _ = try await store.accept(
            NewDelivery(source: "alertmanager", receivedAt: clock.now(), body: body.serialized(), contentType: "application/json")
        )
        _ = try await dispatcher.dispatchOnce()
    }
}
