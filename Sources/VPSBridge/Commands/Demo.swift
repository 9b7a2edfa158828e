import ArgumentParser
import CurlTransport
import Engine
import Foundation
import JSON
import Logging
import Model
import Rules
import Simulator
import Store
import Webhooks

/// Shows the whole path on this machine: a simulated server hangs, an alert arrives, the bridge reboots it and sees that it helped.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "See the bridge at work with a simulated VPS.org: no account, no other program, half a minute.")

    @Flag(help: "Go on after the first rescue, until Ctrl-C, to try things by hand.") var keep = false
    @Option(help: "The bridge's port.") var port = 8080
    @Option(help: "The simulator's port.") var simulatorPort = 9099
    @Flag(help: "Show the bridge's own log too.") var verbose = false

    func run() async throws {
        LineLogHandler.bootstrap(level: verbose ? .info : .critical)
        let folder = FileManager.default.temporaryDirectory.path + "/vpsbridge-demo-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            try DataFolder.prepare(folder)
            try await DemoStage(port: port, simulatorPort: simulatorPort, folder: folder, keeps: keep).play()
        } catch let error as DemoFailure {
            Output.note("demo: \(error.text)")
            throw ExitCode.failed
        }
    }
}

/// Why a demonstration did not come to its end.
struct DemoFailure: Error {
    let text: String
}

/// Simulator, bridge and a small monitoring system, all in this process, speaking over real HTTP.
struct DemoStage {
    let port: Int
    let simulatorPort: Int
    let folder: String
    let keeps: Bool

    private static let hookToken = "demo-hook-token"
    private static let apiToken = "demo-api-token"
    private static let server = ServerID(rawValue: 12345)
    /// How long the whole story may take.
    private static let patience = Duration.seconds(90)

    /// The rule of the demonstration, with short times.
    private static let rules = """
        version: 1
        rules:
          - name: host-down
            description: A server that does not answer is rebooted, then power-cycled, then people are told.
            trigger: alertmanager
            when:
              - event.labels.alertname == "HostDown"
            target: event.labels.server
            autonomy: auto
            healthy_delay: 3s
            escalation:
              - {timeout: 20s, actions: [server.reboot]}
              - {timeout: 30s, actions: [server.power_cycle]}
              - actions: [{action: notify, with: {channel: oncall, text: "${{ server.name }} is still down"}}]
        """

    func play() async throws {
        let clock = SystemClock()
        let simulator = try Simulator(
            configuration: SimulatorConfiguration(
                token: Secret(Self.apiToken),
                timings: SimulatorTimings(start: .seconds(4), stop: .seconds(4), reboot: .seconds(4))),
            time: clock)
        let bridge = try bridge(clock: clock)
        let (ready, announce) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await SimulatorServer(simulator).run(host: "127.0.0.1", port: simulatorPort) }
            group.addTask { try await bridge.run { announce.yield($0) } }
            group.addTask {
                try await tell(ready, simulator: simulator, databasePath: bridge.configuration.databasePath)
                if keeps { try await Task.sleep(for: .seconds(30 * 86_400)) }
            }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                if keeps { try await Task.sleep(for: .seconds(30 * 86_400)) }
                throw DemoFailure(text: "the story did not end within \(Self.patience)")
            }
            // Whoever ends first, in success or failure, ends the others.
            try await group.next()
            group.cancelAll()
        }
    }

    private func bridge(clock: SystemClock) throws -> Bridge {
        var configuration = BridgeConfiguration(
            api: BridgeConfiguration.API(baseURL: "http://127.0.0.1:\(simulatorPort)", token: Secret(Self.apiToken)))
        configuration.live = true
        configuration.listen.port = port
        configuration.admin.port = 0
        configuration.dataFolder = folder
        configuration.limits.settle = .seconds(2)
        configuration.sources["alertmanager"] = WebhookSource(
            name: "alertmanager", kind: .alertmanager, authentication: .bearer([Secret(Self.hookToken)]))
        let files = RuleFiles(files: [RuleSource(name: "demo.yaml", text: Self.rules)])
        let load = RuleSet.load(
            files.files, revision: files.revision, sources: Set(configuration.sources.keys), kinds: configuration.sourceKinds,
            floor: configuration.limits)
        guard let ruleSet = load.ruleSet else {
            throw DemoFailure(text: load.diagnostics.map(\.rendered).joined(separator: "\n"))
        }
        return Bridge(
            configuration: configuration, rules: ruleSet, ruleFiles: files, logger: Logger(label: "vpsbridge"), clock: clock,
            reloads: false)
    }

    // MARK: The story

    private func tell(_ ready: AsyncStream<Int>, simulator: Simulator, databasePath: String) async throws {
        for await bound in ready {
            Output.line(
                "The bridge listens at http://127.0.0.1:\(bound)/hooks/alertmanager, a simulated VPS.org at port \(simulatorPort)."
            )
            break
        }
        let transport = try CurlDriver(configuration: CurlDriverConfiguration())
        let queries = try SQLiteQueries(path: databasePath)
        do {
            try await rescue(simulator: simulator, transport: transport, queries: queries)
            await transport.shutdown()
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    private func rescue(simulator: Simulator, transport: CurlDriver, queries: any Queries) async throws {
        try await pause(1)
        Output.line("\n1. web-server-01 (12345) hangs. VPS.org still calls it `active`, but it does not answer.")
        try simulator.update { state, _ in _ = state.setGuest(Self.server, up: false) }
        Output.line("2. Monitoring sees it and posts a HostDown alert. The bridge stores it before it answers 200.")
        let startsAt = SystemClock().now()
        try await post("firing", startsAt: startsAt, over: transport)
        Output.line(
            "3. The rule host-down matches. The bridge waits 2 s (settle), resolves the server, writes down what it will do…")

        var shown: Set<String> = []
        var isResolved = false
        while true {
            try await pause(0.25)
            let isUp = try simulator.update { state, _ in state.server(Self.server)?.isUp ?? false }
            if isUp, !isResolved {
                isResolved = true
                Output.line("   … the server answers again; monitoring resolves the alert.")
                try await post("resolved", startsAt: startsAt, over: transport)
            }
            guard let run = try await queries.runs(limit: 1).first else { continue }
            for entry in try await queries.auditEntries(run: run.id, delivery: nil, limit: 50)
            where shown.insert(entry.detail).inserted {
                Output.line("   run \(run.id): \(entry.detail)")
            }
            if run.state.isFinal {
                try finish(run)
                return
            }
        }
    }

    private func finish(_ run: Run) throws {
        guard run.state == .succeeded else {
            throw DemoFailure(text: "the run ended as \(run.state.rawValue): \(run.detail)")
        }
        Output.line("\n4. The run succeeded: not because VPS.org said 200, but because the problem ended and stayed away.")
        Output.line("   Had the reboot not helped, the next rung would have been a power cycle, then a message to people.")
        guard keeps else { return }
        Output.line(
            """

            The demo goes on until Ctrl-C. Try:
              curl http://127.0.0.1:\(simulatorPort)/_sim/ledger        what the simulated VPS.org was asked to do
              curl http://127.0.0.1:\(simulatorPort)/metrics            what monitoring sees
            """)
    }

    private func post(_ status: String, startsAt: Timestamp, over transport: CurlDriver) async throws {
        let end = status == "resolved" ? SystemClock().now().rfc3339 : "0001-01-01T00:00:00Z"
        let alert: JSONValue = [
            "status": .string(status), "labels": ["alertname": "HostDown", "server": "web-server-01", "severity": "critical"],
            "annotations": ["summary": "web-server-01 does not answer"], "startsAt": .string(startsAt.rfc3339),
            "endsAt": .string(end), "generatorURL": "", "fingerprint": "6d6f6e69746f7231",
        ]
        let body: JSONValue = [
            "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": .string(status), "receiver": "vpsbridge",
            "groupLabels": [:], "commonLabels": [:], "commonAnnotations": [:], "externalURL": "", "alerts": [alert],
        ]
        let request = try HTTPRequest(
            method: .post, url: "http://127.0.0.1:\(port)/hooks/alertmanager", headers: [("Content-Type", "application/json")],
            bearer: Secret(Self.hookToken), body: body.serialized(), isReplayable: true)
        guard case .response(let response) = await transport.send(request), response.status == 200 else {
            throw DemoFailure(text: "the bridge did not take the alert")
        }
    }

    private func pause(_ seconds: Double) async throws {
        try await Task.sleep(for: .seconds(seconds))
    }
}
