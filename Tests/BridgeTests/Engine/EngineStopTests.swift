import Engine
import Foundation
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: pauses, holds and the stop switch")
struct EngineStopTests {
    /// Where a rule's run stands when it is stopped.
    enum Standing: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case pending
        case held
        case approval
        case ready
        case unknown
        case verifying
        case owesStart

        var testDescription: String { rawValue }

        /// The action that it would take next.
        var action: String {
            self == .verifying || self == .unknown || self == .owesStart ? "server.power_cycle" : "server.reboot"
        }
    }

    static let pairs = Standing.allCases.flatMap { standing in StopScope.allCases.map { (standing, $0) } }

    private static let asking = EngineFixture.hostDown.replacing(
        "autonomy: auto", with: "autonomy: approve\n    approval: {approvers: {users: [U0BOB]}, timeout: 10m}")

    /// A run that stands there, with nothing due.
    private static func fixture(_ standing: Standing) async throws -> EngineFixture {
        let settle = standing == .pending ? Duration.seconds(60) : .zero
        let rules = standing == .approval || standing == .ready ? asking : EngineFixture.hostDown
        let fixture = try EngineFixture(
            rules: standing == .owesStart ? EngineFixture.powerCycle : rules, limits: Limits(settle: settle))
        if standing == .held { fixture.api.script(.list, .fail(.unreachable)) }
        if standing == .unknown { fixture.api.script(.reboot, .failAfterApply(.lost)) }
        try await fixture.alert("firing", startedAgo: .zero)
        if standing == .ready {
            let id = try await fixture.question().id
            _ = try await fixture.answer(.approve, id, by: .chat(source: "slack", userID: "U0BOB"), thenSettles: false)
        }
        let states: [Standing: RunState] = [
            .pending: .pending, .held: .held, .approval: .approval, .ready: .approval, .unknown: .unknown, .verifying: .verifying,
            .owesStart: .verifying,
        ]
        #expect(try await fixture.onlyRun().state == states[standing])
        return fixture
    }

    @Test("a rule's run is stopped wherever it stands, and goes on when it is resumed", arguments: pairs)
    func everyState(standing: Standing, covered: StopScope) async throws {
        let fixture = try await Self.fixture(standing)
        let before = fixture.api.ledger
        let scope = covered.scope(action: standing.action)
        try await fixture.pause(scope)
        try await fixture.settle()
        if standing == .approval { try await fixture.approve() }
        // Longer than a rung and an approval last.
        try await fixture.keepFiring(for: .seconds(800), every: .seconds(400))
        #expect(fixture.api.ledger == before)
        let run = try await fixture.onlyRun()
        #expect(run.reason == .paused && run.detail.contains("a migration") && run.detail.contains("operator"))
        let waits: RunState = [.unknown, .verifying, .owesStart].contains(standing) ? .verifying : .held
        #expect(run.state == waits && run.lane == .server(EngineFixture.web.id))
        let resumption = try await fixture.resume(scope)
        #expect(resumption.outcome.lifted?.scope == scope)
        #expect(resumption.outcome.waiting.map(\.run.id) == [run.id])
        #expect(resumption.outcome.waiting.first?.owesStart == (standing == .owesStart))
        if standing == .approval || standing == .ready {
            // What people approved so long ago is asked again, once.
            #expect(fixture.api.ledger == before)
            #expect(try await fixture.onlyRun().state == .approval)
            try await fixture.approve()
        }
        let next = [Standing.owesStart: "start 12345", .verifying: "stop 12345", .unknown: "stop 12345"][standing]
        #expect(fixture.api.ledger == before + [next ?? "reboot 12345"])
    }

    @Test("a pause of something else stops nothing", arguments: StopScope.allCases.filter { $0.other != nil })
    func others(covered: StopScope) async throws {
        let fixture = try EngineFixture()
        try await fixture.pause(try #require(covered.other))
        try await fixture.alert("firing")
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a pause with an end ends by itself", arguments: StopScope.allCases)
    func expiry(covered: StopScope) async throws {
        let fixture = try EngineFixture()
        try await fixture.pause(covered.scope(action: "server.reboot"), for: .seconds(3_600))
        try await fixture.alert("firing", startedAgo: .zero)
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .paused && run.dueAt == fixture.clock.now() + .seconds(3_600))
        try await fixture.keepFiring(for: .seconds(3_599), every: .seconds(600))
        #expect(fixture.api.ledger.isEmpty)
        try await fixture.advance(by: .seconds(1))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a problem that ends during a pause is over: nothing is done at its end")
    func resolved() async throws {
        let fixture = try EngineFixture()
        try await fixture.pause()
        try await fixture.alert("firing")
        try await fixture.alert("resolved")
        #expect(try await fixture.onlyRun().reason == .resolved)
        try await fixture.resume()
        #expect(fixture.api.ledger.isEmpty)
    }

    @Test("what went stale during a pause does not act at its end, and acts on the next word")
    func stale() async throws {
        let fixture = try EngineFixture()
        try await fixture.pause()
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.advance(by: .seconds(3_600))
        try await fixture.resume()
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.onlyRun().reason == .staleEvidence)
        try await fixture.keepFiring(for: .seconds(1))
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a run that could not be judged since is not said to wait for a pause that is lifted")
    func forgets() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.pause()
        try await fixture.keepFiring(for: .seconds(700), every: .seconds(350))
        #expect(try await fixture.pausedRuns().count == 1)
        for _ in 0..<3 { fixture.api.script(.get, .fail(.unreachable)) }
        try await fixture.resume()
        #expect(try await fixture.onlyRun().reason == .resumed)
        #expect(try await fixture.pausedRuns().isEmpty)
    }

    // MARK: People

    @Test(
        "a person's command is refused at once, with who, why and until when, and nothing is read for it",
        arguments: [
            PauseScope.all, .rule("chat-reboot"), .source("slack"), .server(EngineFixture.web.id), .action("server.reboot"),
        ])
    func command(scope: PauseScope) async throws {
        let fixture = try EngineFixture(rules: EngineCommandTests.rules)
        let pause = try await fixture.pause(scope, for: .seconds(7_200))
        try await fixture.command("reboot web-server-01")
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == .paused && fixture.api.ledger.isEmpty)
        let told = try await fixture.messages()
        #expect(told.count == 1)
        for part in ["Not done", "operator", "a migration", try #require(pause.until).rfc3339] {
            #expect(told.first?.contains(part) == true, "\(part)")
        }
        if [.all, .rule, .source].contains(scope.kind) { #expect(fixture.api.calls(.list) + fixture.api.calls(.get) == 0) }
        try await fixture.resume(scope)
        #expect(fixture.api.ledger.isEmpty, "an old order is not carried out")
    }

    // MARK: The switch

    @Test("the file STOP stops everything, and its end wakes what waits")
    func stopFile() async throws {
        let fixture = try EngineFixture()
        try fixture.setStopFile(true)
        try await fixture.alert("firing", startedAgo: .zero)
        try await fixture.keepFiring(for: .seconds(600))
        #expect(fixture.api.ledger.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.reason == .paused)
        #expect(try await fixture.store.intents(of: run.id).isEmpty, "nothing is written that could not be sent")
        try fixture.setStopFile(false)
        _ = try await fixture.store.wakePaused(now: fixture.clock.now())
        try await fixture.settle()
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("resume takes the file away; of a narrower scope it does not")
    func resumeLiftsFile() async throws {
        let fixture = try EngineFixture()
        try fixture.setStopFile(true)
        try await fixture.alert("firing")
        #expect(try await fixture.resume(.rule("host-down")).stopFile == .absent)
        #expect(fixture.api.ledger.isEmpty && fixture.brakes.stop?.isStopped == true)
        #expect(try await fixture.resume().stopFile == .removed)
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a file that can not be looked for stops everything")
    func unreadable() throws {
        let loop = EngineStopFolder()
        #expect(!StopSwitch(path: loop.path + "/none/STOP").isStopped)
        try FileManager.default.createSymbolicLink(atPath: loop.path + "/STOP", withDestinationPath: "/nowhere")
        #expect(StopSwitch(path: loop.path + "/STOP").isStopped, "a link that leads nowhere is a file STOP")
        try FileManager.default.createSymbolicLink(atPath: loop.path + "/loop", withDestinationPath: loop.path + "/loop")
        #expect(StopSwitch(path: loop.path + "/loop/STOP").isStopped)
    }

    @Test("an owed start is deferred by the switch, told once, and sent first when it is lifted")
    func owedStartAndSwitch() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        try await fixture.alert("firing", startedAgo: .zero)
        #expect(fixture.api.ledger == ["stop 12345"])
        try fixture.setStopFile(true)
        try await fixture.keepFiring(for: .seconds(1_200), every: .seconds(300))
        #expect(fixture.api.ledger == ["stop 12345"])
        #expect(try await fixture.messages().filter { $0.contains("its start waits") }.count == 1)
        #expect(try await fixture.resume().outcome.waiting.map(\.owesStart) == [true])
        #expect(fixture.api.ledger == ["stop 12345", "start 12345"])
    }
}

/// A folder that is gone with its owner.
final class EngineStopFolder {
    let path = FileManager.default.temporaryDirectory.path + "/vpsbridge-stop-\(UInt64.random(in: 0...UInt64.max))"
    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
