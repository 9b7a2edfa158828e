import ArgumentParser
import Engine
import Inbound
import JSON
import Model
import Rules
import Store

/// Pauses everything, or one rule, server, source or action.
struct PauseVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop what changes servers: everything, or one rule, server, source or action.",
        discussion:
            "In force when this returns, and over restarts. Rules' runs wait; a person's command is refused. Without a bridge and its "
            + "database the file STOP in the data folder does the same.")
    @OptionGroup var scope: PauseScopeOptions
    @OptionGroup var sending: PauseSending
    @Option(name: .customLong("for"), help: "For how long, such as 2h; without it until it is resumed.") var span: String?
    @Option(help: "Why; people are shown it.") var reason: String

    func run() async throws {
        var request = scope.request
        request.reason = reason
        request.span = try PauseSending.span(span)
        try await sending.send("pause", request)
    }
}

/// Lifts a pause.
struct ResumeVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lift a pause, and say what waits. Without a scope that of everything, and the file STOP.")
    @OptionGroup var scope: PauseScopeOptions
    @OptionGroup var sending: PauseSending

    func run() async throws { try await sending.send("resume", scope.request) }
}

/// Pauses what is done to one server.
struct HoldVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Leave one server alone, until it is released.")
    @OptionGroup var sending: PauseSending
    @Option(name: .customLong("for"), help: "For how long, such as 2h; without it until it is released.") var span: String?
    @Option(help: "Why; people are shown it.") var reason: String
    @Argument(help: "The server's id; while the bridge runs also its name or address.") var server: String

    func run() async throws {
        var request = PauseRequest(kind: .server, key: server)
        request.reason = reason
        request.span = try PauseSending.span(span)
        try await sending.send("pause", request)
    }
}

/// Ends the hold of one server.
struct ReleaseVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "release", abstract: "End the hold of a server.")
    @OptionGroup var sending: PauseSending
    @Argument(help: "The server's id; while the bridge runs also its name or address.") var server: String

    func run() async throws { try await sending.send("resume", PauseRequest(kind: .server, key: server)) }
}

/// Which pause is meant.
struct PauseScopeOptions: ParsableArguments {
    @Option(help: "Only this rule.") var rule: String?
    @Option(help: "Only this server, by its id; while the bridge runs also by its name or address.") var server: String?
    @Option(help: "Only what this source's events and commands lead to.") var source: String?
    @Option(help: "Only this action, such as server.reboot or server.create.") var action: String?

    private var given: [PauseRequest] {
        [(PauseScope.Kind.rule, rule), (.server, server), (.source, source), (.action, action)]
            .compactMap { kind, key in key.map { PauseRequest(kind: kind, key: $0) } }
    }

    func validate() throws {
        guard given.count <= 1 else { throw ValidationError("name one of --rule, --server, --source and --action") }
        guard !given.contains(where: { $0.key.utf8.isEmpty }) else { throw ValidationError("the name is empty") }
    }

    var request: PauseRequest { given.first ?? PauseRequest(kind: .all, key: "") }
}

/// How a verb of the stop switch reaches the bridge, or the database of one that does not run.
struct PauseSending: ParsableArguments {
    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?
    @Flag(help: "Print JSON.") var json = false

    static func span(_ text: String?) throws -> Duration? {
        guard let text else { return nil }
        guard let span = YAMLDuration.parse(text), span > .zero else {
            throw ValidationError("--for is a span of time such as 30m or 2h")
        }
        return span
    }

    /// Hands it to the running bridge; where none runs, writes it itself, and the next bridge starts with it.
    func send(_ command: String, _ request: PauseRequest) async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let answer = try await ControlClient.ask(command, request.json, socket: configuration.adminSocketPath) { reason in
            try await alone(command, request, configuration, unreachable: reason)
        }
        try ControlClient.tell(answer, json: json)
    }

    private func alone(
        _ command: String, _ request: PauseRequest, _ configuration: BridgeConfiguration, unreachable: String
    ) async throws -> ControlAnswer {
        let stop = StopSwitch(path: "\(configuration.dataFolder)/\(StopSwitch.fileName)")
        let store: SQLiteStore
        do throws(StoreError) {
            // Looks first, so that a mistyped data folder is not made into a database.
            _ = try await SQLiteQueries(path: configuration.databasePath).pauses(at: SystemClock().now())
            store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
        } catch {
            let way = command == "resume" ? "remove \(stop.path) if it is there" : "make the file \(stop.path) to stop everything"
            Output.note("vpsbridge: \(unreachable); and the database can not be used: \(error.message); \(way)")
            throw ExitCode.unavailable
        }
        let desk = PauseDesk(store: store, brakes: Brakes(stop: stop))
        let now = SystemClock().now()
        let answer =
            command == "resume"
            ? await desk.controlResume(request, names: nil, now: now)
            : await desk.controlPause(request, names: nil, now: now)
        await store.close()
        return answer
    }
}
