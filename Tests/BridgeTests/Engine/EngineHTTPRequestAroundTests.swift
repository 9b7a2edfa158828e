import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: http.request around a change")
struct EngineHTTPRequestAroundTests {
    /// One request before a reboot and one after it.
    static let around = """
        version: 1
        rules:
          - name: around
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            target: event.labels.server
            autonomy: auto
            healthy_delay: 2m
            escalation:
              - timeout: 10m
                actions:
                  - id: out
                    action: http.request
                    with: {method: POST, url: "https://lb.example.com/out/${{ server.name }}"}
                  - id: reboot
                    action: server.reboot
                  - action: http.request
                    with: {method: POST, url: "https://lb.example.com/in/${{ server.name }}/${{ steps.out.body.token }}"}
                  - action: notify
                    with: {channel: oncall, text: "${{ server.name }} is back"}
              - actions:
                  - id: page
                    action: http.request
                    with: {method: PUT, url: "https://page.example.com/x", json: {server: "${{ server.name }}"}}
                  - action: notify
                    with: {channel: oncall, text: "paged ${{ steps.page.status }}"}
        """

    @Test("requests stand before and after the change, in order, and read each other's answers")
    func order() async throws {
        let fixture = try EngineFixture(rules: Self.around)
        fixture.transport.answer(.status(200, #"{"token": "a/b"}"#))
        let api = fixture.api
        fixture.transport.duringNextRequest { #expect(api.ledger.isEmpty, "the first request goes before the reboot") }
        try await fixture.alert("firing")
        #expect(fixture.transport.lines == ["POST https://lb.example.com/out/web-server-01"])
        #expect(fixture.api.ledger == ["reboot 12345"])
        try await fixture.advance(by: .seconds(30))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(130))
        #expect(fixture.transport.lines.dropFirst() == ["POST https://lb.example.com/in/web-server-01/a%2Fb"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .effective)
        #expect(try await fixture.messages() == ["web-server-01 is back"])
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a first request that fails leaves the server alone, and the last rung's request and message follow")
    func firstFails() async throws {
        let fixture = try EngineFixture(rules: Self.around)
        fixture.transport.answer(.status(500))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(60))
        #expect(fixture.api.ledger.isEmpty)
        #expect(fixture.transport.lines == ["POST https://lb.example.com/out/web-server-01", "PUT https://page.example.com/x"])
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .refused)
        #expect(try await fixture.messages() == ["paged 200"])
    }

    @Test("a first request that may have arrived parks the run; the server stays untouched")
    func firstAmbiguous() async throws {
        let fixture = try EngineFixture(rules: Self.around)
        fixture.transport.answer(.cut)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(600))
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.onlyRun().state == .parked)
    }

    @Test("a last request that may have arrived ends the run: nothing of the server is open, and people are told")
    func lastAmbiguous() async throws {
        let fixture = try EngineFixture(rules: Self.around)
        fixture.transport.answer(.status(200, #"{"token": "t"}"#), .cut)
        try await fixture.rescueBut(expecting: .failed)
        let run = try await fixture.onlyRun()
        #expect(run.reason == .unverified)
        #expect(try await fixture.store.deadLetters(limit: 10).count == 1)
        #expect(try await fixture.messages() == ["web-server-01 is back"])
    }

    @Test("a problem that no rung solved: the last rung's request is sent, then its message")
    func ineffective() async throws {
        let fixture = try EngineFixture(rules: Self.around)
        fixture.api.script(.reboot, .doNothing)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(720))
        #expect(fixture.transport.lines.last == "PUT https://page.example.com/x")
        #expect(fixture.transport.requests.last?.body == #"{"server":"web-server-01"}"#)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .ineffective)
        #expect(try await fixture.messages() == ["paged 200"])
        #expect(fixture.api.ledger == ["reboot 12345"])
    }

    @Test("a reboot that a guard refuses after the first request is held, and the request is not sent again")
    func guardBetween() async throws {
        let fixture = try EngineFixture(
            rules: Self.around, limits: Limits(fleetBudgets: [Budget(max: 0, per: .seconds(3_600))], settle: .zero))
        try await fixture.alert("firing")
        #expect(fixture.transport.requests.isEmpty, "guards are asked before the first request")
        let open = try EngineFixture(rules: Self.around)
        let api = open.api
        open.transport.duringNextRequest { api.setStatus(EngineFixture.web.id, .rebooting) }
        try await open.alert("firing")
        #expect(try await open.onlyRun().reason == .serverBusy)
        #expect(open.transport.requests.count == 1)
        open.api.setStatus(EngineFixture.web.id, .active)
        try await open.advance(by: .seconds(20))
        #expect(open.api.ledger == ["reboot 12345"])
        #expect(open.transport.requests.count == 1)
    }

    @Test("a problem that ends between the request and the reboot: no reboot")
    func resolvedBetween() async throws {
        let fixture = try EngineFixture(rules: Self.around)
        let (store, dispatcher) = (fixture.store, fixture.dispatcher)
        let resolve = fixture.resolveBody()
        let now = fixture.clock.now()
        fixture.transport.duringNextRequest {
            _ = try? await store.accept(
                NewDelivery(source: "alertmanager", receivedAt: now, body: resolve, contentType: "application/json"))
            _ = try? await dispatcher.dispatchOnce()
        }
        try await fixture.alert("firing")
        #expect(fixture.api.ledger.isEmpty)
        #expect(try await fixture.onlyRun().state == .cancelled)
    }

    @Test("a change that is left out takes nothing, and the steps after it are still taken")
    func skippedChange() async throws {
        let rules = Self.around.replacing(
            "          - id: reboot\n", with: "          - id: reboot\n            if: 'server.status == \"x\"'\n")
        let fixture = try EngineFixture(rules: rules)
        fixture.transport.answer(.status(200, #"{"token": "t"}"#))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(60))
        #expect(fixture.api.ledger.isEmpty)
        #expect(fixture.transport.lines.map { $0.dropFirst(5).prefix(28) }.contains("https://lb.example.com/in/we"))
        #expect(try await fixture.onlyRun().state.isFinal)
    }
}

extension EngineFixture {
    /// One problem that is over after its reboot.
    fileprivate func rescueBut(expecting state: RunState) async throws {
        try await alert("firing", startedAgo: .zero)
        try await advance(by: .seconds(30))
        try await alert("resolved")
        try await advance(by: .seconds(200))
        #expect(try await newestRun().state == state)
    }
}
