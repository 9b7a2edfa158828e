import Engine
import Foundation
import JSON
import Logging
import Model
import RuleTesting
import Rules
import Store
import Synchronization
import Testing
import VPSAPI
import Webhooks

/// The whole engine on a real store, a fake fleet and a clock that is turned: deliveries in, requests out.
final class EngineFixture {
    static let web = Server(
        id: ServerID(rawValue: 12345), name: "web-server-01", hostname: "web01.example.com", status: .active,
        ipAddress: "203.0.113.10", updatedAt: Timestamp(seconds: 1_795_000_000))
    static let db = Server(
        id: ServerID(rawValue: 12346), name: "db-server-01", hostname: "db01.example.com", status: .active,
        ipAddress: "203.0.113.11", updatedAt: Timestamp(seconds: 1_795_000_000))

    /// Servers of which nothing is said, so that a problem of the two is no storm.
    static let others = (1...9).map { number in
        Server(
            id: ServerID(rawValue: 13_000 + Int64(number)), name: "other-\(number)", status: .active,
            updatedAt: Timestamp(seconds: 1_795_000_000))
    }

    static let hostDown = """
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
              - {timeout: 10m, actions: [server.power_cycle]}
              - actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]
        """

    private static let sources = [
        "alertmanager": WebhookSource(name: "alertmanager", kind: .alertmanager, authentication: .none),
        "slack": WebhookSource(name: "slack", kind: .slack, authentication: .none),
    ]
    /// One rung, the power cycle.
    static let powerCycle = hostDown.replacing("{timeout: 10m, actions: [server.reboot]}\n      - ", with: "")

    let clock = ManualClock()
    let began: Timestamp
    /// When the problem of a name and a server last began, as `NAME/SERVER`.
    private var lastStart: [String: Timestamp] = [:]
    let api: FakeServersAPI
    let store: SQLiteStore
    let prober = FakeProber()
    /// What the source's own API says; it can not be asked until it has an answer.
    let evidence = FakeEvidenceSource()
    let log = LogRecorder()
    /// What `http.request` is sent to.
    let transport: FakeTransport
    private let secrets: [String: Secret]
    private(set) var settings: EngineSettings
    let directory: String
    let ruleSet: RuleSet
    private(set) var dispatcher: Dispatcher
    private(set) var worker: Worker
    /// The stop switch and the pauses, as the worker asks them.
    let brakes: Brakes
    private(set) var scheduler: Scheduler

    init(
        rules: String = hostDown, servers: [Server] = [web, db] + others, live: Bool = true,
        limits: Limits = Limits(settle: .zero),
        protected: [String] = [], secrets: [String: Secret] = [:]
    ) throws {
        began = clock.now()
        transport = FakeTransport(clock: clock)
        self.secrets = secrets
        directory = FileManager.default.temporaryDirectory.path + "/vpsbridge-engine-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        api = FakeServersAPI(servers, clock: clock)
        store = try SQLiteStore(path: directory + "/bridge.sqlite", options: SQLiteStoreOptions())
        brakes = Brakes(stop: StopSwitch(path: directory + "/STOP"))
        settings = EngineSettings(live: live, limits: limits, protected: ProtectedServers(protected))
        let load = RuleSet.load(
            [RuleSource(name: "test.yaml", text: rules)], revision: RuleSetRevision(rawValue: "test"), sources: nil,
            floor: settings.limits)
        ruleSet = try #require(load.ruleSet, "\(load.diagnostics)")
        (dispatcher, worker, scheduler) = Self.engine(
            ruleSet: ruleSet, sources: Self.sources, store: store, api: api, prober: prober, evidence: evidence,
            transport: transport,
            secrets: secrets,
            clock: clock, settings: settings, brakes: brakes, logger: log.logger)
    }

    /// The bridge is started again with a configuration that knows no source any more.
    func removeSources() {
        (dispatcher, worker, scheduler) = Self.engine(
            ruleSet: ruleSet, sources: [:], store: store, api: api, prober: prober, evidence: evidence, transport: transport,
            secrets: secrets, clock: clock, settings: settings, brakes: brakes, logger: log.logger)
    }

    /// The bridge is started again with other settings.
    func restart(_ change: (inout EngineSettings) -> Void) {
        change(&settings)
        (dispatcher, worker, scheduler) = Self.engine(
            ruleSet: ruleSet, sources: Self.sources, store: store, api: api, prober: prober, evidence: evidence,
            transport: transport,
            secrets: secrets,
            clock: clock, settings: settings, brakes: brakes, logger: log.logger)
    }

    /// The bridge is started again with a clock that does more than tell the time.
    func restart(clock: any TimeSource) {
        (dispatcher, worker, scheduler) = Self.engine(
            ruleSet: ruleSet, sources: Self.sources, store: store, api: api, prober: prober, evidence: evidence,
            transport: transport, secrets: secrets, clock: clock, settings: settings, brakes: brakes, logger: log.logger)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    private static func engine(
        ruleSet: RuleSet, sources: [String: WebhookSource], store: SQLiteStore, api: FakeServersAPI, prober: FakeProber,
        evidence: FakeEvidenceSource, transport: FakeTransport, secrets: [String: Secret], clock: any TimeSource,
        settings: EngineSettings, brakes: Brakes, logger: Logger
    ) -> (Dispatcher, Worker, Scheduler) {
        let book = RuleBook(current: ruleSet, queries: store)
        let dispatcher = Dispatcher(
            store: store, queries: store, rules: book, sources: sources, limits: settings.limits, clock: clock,
            doorbell: Doorbell(),
            workerDoorbell: Doorbell(), logger: logger)
        let worker = Worker(
            store: store, queries: store, api: api, inventory: Inventory(api: api), prober: prober, evidence: evidence,
            transport: transport,
            secrets: secrets,
            rules: book, sources: sources, resolver: ServerResolver(aliases: [:]), settings: settings, clock: clock,
            doorbell: Doorbell(), messageDoorbell: Doorbell(), random: { 0.5 }, brakes: brakes, logger: logger)
        let scheduler = Scheduler(
            store: store, queries: store, rules: book, limits: settings.limits, clock: clock, dispatcherDoorbell: Doorbell(),
            logger: logger)
        return (dispatcher, worker, scheduler)
    }

    // MARK: What comes in

    /// One Alertmanager delivery of one alert, and everything that follows from it at once.
    func alert(
        _ status: String, server: String = "web-server-01", alertname: String = "HostDown", startedAgo: Duration? = nil
    ) async throws {
        try await deliver(status, server: server, alertname: alertname, startedAgo: startedAgo)
        try await settle()
    }

    /// Puts one alert into the store and does nothing with it yet. Without `startedAgo` it began a minute before the test did.
    func deliver(
        _ status: String, server: String = "web-server-01", alertname: String = "HostDown", startedAgo: Duration? = nil
    ) async throws {
        let now = clock.now()
        let start = startedAgo.map { now - $0 } ?? began - .seconds(60)
        if status == "firing" { lastStart["\(alertname)/\(server)"] = start }
        try await deliver(
            status, server: server, alertname: alertname, startsAt: lastStart["\(alertname)/\(server)"] ?? start,
            endsAt: status == "resolved" ? now : nil)
    }

    /// A resolve of an earlier occurrence.
    func deliverResolve(endedAt: Timestamp, startedAt: Timestamp) async throws {
        try await deliver("resolved", server: "web-server-01", alertname: "HostDown", startsAt: startedAt, endsAt: endedAt)
        try await settle()
    }

    /// The body of a resolve of the problem that the next `alert("firing")` begins.
    func resolveBody() -> [UInt8] {
        body("resolved", server: "web-server-01", alertname: "HostDown", startsAt: began - .seconds(60), endsAt: clock.now())
    }

    /// The body of a repeat of that problem.
    func firingBody() -> [UInt8] {
        body(
            "firing", server: "web-server-01", alertname: "HostDown", startsAt: lastStart["HostDown/web-server-01"] ?? began,
            endsAt: nil)
    }

    private func deliver(
        _ status: String, server: String, alertname: String, startsAt: Timestamp, endsAt: Timestamp?
    ) async throws {
        let bytes = body(status, server: server, alertname: alertname, startsAt: startsAt, endsAt: endsAt)
        _ = try await store.accept(
            NewDelivery(source: "alertmanager", receivedAt: clock.now(), body: bytes, contentType: "application/json"))
    }

    private func body(
        _ status: String, server: String, alertname: String, startsAt: Timestamp, endsAt: Timestamp?
    ) -> [UInt8] {
        let alert: JSONValue = [
            "status": .string(status), "labels": ["alertname": .string(alertname), "server": .string(server)], "annotations": [:],
            "startsAt": .string(startsAt.rfc3339),
            "endsAt": .string(endsAt?.rfc3339 ?? "0001-01-01T00:00:00Z"),
            "fingerprint": .string("\(alertname)/\(server)"), "generatorURL": "",
        ]
        let delivery: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": .string(status), "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": .array([alert]),
        ]
        return delivery.serialized()
    }

    /// Puts one delivery of many alerts, which no rule matches unless their name is one that a rule looks for, into the store.
    @discardableResult
    func deliverMany(_ count: Int, delivery: Int, alertname: String = "DiskFull") async throws -> DeliveryID {
        let alerts = (0..<count).map { number -> JSONValue in
            [
                "status": "firing", "labels": ["alertname": .string(alertname), "server": "web-server-01"], "annotations": [:],
                "startsAt": "2026-11-21T10:00:00Z",
                "endsAt": "0001-01-01T00:00:00Z", "fingerprint": .string("\(delivery)/\(number)"), "generatorURL": "",
            ]
        }
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": "firing", "receiver": "vpsbridge",
            "groupLabels": [:],
            "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": .array(alerts),
        ]
        let accepted = try await store.accept(
            NewDelivery(
                source: "alertmanager", receivedAt: clock.now(), body: body.serialized(), contentType: "application/json"))
        guard case .stored(let id) = accepted else { throw StoreScenarioError(what: "\(accepted)") }
        return id
    }

    /// A Slack command that passed its signature check.
    func command(_ text: String, user: String = "U012ABCDEF", trigger: String = "t1") async throws {
        try await deliverCommand(text, user: user, trigger: trigger)
        try await settle()
    }

    func deliverCommand(_ text: String, user: String = "U012ABCDEF", trigger: String = "t1") async throws {
        let form =
            "command=%2Fvps&text=\(text.replacing(" ", with: "+"))&user_id=\(user)&user_name=ann&channel_id=C0OPS&team_id=T1"
            + "&trigger_id=\(trigger)&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F1"
        _ = try await store.accept(
            NewDelivery(
                source: "slack", receivedAt: clock.now(), body: Array(form.utf8),
                contentType: "application/x-www-form-urlencoded",
                dedupKey: trigger, isUrgent: true))
    }

    // MARK: Time

    /// A problem that lasts: its alert is repeated every minute, or as said.
    func keepFiring(
        server: String = "web-server-01", for span: Duration, every interval: Duration = .seconds(60)
    ) async throws {
        let end = clock.now() + span
        while clock.now() < end {
            try await advance(by: min(interval, end.since(clock.now())))
            try await deliver("firing", server: server, startsAt: lastStart["HostDown/\(server)"] ?? began)
            try await settle()
        }
    }

    private func deliver(_ status: String, server: String, startsAt: Timestamp) async throws {
        try await deliver(status, server: server, alertname: "HostDown", startsAt: startsAt, endsAt: nil)
    }

    /// One problem from its alert to a run that succeeded.
    func rescueOnce() async throws {
        try await alert("firing", startedAgo: .zero)
        try await advance(by: .seconds(30))
        try await alert("resolved")
        try await advance(by: .seconds(130))
        #expect(try await newestRun().state == .succeeded)
    }

    /// Does everything that is due now.
    func settle() async throws {
        for _ in 0..<200 {
            try await scheduler.tick()
            let dispatched = try await dispatcher.dispatchOnce()
            let stepped = try await worker.stepDueRuns()
            if dispatched + stepped == 0 { return }
        }
        Issue.record("the engine does not come to rest")
    }

    /// Turns the clock, stopping at every instant at which something is due.
    func advance(by span: Duration) async throws {
        let end = clock.now() + span
        while let due = [try await store.nextDue(), scheduler.nextDue].compactMap(\.self).min(), due <= end {
            clock.set(due)
            try await settle()
        }
        clock.set(end)
        try await settle()
    }

    // MARK: What came of it

    func onlyRun() async throws -> Run {
        let runs = try await store.runs(limit: 10)
        #expect(runs.count == 1)
        return try #require(runs.first)
    }

    func newestRun() async throws -> Run {
        try #require(try await store.runs(limit: 1).first)
    }

    func messages() async throws -> [String] {
        try await store.claimMessages(now: clock.now(), hiddenUntil: clock.now(), limit: 100).map(\.text)
    }
}
