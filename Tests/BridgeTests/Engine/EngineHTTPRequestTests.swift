import CurlTransport
import Engine
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

@Suite("Engine: http.request")
struct EngineHTTPRequestTests {
    /// A rule that does nothing but open a ticket and say which.
    static let ticket = """
        version: 1
        rules:
          - name: ticket
            trigger: alertmanager
            when: event.labels.alertname == "HostDown"
            autonomy: auto
            actions:
              - id: ticket
                action: http.request
                with:
                  method: POST
                  url: https://tickets.example.com/api/issues
                  headers:
                    Authorization: "Bearer ${{ secrets.TICKETS }}"
                  json:
                    title: "Down: ${{ event.labels.server }}"
                retry: {attempts: 4, initial_delay: 8s, max_delay: 60s}
              - action: notify
                with: {channel: oncall, text: "ticket ${{ steps.ticket.body.key }}"}
        """

    private static let secrets = ["TICKETS": Secret("canary-5eC4e7")]

    private static func idempotent(_ rules: String) -> String {
        rules.replacing(
            "            Authorization:",
            with: "            Idempotency-Key: \"${{ event.fingerprint }}\"\n            Authorization:")
    }

    // MARK: A rule of requests alone

    @Test("a rule of requests alone sends one, reads its answer, and says so")
    func alone() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(.status(201, #"{"key": "OPS-7"}"#))
        try await fixture.alert("firing")
        let sent = try #require(fixture.transport.requests.first)
        #expect(sent.line == "POST https://tickets.example.com/api/issues")
        #expect(sent.header("Authorization") == "Bearer canary-5eC4e7")
        #expect(sent.body == #"{"title":"Down: web-server-01"}"#)
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded && run.reason == .applied)
        #expect(run.lane == Lane(rawValue: "rule:ticket:HostDown/web-server-01"))
        #expect(try await fixture.messages() == ["ticket OPS-7"])
        #expect(try await fixture.store.intents(of: run.id).map(\.outcome) == [.applied])
    }

    @Test("its secret is in no audit entry, message, intent, run or dead letter, also when the answer repeats it")
    func secrets() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(
            .status(503, "canary-5eC4e7"), .cut)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(60))
        fixture.transport.answer(.status(200, #"{"key": "canary-5eC4e7"}"#))
        try await fixture.alert("firing", server: "db-server-01")
        let audit = try await fixture.store.auditEntries(run: nil, delivery: nil, limit: 1_000)
        let runs = try await fixture.store.runs(limit: 10)
        var texts = audit.map { "\($0)" } + runs.map { "\($0)" } + (try await fixture.messages())
        for run in runs { texts += try await fixture.store.intents(of: run.id).map { "\($0)" } }
        texts += try await fixture.store.deadLetters(limit: 10).map { "\($0)" }
        #expect(fixture.transport.requests.count == 3)
        #expect(audit.count > 5)
        #expect(texts.allSatisfy { !$0.contains("canary") })
    }

    @Test(
        "what is not sent is tried again when its time has come, with a growing ceiling",
        arguments: [HTTPOutcome.refusedConnection, .status(503)])
    func retries(outcome: HTTPOutcome) async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(outcome, outcome, outcome)
        let start = fixture.clock.now()
        try await fixture.alert("firing")
        #expect(fixture.transport.requests.count == 1)
        #expect(try await fixture.onlyRun().dueAt == start + .seconds(4), "half of 8 s: the random number is 0.5")
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.transport.requests.map { $0.at.since(start) } == [.zero, .seconds(4), .seconds(12), .seconds(28)])
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("after the last attempt the run fails and its channel is told, not with its message")
    func exhausted() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(.refusedConnection, .refusedConnection, .refusedConnection, .refusedConnection)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(300))
        let run = try await fixture.onlyRun()
        #expect(fixture.transport.requests.count == 4)
        #expect(run.state == .failed && run.reason == .notSent)
        let messages = try await fixture.messages()
        #expect(messages.count == 1)
        #expect(messages.first?.hasPrefix("Rule ticket, run 1: rung 1, step 1 (ticket), POST https://tickets") == true)
    }

    @Test("`Retry-After` is honoured beyond the longest delay of the rule")
    func retryAfter() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(.status(429, headers: [("Retry-After", "120")]))
        let start = fixture.clock.now()
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().dueAt == start + .seconds(120))
    }

    @Test("a status that is not expected and not listed fails at once", arguments: [301, 400, 404, 501])
    func unexpected(status: Int) async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(.status(status))
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(300))
        #expect(fixture.transport.requests.count == 1)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .refused)
        #expect(try await fixture.store.intents(of: run.id).map(\.outcome) == [.refused])
    }

    @Test("a POST that may have arrived is not sent again: a person decides")
    func ambiguousPost() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(.cut)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(3_600))
        try await fixture.alert("resolved")
        try await fixture.advance(by: .seconds(3_600))
        #expect(fixture.transport.requests.count == 1)
        let run = try await fixture.onlyRun()
        #expect(run.state == .parked && run.detail.contains("may have been received"))
        #expect(try await fixture.store.deadLetters(limit: 10).count == 1)
        #expect(try await fixture.messages().count == 1, "people are told once")
    }

    @Test("a POST with an Idempotency-Key, a PUT and a GET are sent again", arguments: ["POST", "PUT", "DELETE", "GET"])
    func ambiguousButSafe(method: String) async throws {
        var rules =
            method == "POST" ? Self.idempotent(Self.ticket) : Self.ticket.replacing("method: POST", with: "method: \(method)")
        if method == "GET" {
            rules = rules.replacing("json:\n            title: ", with: "query:\n            title: ")
        }
        let fixture = try EngineFixture(rules: rules, secrets: Self.secrets)
        fixture.transport.answer(.cut, .cut)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.transport.requests.count == 3)
        #expect(Set(fixture.transport.requests.map(\.body)).count == 1)
        #expect(try await fixture.onlyRun().state == .succeeded)
    }

    @Test("a status that arrived counts, also when the body broke off")
    func brokenBody() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        fixture.transport.answer(.maybeSent(TransportError(.reset, "the connection was reset", status: 201)))
        try await fixture.alert("firing")
        #expect(try await fixture.onlyRun().state == .succeeded)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test("what can not be rendered is never sent, is not tried again, and is audited")
    func templateFailure() async throws {
        let rules = Self.ticket.replacing("event.labels.server }}\"\n", with: "event.labels.nothing }}\"\n")
        let fixture = try EngineFixture(rules: rules, secrets: Self.secrets)
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(300))
        #expect(fixture.transport.requests.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.state == .failed && run.reason == .templateError)
        #expect(try await fixture.store.intents(of: run.id).isEmpty)
        let audit = try await fixture.store.auditEntries(run: run.id, delivery: nil, limit: 10)
        #expect(audit.contains { $0.reason == .templateError })
    }

    @Test("a secret that is not configured sends nothing")
    func missingSecret() async throws {
        let fixture = try EngineFixture(rules: Self.ticket)
        try await fixture.alert("firing")
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.onlyRun().reason == .templateError)
    }

    @Test("a header that would hold a line end is never sent and not tried again")
    func unsendable() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: ["TICKETS": Secret("a\r\nX-Evil: 1")])
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(120))
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.onlyRun().state == .failed)
    }

    @Test(
        "requests that change servers at the Servers API itself are not sent: no guard would bound them",
        arguments: ["POST", "GET"])
    func aroundTheGuards(method: String) async throws {
        var rules = Self.ticket.replacing(
            "https://tickets.example.com/api/issues", with: "https://admin.vps.org:443/api/v1/servers/1/stop/")
        if method == "GET" {
            rules = rules.replacing("method: POST", with: "method: GET")
                .replacing("json:\n            title: ", with: "query:\n            title: ")
        }
        let fixture = try EngineFixture(rules: rules, secrets: Self.secrets)
        fixture.restart { $0.apiOrigin = "https://admin.vps.org" }
        try await fixture.alert("firing")
        #expect(fixture.transport.requests.count == (method == "GET" ? 1 : 0))
        #expect(try await fixture.onlyRun().reason == (method == "GET" ? .applied : .protected))
    }

    @Test("observe, and a bridge that is not live, say what they would send", arguments: [true, false])
    func observes(isLive: Bool) async throws {
        let rules = isLive ? Self.ticket.replacing("autonomy: auto", with: "autonomy: observe") : Self.ticket
        let fixture = try EngineFixture(rules: rules, live: isLive, secrets: Self.secrets)
        try await fixture.alert("firing")
        #expect(fixture.transport.requests.isEmpty)
        let run = try await fixture.onlyRun()
        #expect(run.state == .cancelled && run.reason == (isLive ? .observeOnly : .notLive))
        #expect(run.detail.hasPrefix("would POST https://tickets.example.com/api/issues"))
    }

    @Test("the cooldown counts by key where there is no server, and spends no budget of servers")
    func cooldownByKey() async throws {
        let limits = Limits(fleetBudgets: [Budget(max: 1, per: .seconds(3_600))], settle: .zero)
        let rules = Self.ticket.replacing(
            "    autonomy: auto", with: "    limits: {key: event.labels.alertname}\n    autonomy: auto")
        let fixture = try EngineFixture(rules: rules, limits: limits, secrets: Self.secrets)
        try await fixture.alert("firing")
        try await fixture.alert("firing", server: "db-server-01")
        #expect(fixture.transport.requests.count == 1)
        #expect(try await fixture.newestRun().reason == .cooldown)
        try await fixture.keepFiring(server: "db-server-01", for: .seconds(1_860))
        #expect(fixture.transport.requests.count == 2)
        let apart = try EngineFixture(rules: Self.ticket, limits: limits, secrets: Self.secrets)
        try await apart.alert("firing")
        try await apart.alert("firing", server: "db-server-01")
        #expect(apart.transport.requests.count == 2, "without a key each problem is its own")
    }

    @Test("stale evidence sends nothing")
    func stale() async throws {
        let fixture = try EngineFixture(
            rules: Self.ticket.replacing("    autonomy: auto", with: "    for: 20m\n    autonomy: auto"), secrets: Self.secrets)
        try await fixture.alert("firing")
        try await fixture.advance(by: .seconds(1_300))
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.onlyRun().reason == .staleEvidence)
    }

    // MARK: Conditions

    @Test(
        "`if`: a step whose condition does not hold, or can not be judged, is left out and audited",
        arguments: [
            ("event.labels.server == \"web-server-01\"", true), ("event.labels.server == \"x\"", false),
            ("event.labels.nothing == \"x\"", false),
        ])
    func conditions(condition: String, isSent: Bool) async throws {
        let rules = Self.ticket.replacing("      - id: ticket\n", with: "      - id: ticket\n        if: '\(condition)'\n")
        let fixture = try EngineFixture(rules: rules, secrets: Self.secrets)
        try await fixture.alert("firing")
        let run = try await fixture.onlyRun()
        #expect(run.state == .succeeded)
        #expect(fixture.transport.requests.count == (isSent ? 1 : 0))
        let reasons = try await fixture.store.auditEntries(run: run.id, delivery: nil, limit: 10).map(\.reason)
        #expect(reasons.contains { $0 == .stepSkipped || $0 == .conditionMissing } == !isSent)
    }

    // MARK: Crashes

    @Test(
        "a bridge that dies between intent and answer: what may be repeated is, what may not is parked",
        arguments: [(true, true), (true, false), (false, true), (false, false)])
    func crash(isSafe: Bool, wasSent: Bool) async throws {
        let rules = isSafe ? Self.idempotent(Self.ticket) : Self.ticket
        let fixture = try EngineFixture(rules: rules, secrets: Self.secrets)
        try await fixture.deliver("firing")
        _ = try await fixture.dispatcher.dispatchOnce()
        let claimed = try #require(
            try await fixture.store.claimRuns(
                ClaimRequest(now: fixture.clock.now(), leaseUntil: fixture.clock.now() + .seconds(30), limit: 1)
            ).first)
        var run = claimed.run
        run.state = .running
        run.lane = .rule("ticket", key: "HostDown/web-server-01")
        run.progress.attempts = 1
        let request = IntentRequest(method: "POST", url: "https://tickets.example.com/api/issues", hash: "x")
        _ = try await fixture.store.commit(
            RunTransition(
                now: fixture.clock.now(), run: run,
                intent: .open(NewIntent(rung: 0, step: 0, kind: .httpRequest, request: request), guards: nil),
                releasesLease: false)
        )
        fixture.clock.advance(by: .seconds(1))
        #expect(try await fixture.store.rescue(now: fixture.clock.now(), everything: true) == 1)
        try await fixture.settle()
        try await fixture.keepFiring(for: .seconds(60))
        let ended = try await fixture.onlyRun()
        #expect(ended.state == (isSafe ? .succeeded : .parked))
        #expect(fixture.transport.requests.count == (isSafe ? 1 : 0))
    }

    @Test("a worker that is taken over while its request is on its way writes nothing, and the request is judged once")
    func fenced() async throws {
        let fixture = try EngineFixture(rules: Self.ticket, secrets: Self.secrets)
        let (store, clock) = (fixture.store, fixture.clock)
        fixture.transport.duringNextRequest { _ = try? await store.rescue(now: clock.now(), everything: true) }
        try await fixture.alert("firing")
        try await fixture.keepFiring(for: .seconds(60))
        #expect(fixture.transport.requests.count == 1)
        #expect(try await fixture.onlyRun().state == .parked)
    }
}
