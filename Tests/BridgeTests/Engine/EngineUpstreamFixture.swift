import CurlTransport
import Engine
import Foundation
import JSON
import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing
import VPSAPI
import Webhooks

/// VPS.org at the transport: a fleet that answers over HTTP, fails while it is told to, and keeps every request with its instant.
final class EngineUpstreamTransport: HTTPTransport {
    struct Sent: Sendable {
        let at: Timestamp
        let isChange: Bool
        let hasFailed: Bool
    }

    private struct State {
        var failure: HTTPOutcome?
        var sent: [Sent] = []
        var rebootedAt: [Int64: [Timestamp]] = [:]
        var stopped: Set<Int64> = []
        var orders: [String] = []

        mutating func order(_ verb: String, _ id: Int64, _ now: Timestamp) {
            orders.append("\(verb) \(id)")
            switch verb {
            case "stop": stopped.insert(id)
            case "start": stopped.remove(id)
            default: rebootedAt[id, default: []].append(now)
            }
        }
    }

    private let state = Mutex(State())
    private let clock: ManualClock
    private let count: Int

    init(servers count: Int, clock: ManualClock) {
        self.count = count
        self.clock = clock
    }

    /// What every request meets from now on; `nil` is a healthy upstream.
    func fail(with outcome: HTTPOutcome?) { state.withLock { $0.failure = outcome } }
    var sent: [Sent] { state.withLock { $0.sent } }
    /// Every change that was made, such as `stop 1`.
    var orders: [String] { state.withLock { $0.orders } }
    func reboots(of server: Int64) -> Int { state.withLock { $0.rebootedAt[server]?.count ?? 0 } }

    func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let now = clock.now()
        return state.withLock { state in
            let failure = state.failure
            state.sent.append(Sent(at: now, isChange: request.method == .post, hasFailed: failure != nil))
            if let failure { return failure }
            let parts = request.target.pathAndQuery.split(separator: "/").map(String.init)
            guard parts.count > 3, let id = Int64(parts[3]) else {
                let all = (1...Int64(count)).map { Self.server($0, state, now) }
                return .status(200, JSONValue.object(["count": .int(Int64(count)), "results": .array(all)]).serializedText)
            }
            if parts.count > 4 { state.order(parts[4], id, now) }
            return .status(200, Self.server(id, state, now).serializedText)
        }
    }

    private static func server(_ id: Int64, _ state: State, _ now: Timestamp) -> JSONValue {
        let last = state.rebootedAt[id]?.last
        let isRebooting = last.map { now.since($0) < .seconds(8) } ?? false
        return [
            "id": .int(id), "name": .string("web-\(id)"),
            "status": .string(state.stopped.contains(id) ? "stopped" : isRebooting ? "rebooting" : "active"),
            "updated_at": .string((last ?? Timestamp(seconds: 1_795_000_000)).rfc3339),
        ]
    }
}

extension JSONValue {
    fileprivate var serializedText: String { String(decoding: serialized(), as: UTF8.self) }
}

/// The whole engine on a real store over that transport, with the client and the gate that the bridge uses, on a turned clock.
final class EngineUpstreamFixture {
    static let rules = """
        version: 1
        rules:
          - name: host-down
            trigger: alertmanager
            when:
              - event.labels.alertname == "HostDown"
            target: event.labels.server
            autonomy: auto
            healthy_delay: 2m
            escalation:
              - {timeout: 10m, actions: [server.reboot]}
              - actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]
          - name: chat-reboot
            trigger:
              source: slack
              command: vps reboot
              args: [{name: server, type: string, required: true, max_length: 63}]
            target: args.server
            autonomy: auto
            permissions: {users: [U012ABCDEF], channels: [C0OPS]}
            actions: [server.reboot]
        """

    let clock = ManualClock()
    let began: Timestamp
    let transport: EngineUpstreamTransport
    let upstream: Upstream
    let store: SQLiteStore
    private let directory: String
    private let dispatcher: Dispatcher
    private let worker: Worker

    init(servers: Int, seed: UInt64, limits: GateLimits = GateLimits(), rules: String = rules, bounds: Limits? = nil) throws {
        began = clock.now()
        transport = EngineUpstreamTransport(servers: servers, clock: clock)
        let draws = EngineUpstreamDraws(seed: seed)
        upstream = Upstream(limits: limits, clock: clock) { draws.next() }
        directory = FileManager.default.temporaryDirectory.path + "/vpsbridge-upstream-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        store = try SQLiteStore(path: directory + "/bridge.sqlite", options: SQLiteStoreOptions())
        // Without its own bounds nothing but the gate before the API paces what is done, a storm neither.
        let limits =
            bounds
            ?? Limits(
                fleetBudgets: [Budget(max: 10_000, per: .seconds(3_600))], maxConcurrent: servers, settle: .zero, storm: .never)
        let settings = EngineSettings(live: true, limits: limits, noticeChannels: ["oncall"])
        let load = RuleSet.load(
            [RuleSource(name: "test.yaml", text: rules)], revision: RuleSetRevision(rawValue: "test"), sources: nil,
            floor: limits)
        let book = RuleBook(current: try #require(load.ruleSet, "\(load.diagnostics)"), queries: store)
        let sources = [
            "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none),
            "slack": WebhookSource(name: "slack", kind: .slack, authentication: .none),
        ]
        let logger = LogRecorder().logger
        let api = try VPSAPIClient(
            baseURL: "https://admin.vps.org", token: Secret("t"), transport: transport, upstream: upstream)
        dispatcher = Dispatcher(
            store: store, queries: store, rules: book, sources: sources, limits: limits, clock: clock, doorbell: Doorbell(),
            workerDoorbell: Doorbell(), logger: logger)
        worker = Worker(
            store: store, queries: store, api: api, inventory: Inventory(api: api), prober: FakeProber(), transport: transport,
            secrets: [:], rules: book, sources: sources, resolver: ServerResolver(aliases: [:]), settings: settings, clock: clock,
            doorbell: Doorbell(), messageDoorbell: Doorbell(), random: { draws.next() }, logger: logger)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// One word of Alertmanager about one server.
    func alert(_ status: String, server: Int64, startedAt: Timestamp) async throws {
        let now = clock.now()
        let name = "web-\(server)"
        let alert: JSONValue = [
            "status": .string(status), "labels": ["alertname": "HostDown", "server": .string(name)], "annotations": [:],
            "startsAt": .string(startedAt.rfc3339),
            "endsAt": .string(status == "resolved" ? now.rfc3339 : "0001-01-01T00:00:00Z"), "fingerprint": .string(name),
            "generatorURL": "",
        ]
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": .string(status), "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": .array([alert]),
        ]
        _ = try await store.accept(
            NewDelivery(source: "alertmanager", receivedAt: now, body: body.serialized(), contentType: "application/json"))
    }

    func command(_ text: String) async throws {
        let form =
            "command=%2Fvps&text=\(text.replacing(" ", with: "+"))&user_id=U012ABCDEF&user_name=ann&channel_id=C0OPS&team_id=T1"
            + "&trigger_id=t1&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"
        _ = try await store.accept(
            NewDelivery(
                source: "slack", receivedAt: clock.now(), body: Array(form.utf8),
                contentType: "application/x-www-form-urlencoded", dedupKey: "t1", isUrgent: true))
    }

    /// Does everything that is due now.
    func settle() async throws {
        for _ in 0..<2_000 {
            let dispatched = try await dispatcher.dispatchOnce()
            let stepped = try await worker.stepDueRuns()
            if dispatched + stepped == 0 { return }
        }
        Issue.record("the engine does not come to rest")
    }

    /// Turns the clock, stopping at every instant at which something is due.
    func advance(to end: Timestamp) async throws {
        while let due = try await store.nextDue(), due <= end {
            clock.set(due)
            try await settle()
        }
        clock.set(end)
        try await settle()
    }

    func messages() async throws -> [String] {
        try await store.claimMessages(now: clock.now(), hiddenUntil: clock.now(), limit: 1_000).map(\.text)
    }
}

/// Numbers from 0 to below 1, the same for the same seed.
final class EngineUpstreamDraws: Sendable {
    private let random: Mutex<JSONTestRandom>

    init(seed: UInt64) { random = Mutex(JSONTestRandom(seed: seed)) }

    func next() -> Double { random.withLock { Double.random(in: 0..<1, using: &$0) } }
}
