import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: what a request's outcome means")
struct EngineOutcomeTests {
    @Test("a lost answer of a reboot that took place: seen by reading, never sent again")
    func lostAnswer() async throws {
        let fixture = try EngineFixture()
        fixture.api.script(.reboot, .failAfterApply(.lost))
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().state == .unknown)
        try await fixture.advance(by: .seconds(10))
        let run = try await fixture.onlyRun()
        #expect(run.state == .verifying)
        #expect(try await fixture.store.intents(of: run.id).map(\.outcome) == [.applied])
        #expect(fixture.api.calls(.reboot) == 1)
    }

    @Test("a lost answer without any sign of a reboot: counts as sent after 30 s, is not sent again")
    func lostWithoutSign() async throws {
        let fixture = try EngineFixture()
        fixture.api.script(.reboot, .fail(.lost))
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(25))
        #expect(try await fixture.onlyRun().state == .unknown)
        try await fixture.advance(by: .seconds(15))
        let run = try await fixture.onlyRun()
        #expect(run.state == .verifying)
        #expect(try await fixture.store.intents(of: run.id).map(\.outcome) == [.assumedSent])
        #expect(fixture.api.calls(.reboot) == 1)
    }

    @Test(
        "what certainly did not happen spends no budget and is tried again",
        arguments: [APIError.unreachable, .tokenRefused, .slowDown])
    func notExecuted(error: APIError) async throws {
        let fixture = try EngineFixture(limits: Limits(budgets: [Budget(max: 1, per: .seconds(86_400))], settle: .zero))
        fixture.api.script(.reboot, .fail(error))
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().state == .held)
        try await fixture.advance(by: .seconds(61))
        #expect(fixture.api.ledger == ["reboot 12345"])
        #expect(fixture.api.calls(.reboot) == 2)
    }

    @Test("a refusal of the API ends the run, and the last rung's message is sent all the same")
    func refused() async throws {
        let fixture = try EngineFixture()
        fixture.api.setStatus(ServerID(rawValue: 12345), .stopped)
        try await fixture.alert("firing")
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed)
        #expect(run.reason == .refused)
        #expect(try await fixture.messages() == ["web-server-01 is still down"])
        #expect(fixture.api.calls(.reboot) == 1)
    }

    @Test(
        "a stop that took place owes its start: it is sent even when the answer to the first start is lost or refused by the network"
    )
    func owedStart() async throws {
        let fixture = try EngineFixture(
            rules: EngineFixture.hostDown.replacing("{timeout: 10m, actions: [server.reboot]}\n      - ", with: ""))
        fixture.api.script(.start, .fail(.unreachable), .fail(.lost))
        try await fixture.alert("firing")
        #expect(fixture.api.ledger == ["stop 12345"])
        try await fixture.advance(by: .seconds(120))
        #expect(fixture.api.ledger == ["stop 12345", "start 12345"])
        let run = try await fixture.onlyRun()
        #expect(try await fixture.store.intents(of: run.id).filter { $0.operation == .stop }.count == 1)
    }

    @Test("a worker that is lost after the intent: the next one reads, and sends nothing twice", arguments: [true, false])
    func lostWorker(wasSent: Bool) async throws {
        let fixture = try EngineFixture()
        try await fixture.deliver("firing")
        _ = try await fixture.dispatcher.dispatchOnce()
        // A worker claims the run, writes the intent, perhaps sends it, and is gone.
        let claimed = try #require(
            try await fixture.store.claimRuns(
                ClaimRequest(now: fixture.clock.now(), leaseUntil: fixture.clock.now() + .seconds(30), limit: 1)
            ).first)
        var run = claimed.run
        run.state = .running
        run.lane = .server(ServerID(rawValue: 12345))
        run.server = ServerID(rawValue: 12345)
        run.serverName = "web-server-01"
        let intent = NewIntent(
            rung: 0, step: 0, operation: .reboot, server: ServerID(rawValue: 12345), preStatus: .active,
            preUpdatedAt: EngineFixture.web.updatedAt)
        _ = try await fixture.store.commit(
            RunTransition(
                now: fixture.clock.now(), run: run,
                intent: .open(intent, guards: Guards(limits: Limits(), fleetSize: 2, checksCooldown: true)), releasesLease: false)
        )
        if wasSent { _ = try await fixture.api.reboot(ServerID(rawValue: 12345)) }
        fixture.clock.advance(by: .seconds(1))
        #expect(try await fixture.store.rescue(now: fixture.clock.now(), everything: true) == 1)
        try await fixture.settle()
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().state == .verifying)
        #expect(fixture.api.calls(.reboot) == (wasSent ? 1 : 0))
    }

    @Test("a source that is removed after our stop leaves the run to a person, never a server that nobody knows is stopped")
    func sourceRemoved() async throws {
        let fixture = try EngineFixture(
            rules: EngineFixture.hostDown.replacing("{timeout: 10m, actions: [server.reboot]}\n      - ", with: ""))
        try await fixture.alert("firing")
        #expect(fixture.api.ledger == ["stop 12345"])
        fixture.removeSources()
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().state == .parked)
        #expect(try await fixture.store.deadLetters(limit: 1).first?.detail.contains("may have to be started") == true)
    }

    @Test("a server that is gone ends the run as a dead letter")
    func serverGone() async throws {
        let fixture = try EngineFixture()
        try await fixture.alert("firing")
        fixture.api.remove(ServerID(rawValue: 12345))
        try await fixture.advance(by: .seconds(10))
        #expect(try await fixture.onlyRun().reason == .serverGone)
        #expect(try await fixture.store.deadLetters(limit: 10).count == 1)
    }
}

extension APIError {
    static let unreachable = APIError(code: .notSent, certainty: .notExecuted, detail: "connection refused")
    static let tokenRefused = APIError(code: .unauthorized, certainty: .notExecuted, status: 401, detail: "Invalid token.")
    static let slowDown = APIError(
        code: .rateLimited, certainty: .notExecuted, status: 429, retryAfter: .seconds(20), detail: "Throttled.")
    static let lost = APIError(code: .outcomeUnknown, certainty: .unknown, detail: "the connection was reset")
}
