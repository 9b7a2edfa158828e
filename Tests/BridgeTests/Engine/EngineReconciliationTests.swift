import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: refused requests are read before the refusal counts, and creates before they are repeated")
struct EngineReconciliationTests {
    private let web = ServerID(rawValue: 12345)
    private static let badRequest = APIError(code: .badRequest, certainty: .notExecuted, status: 400, detail: "no")

    private static func command(_ action: String) -> String {
        EngineCommandTests.rules.replacing("actions: [server.reboot]", with: "actions: [server.\(action)]")
    }

    @Test(
        "a start or a stop that is refused is done when the server is as it was asked for",
        arguments: [("start", ServerStatus.active), ("stop", .stopped)])
    func alreadySo(action: String, status: ServerStatus) async throws {
        let fixture = try EngineFixture(rules: Self.command(action))
        fixture.api.setStatus(web, status)
        fixture.api.script(action == "start" ? .start : .stop, .fail(Self.badRequest))
        try await fixture.command("reboot web-server-01")
        try await fixture.advance(by: .seconds(15))
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded, "\(run)")
        #expect(try await fixture.store.intents(of: run.id).map(\.outcome) == [.refused])
        #expect(fixture.api.calls(action == "start" ? .start : .stop) == 1)
    }

    @Test("a refused start, stop or reboot of a server that is not so stays refused, and its status is told")
    func refused() async throws {
        for (action, operation) in [("start", Operation.start), ("stop", .stop), ("reboot", .reboot)] {
            let fixture = try EngineFixture(rules: Self.command(action))
            fixture.api.setStatus(web, action == "stop" ? .active : .suspended)
            fixture.api.script(operation, .fail(Self.badRequest))
            try await fixture.command("reboot web-server-01")
            try await fixture.advance(by: .seconds(60))
            let run = try await fixture.onlyRun()
            #expect(run.state == .failed && run.reason == .refused)
            #expect(run.detail.contains("which is \(action == "stop" ? "active" : "suspended")"))
            #expect(fixture.api.calls(operation) == 1)
        }
    }

    @Test("a refusal that can not be checked: the server is read until it says, and nothing is sent again")
    func unreadable() async throws {
        let fixture = try EngineFixture(rules: Self.command("start"))
        let api = fixture.api
        api.setStatus(web, .stopped)
        api.script(.start, .fail(Self.badRequest))
        // The read before the request succeeds, the one after it does not.
        api.duringNextGet {
            api.duringNextGet { [web] in
                api.script(.get, .fail(.lost), .fail(.lost)); api.setStatus(web, .active)
            }
        }
        try await fixture.command("reboot web-server-01")
        #expect(try await fixture.onlyRun().state == .unknown)
        try await fixture.advance(by: .seconds(60))
        #expect(try await fixture.onlyRun().state == .succeeded)
        #expect(api.calls(.start) == 1)
    }

    @Test("a stop of a power cycle that was refused, for somebody else stopped the server: it is not started")
    func notOurStop() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        let api = fixture.api
        api.script(.stop, .fail(Self.badRequest))
        api.duringNextGet { api.duringNextGet { [web] in api.setStatus(web, .stopped) } }
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(600))
        #expect(api.calls(.stop) == 1 && api.calls(.start) == 0)
        #expect(try await fixture.onlyRun().reason == .refused)
    }

    @Test("a stop of a power cycle that was refused and could not be looked at is no stop of ours: the server is not started")
    func unreadableStop() async throws {
        let fixture = try EngineFixture(rules: EngineFixture.powerCycle)
        let api = fixture.api
        api.script(.stop, .fail(Self.badRequest))
        api.duringNextGet {
            api.duringNextGet { [web] in
                api.script(.get, .fail(.lost)); api.setStatus(web, .stopped)
            }
        }
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(600))
        #expect(api.calls(.stop) == 1 && api.calls(.start) == 0)
        #expect(try await fixture.onlyRun().reason == .refused)
    }

    // MARK: Creates

    private func scaleOut() throws -> EngineFixture {
        try EngineFixture(rules: EngineScale.up, servers: EngineScale.fleet, limits: Limits(settle: .zero))
    }

    @Test("a create that was refused though it took place is found and adopted", arguments: [400, 409])
    func refusedAndThere(status: Int) async throws {
        let fixture = try scaleOut()
        fixture.api.script(
            .create,
            .failAfterApply(
                APIError(
                    code: status == 400 ? .badRequest : .conflict, certainty: status == 400 ? .notExecuted : .unknown,
                    status: status, detail: "name taken")))
        let clock = fixture.clock
        fixture.api.afterNextCreate { clock.advance(by: .milliseconds(1)) }
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        #expect(fixture.api.calls(.create) == 1)
        #expect(try await fixture.onlyRun().state == .succeeded)
        #expect(try await fixture.store.createdServers().map(\.name) == ["web-2"])
    }

    @Test("the first of two creates shows when the second is there: a person is told of both, none is deleted")
    func twins() async throws {
        let fixture = try scaleOut()
        fixture.api.script(.create, .failAfterApply(.lost))
        fixture.api.hide([ServerID(rawValue: 20_001)])
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(301), every: .seconds(30))
        #expect(fixture.api.calls(.create) == 2, "the first one did not show in the whole window")
        fixture.api.hide([])
        try await fixture.keepFiring(server: "web", for: .seconds(60))
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("20002, 20001"), "\(run)")
        #expect(fixture.api.calls(.create) == 2 && fixture.api.calls(.delete) == 0)
    }

    @Test("a create that was asked for twice and is there once is done")
    func repeatedOnce() async throws {
        let fixture = try scaleOut()
        fixture.api.script(.create, .fail(.lost))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(360), every: .seconds(30))
        #expect(fixture.api.ledger == ["create web-2"] && fixture.api.calls(.create) == 2)
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("a create that is asked for once more is not in its own way, though the cap is one")
    func repeatedUnderCap() async throws {
        let fixture = try EngineFixture(
            rules: EngineScale.up, servers: EngineScale.fleet,
            limits: Limits(settle: .zero, creates: CreateCaps(maxPerDay: 1, maxPerMonth: 1)))
        fixture.api.script(.create, .fail(.lost))
        try await fixture.alert("firing", server: "web")
        try await fixture.keepFiring(server: "web", for: .seconds(360), every: .seconds(30))
        #expect(fixture.api.ledger == ["create web-2"] && fixture.api.calls(.create) == 2)
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("an account that looks empty while a create is unknown is left to a person")
    func blind() async throws {
        let fixture = try scaleOut()
        fixture.api.script(.create, .fail(.lost))
        try await fixture.alert("firing", server: "web")
        for server in EngineScale.fleet { fixture.api.remove(server.id) }
        try await fixture.keepFiring(server: "web", for: .seconds(360), every: .seconds(30))
        #expect(fixture.api.calls(.create) == 1)
        #expect(try await fixture.onlyRun().state == .parked)
    }
}
