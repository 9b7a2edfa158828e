import CurlTransport
import Model
import RuleTesting
import Store
import Testing
import VPSAPI

/// The Servers API fails for an hour while problems come in; afterwards every one of them is acted on, at the configured pace.
@Suite("Engine: an hour without the Servers API")
struct EngineUpstreamHourTests {
    private static let servers: Int64 = 60
    private static let forms: [(String, HTTPOutcome)] = [
        ("connection refused", .refusedConnection), ("503", .status(503)),
        ("503 with Retry-After", .status(503, headers: [("Retry-After", "20")])),
        ("no answer", .maybeSent(TransportError(.timeout, "no answer in 30 s"))), ("429", .status(429)),
        ("429 with Retry-After", .status(429, headers: [("Retry-After", "30")])), ("401", .status(401)),
    ]

    @Test("few requests, nothing lost, no burst", arguments: forms)
    func hour(form: String, failure: HTTPOutcome) async throws {
        let fixture = try EngineUpstreamFixture(servers: Int(Self.servers), seed: 7)
        let began = fixture.began
        let recovery = began + .seconds(3_600)
        let starts = Dictionary(uniqueKeysWithValues: (1...Self.servers).map { ($0, began + .seconds($0 * 50)) })
        fixture.transport.fail(with: failure)
        var resolved: Set<Int64> = []
        // Every problem is spoken of every ten minutes, until its server was rebooted and a minute has passed.
        for minute in 0..<150 {
            let now = began + .seconds(minute * 60)
            try await fixture.advance(to: now)
            if minute == 60 { fixture.transport.fail(with: nil) }
            for (server, start) in starts.sorted(by: { $0.key < $1.key }) where start <= now && !resolved.contains(server) {
                if fixture.transport.reboots(of: server) > 0 {
                    try await fixture.alert("resolved", server: server, startedAt: start)
                    resolved.insert(server)
                } else if (minute - Int(server)) % 10 == 0 || now.since(start) < .seconds(60) {
                    try await fixture.alert("firing", server: server, startedAt: start)
                }
            }
            try await fixture.settle()
            if resolved.count == Self.servers, minute > 75 { break }
        }
        try await fixture.advance(to: fixture.clock.now() + .seconds(300))

        let sent = fixture.transport.sent
        let failed = sent.filter(\.hasFailed)
        let after = sent.filter { $0.at >= recovery }
        let actions = sent.filter(\.isChange)
        let last = actions.last.map { $0.at.since(recovery).inSeconds } ?? 0
        let excess = curlTransportPolicyExcess(of: sent.map { $0.at.since(began).inSeconds }, rate: 5, burst: 10)
        print(
            "an hour of \(form): \(Self.servers) actions offered, \(failed.count) requests failed "
                + "(\(Double(failed.count) / Double(Self.servers)) of offered), \(actions.count) changes sent, "
                + "\(after.count) requests after recovery, last action \(Int(last)) s after it, burst excess \(excess)")
        #expect(Double(failed.count) <= 1.1 * Double(Self.servers))
        #expect(Double(actions.count) <= 1.1 * Double(Self.servers))
        #expect(excess <= 0.001)
        for server in 1...Self.servers { #expect(fixture.transport.reboots(of: server) == 1, "server \(server)") }
        #expect(last <= 900, "the longest open time, a minute until the next look, and 60 actions at their pace")
        let states = Dictionary(grouping: try await fixture.store.runs(limit: 1_000), by: \.state).mapValues(\.count)
        #expect(states == [.succeeded: Int(Self.servers)])
        #expect(try await fixture.store.deadLetters(limit: 10).isEmpty)
        let notices = try await fixture.messages().filter { $0.contains("refuses the token") }
        #expect(notices.count == (form == "401" ? 1 : 0))
    }

    @Test("after three hours a problem that nobody repeated and an old command do nothing; the next word acts")
    func stale() async throws {
        let fixture = try EngineUpstreamFixture(servers: 3, seed: 3)
        let start = fixture.began
        fixture.transport.fail(with: .refusedConnection)
        try await fixture.alert("firing", server: 1, startedAt: start)
        try await fixture.command("reboot web-2")
        try await fixture.advance(to: start + .seconds(3 * 3_600))
        fixture.transport.fail(with: nil)
        try await fixture.advance(to: start + .seconds(4 * 3_600))
        #expect(fixture.transport.sent.filter(\.isChange).isEmpty)
        let runs = try await fixture.store.runs(limit: 10)
        #expect(Set(runs.map(\.state)) == [.held, .expired])
        #expect(runs.first { $0.state == .held }?.reason == .staleEvidence)
        #expect(try await fixture.messages().contains { $0.contains("waited too long") })
        try await fixture.alert("firing", server: 1, startedAt: start)
        try await fixture.settle()
        #expect(fixture.transport.reboots(of: 1) == 1 && fixture.transport.reboots(of: 2) == 0)
    }

    @Test(
        "VPS.org goes away between a stop and its start: the start follows when it is back, in the lane and the rung of the stop")
    func owedStart() async throws {
        let fixture = try EngineUpstreamFixture(
            servers: 3, seed: 5,
            rules: EngineUpstreamFixture.rules.replacing("actions: [server.reboot]}", with: "actions: [server.power_cycle]}"))
        let start = fixture.began
        try await fixture.alert("firing", server: 1, startedAt: start)
        try await fixture.settle()
        #expect(fixture.transport.orders == ["stop 1"])
        fixture.transport.fail(with: .refusedConnection)
        for _ in 0..<30 {
            try await fixture.advance(to: fixture.clock.now() + .seconds(60))
            #expect(try await fixture.store.runs(limit: 1).first?.state == .verifying)
        }
        fixture.transport.fail(with: nil)
        try await fixture.advance(to: fixture.clock.now() + .seconds(420))
        #expect(fixture.transport.orders == ["stop 1", "start 1"])
        #expect(fixture.transport.sent.filter(\.hasFailed).count < 20)
    }

    @Test("changes that fail alone keep changes back: the start is owed while reads go on")
    func refusedOwedStart() async throws {
        let fixture = try EngineUpstreamFixture(
            servers: 3, seed: 5,
            rules: EngineUpstreamFixture.rules.replacing("actions: [server.reboot]}", with: "actions: [server.power_cycle]}"))
        try await fixture.alert("firing", server: 1, startedAt: fixture.began)
        try await fixture.settle()
        // The breaker of changes opens by what others meet.
        let request = try HTTPRequest(method: .post, url: "https://admin.vps.org/api/v1/servers/3/reboot/", isReplayable: false)
        fixture.transport.fail(with: .status(500))
        for _ in 0..<5 { _ = try? await fixture.upstream.send(request, as: .mutate, over: fixture.transport) }
        fixture.transport.fail(with: nil)
        try await fixture.advance(to: fixture.clock.now() + .seconds(10))
        let run = try #require(try await fixture.store.runs(limit: 1).first)
        #expect(run.state == .verifying && run.rung == 0 && run.reason == .apiUnavailable, "\(run.detail)")
        #expect(fixture.transport.orders == ["stop 1"])
        try await fixture.advance(to: fixture.clock.now() + .seconds(60))
        #expect(fixture.transport.orders == ["stop 1", "start 1"])
    }

    @Test("what is held back after its intent was written spends no budget")
    func heldBackSpendsNothing() async throws {
        let fixture = try EngineFixture(limits: Limits(budgets: [Budget(max: 1, per: .seconds(86_400))], settle: .zero))
        let held = APIError(
            code: .heldBack, certainty: .notExecuted, retryAfter: .seconds(7), heldBy: .rateLimit, detail: "not sent")
        fixture.api.script(.reboot, .fail(held), .fail(held))
        try await fixture.alert("firing")
        let run = try await fixture.onlyRun()
        #expect(run.state == .held && run.reason == .rateLimited && run.dueAt == fixture.clock.now() + .seconds(7))
        try await fixture.advance(by: .seconds(14))
        #expect(fixture.api.ledger == ["reboot 12345"])
        let outcomes = try await fixture.store.intents(of: run.id).map(\.outcome)
        #expect(outcomes == [.notExecuted, .notExecuted, .applied])
    }
}
