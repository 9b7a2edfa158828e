import CurlTransport
import JSON
import Model
import RuleTesting
import Rules
import Store
import Testing
import VPSAPI

@Suite("Replay of what was recorded")
struct RuleTestingReplayTests {
    private static let start = Timestamp(seconds: 1_795_286_400)
    private static let servers = (1...3).map { number in
        Server(id: ServerID(rawValue: Int64(number)), name: "web-\(number)", status: .active)
    }

    private static func rules(_ text: String, _ revision: String = "r") throws -> RuleSet {
        let load = RuleSet.load(
            [RuleSource(name: "a.yaml", text: text)], revision: RuleSetRevision(rawValue: revision), sources: nil, floor: .none)
        return try #require(load.ruleSet, "\(load.diagnostics)")
    }

    private static let hostDown = """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when: [event.labels.alertname == "HostDown"]
            for: 2m
            target: event.labels.server
            autonomy: auto
            escalation:
              - {timeout: 10m, actions: [server.reboot]}
              - actions: [{action: notify, with: {channel: oncall, text: down}}]
        """

    private static func body(_ number: Int, _ server: Int, _ status: String, at: Timestamp) -> [UInt8] {
        let value: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": .string(status), "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "",
            "alerts": [
                [
                    "status": .string(status), "labels": ["alertname": "HostDown", "server": .string("web-\(server)")],
                    "annotations": [:], "startsAt": "2026-11-21T10:00:00Z",
                    "endsAt": .string(status == "resolved" ? at.rfc3339 : "0001-01-01T00:00:00Z"),
                    "fingerprint": .string("f\(server)"), "generatorURL": "",
                ]
            ],
        ]
        return value.serialized()
    }

    /// Problems of three servers, each for ten minutes with repeats, one after the other.
    private static func record(_ store: SQLiteStore) async throws {
        var now = start
        var number = 0
        for round in 0..<2 {
            for server in 1...3 {
                for repeated in 0..<10 {
                    let status = repeated == 9 ? "resolved" : "firing"
                    _ = try await store.accept(
                        NewDelivery(
                            source: "alertmanager", receivedAt: now, body: body(number, server, status, at: now),
                            contentType: "application/json"))
                    number += 1
                    now = now + .seconds(60)
                }
                now = now + .seconds(Int64(round) * 1_000)
            }
        }
    }

    private static func replay(
        _ store: SQLiteStore, since: Timestamp = start, trap: TrapTransport = TrapTransport(), reaching: (any ServersAPI)? = nil
    ) -> HistoryReplay {
        HistoryReplay(
            history: store, since: since, settings: RuleTestSettings(limits: Limits(settle: .zero)), servers: servers, trap: trap,
            reaching: reaching)
    }

    private static func use(_ body: (SQLiteStore) async throws -> Void) async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        try await record(store)
        try await body(store)
        await store.close()
    }

    @Test("the same rules do the same, twice, and nothing is different")
    func same() async throws {
        try await Self.use { store in
            let rules = try Self.rules(Self.hostDown)
            let one = try await Self.replay(store).run(rules)
            let two = try await Self.replay(store).run(rules)
            #expect(one.actions == two.actions && one.reasons == two.reasons && one.deliveries == 60)
            #expect(one.actions.count > 2 && one.actions.allSatisfy { $0.action == "reboot" && $0.rule == "host-down" })
            // `for: 2m` after the first word of it.
            #expect(one.actions.first?.at == Self.start + .seconds(120) && one.actions.first?.target == "web-1 (1)")
            let difference = ReplayDifference(present: one.actions, candidate: two.actions)
            #expect(difference.changes.isEmpty && difference.same == one.actions.count)
        }
    }

    @Test("a longer `for` moves actions, another condition takes them away, and both are told by rule, server and time")
    func differs() async throws {
        try await Self.use { store in
            let present = try await Self.replay(store).run(Self.rules(Self.hostDown))
            let later = try await Self.replay(store).run(Self.rules(Self.hostDown.replacing("for: 2m", with: "for: 5m")))
            let moved = ReplayDifference(present: present.actions, candidate: later.actions)
            #expect(
                moved.changes.contains { $0.kind == .moved && $0.target == "web-1 (1)" && $0.after == Self.start + .seconds(300) }
            )
            let fewer = try await Self.replay(store).run(
                Self.rules(
                    Self.hostDown.replacing("== \"HostDown\"]", with: "== \"HostDown\", 'event.labels.server != \"web-2\"']")))
            let removed = ReplayDifference(present: present.actions, candidate: fewer.actions)
            #expect(removed.changes.contains { $0.kind == .removed && $0.target == "web-2 (2)" })
            #expect(!fewer.actions.contains { $0.target == "web-2 (2)" })
            #expect(removed.lines.first == "rule host-down")
        }
    }

    @Test("rules that would ask people are told as questions")
    func asks() async throws {
        try await Self.use { store in
            let outcome = try await Self.replay(store).run(
                Self.rules(Self.hostDown.replacing("autonomy: auto", with: "autonomy: approve")))
            #expect(outcome.actions.contains { $0.action == "ask" } && !outcome.actions.contains { $0.action == "reboot" })
        }
    }

    @Test("what was created costs its plan's price in a month; what has no price is counted apart")
    func cost() {
        var outcome = ReplayOutcome()
        outcome.actions = [("create", 2), ("create", 2), ("create", 9), ("reboot", 2)].map { action, plan in
            ReplayAction(rule: "r", action: action, target: "t", at: Self.start, plan: Int64(plan))
        }
        let cost = outcome.cost(PriceList(currency: "EUR", plans: [2: Money(micros: 5_000_000)]))
        #expect(cost.amount == Money(micros: 10_000_000) && cost.unpriced == 1)
    }

    @Test("only what was received since is played")
    func since() async throws {
        try await Self.use { store in
            let outcome = try await Self.replay(store, since: Self.start + .seconds(600)).run(Self.rules(Self.hostDown))
            #expect(outcome.deliveries == 50 && outcome.actions.allSatisfy { $0.at >= Self.start + .seconds(600) })
            let none = try await Self.replay(store, since: Self.start + .seconds(1_000_000)).run(Self.rules(Self.hostDown))
            #expect(none.deliveries == 0 && none.actions.isEmpty)
        }
    }

    @Test("a replay reaches nothing: requests of rules, probes and messages open no socket, and the trap stays shut")
    func opensNothing() async throws {
        try await Self.use { store in
            let rules = try Self.rules(
                Self.hostDown.replacing("autonomy: auto", with: "autonomy: auto\n    healthy_delay: 30s\n    probe: {tcp: 22}")
                    .replacing(
                        "- {timeout: 10m, actions: [server.reboot]}",
                        with:
                            "- {timeout: 1m, actions: [{action: http.request, with: {method: POST, url: \"https://hooks.example.com/x\"}}]}\n      - {timeout: 10m, actions: [server.reboot]}"
                    ))
            let trap = TrapTransport()
            let outcome = try await Self.replay(store, trap: trap).run(rules)
            #expect(outcome.actions.contains { $0.action == "http.request" && $0.target == "POST https://hooks.example.com/x" })
            #expect(outcome.actions.contains { $0.action == "reboot" } && trap.tried.isEmpty)
        }
    }

    @Test(
        "requests to the addresses that rules name are assumed to be answered, everything else is trapped",
        arguments: [
            ("https://hooks.example.com/x", true), ("https://hooks.example.com/other?a=b", true),
            ("http://hooks.example.com/x", false), ("https://hooks.example.com:8443/x", false),
            ("https://admin.vps.org/api/v1/servers/", false), ("https://hooks.slack.com/commands/1", false),
        ])
    func assumed(url: String, isAssumed: Bool) async throws {
        let rules = try Self.rules(
            Self.hostDown.replacing(
                "- {timeout: 10m, actions: [server.reboot]}",
                with: "- {timeout: 10m, actions: [{action: http.request, with: {url: \"https://hooks.example.com/x\"}}]}"))
        let trap = TrapTransport()
        let request = try HTTPRequest(method: .get, url: url, isReplayable: true)
        let outcome = await AssumedTransport(of: rules, trap: trap).send(request)
        if case .response(let response) = outcome {
            #expect(isAssumed && response.status == 200 && trap.tried.isEmpty)
        } else {
            #expect(!isAssumed && trap.tried == ["GET \(request.target.host)"])
        }
    }

    @Test("the trap fires when something tries, and the replay ends with that")
    func trapFires() async throws {
        try await Self.use { store in
            let trap = TrapTransport()
            let leak = try VPSAPIClient(
                baseURL: "https://admin.vps.org", token: Secret("t"), transport: trap,
                upstream: Upstream(limits: GateLimits(), clock: ManualClock()))
            let error = await #expect(throws: HistoryReplay.Fault.self) {
                try await Self.replay(store, trap: trap, reaching: leak).run(Self.rules(Self.hostDown))
            }
            #expect(error?.description == "something tried to reach the network: GET admin.vps.org")
        }
    }

    @Test("memory does not grow with the record: what is done with is cleared away as it goes")
    func bounded() async throws {
        let store = try SQLiteStore(inMemory: SQLiteStoreOptions())
        // More than one page, each problem over at once.
        for number in 0..<520 {
            let now = Self.start + .seconds(Int64(number) * 200)
            _ = try await store.accept(
                NewDelivery(
                    source: "alertmanager", receivedAt: now,
                    body: Self.body(number, number / 2 % 3 + 1, number % 2 == 0 ? "firing" : "resolved", at: now),
                    contentType: "application/json"))
        }
        let outcome = try await Self.replay(store).run(Self.rules(Self.hostDown))
        #expect(outcome.deliveries == 520)
        await store.close()
    }
}
