import ArgumentParser
import Engine
import Inbound
import JSON
import Model
import Rules
import VPSAPI
import Webhooks

/// Shows what the rules make of one body; nothing is stored, sent or asked for.
struct Try: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the rules make of one webhook body: what matches, why not, which requests would go out.",
        discussion: """
            Reads the body as the listener does, but asks nobody who sent it. VPS.org is not asked either: name servers with --server
            to see which one the target means.
            """)

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Option(help: "Rules of this folder or file instead of the configuration's.")
    var rules: String?

    @Option(help: "The source that the body is from; one that is not configured may be a kind: alertmanager, generic, slack.")
    var source: String

    @Option(help: "A header of the request, as `Name: value`; again for more.")
    var header: [String] = []

    @Option(help: "A server there is: name=web-03,id=12345 and, if you like, status, hostname, ip_address; again for more.")
    var server: [ServerArgument] = []

    @Option(help: "When it was received, as 2026-11-21T10:00:00Z; else now.")
    var at: String?

    @Option(help: "The rule that must match and no other (again for more), or `none`; ends with 1 when it differs.")
    var expect: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "The file with the body, or - for standard input.")
    var file: String

    func validate() throws {
        if header.contains(where: { !$0.utf8.contains(UInt8(ascii: ":")) }) {
            throw ValidationError("--header takes `Name: value`")
        }
        if let at, Timestamp(rfc3339: at) == nil { throw ValidationError("--at takes an instant such as 2026-11-21T10:00:00Z") }
    }

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let source = try chosenSource(configuration)
        let loaded = LoadedRules(configuration).choosing(folder: rules, source: source)
        let (ruleSet, _) = try loaded.loadOrExit()
        let body: [UInt8]
        do throws(UnreadableFile) {
            body = try InputFile.read(file, limit: ListenerLimits().maxBodyBytes)
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.unreadable
        }
        let planner = RulePlanner(
            settings: EngineSettings(
                live: configuration.live, limits: configuration.limits, protected: ProtectedServers(configuration.protected)),
            resolver: ServerResolver(aliases: configuration.aliases), fleet: server.isEmpty ? nil : server.map(\.server))
        let trial: RuleTrial
        do throws(WebhookRejection) {
            guard body.count <= ListenerLimits().maxBodyBytes else {
                throw WebhookRejection(.tooLarge, "a body may have \(ListenerLimits().maxBodyBytes) bytes at most")
            }
            trial = try RuleTrial.run(
                request(body, source), source: source, reporter: EventReporter(ruleSet: ruleSet, planner: planner))
        } catch {
            Output.note("vpsbridge: the sender would be answered \(error.status): \(error.message.printable)")
            throw ExitCode.failed
        }
        if json { Output.line(trial.json.description) } else { trial.lines.forEach(Output.line) }
        guard expect.isEmpty || trial.meets(RuleTrial.Expectation(expect)) else {
            Output.note("vpsbridge: expected \(expect.joined(separator: ", ")) to match")
            throw ExitCode.failed
        }
    }

    private func chosenSource(_ configuration: BridgeConfiguration) throws -> WebhookSource {
        if let known = configuration.sources.first(where: { $0.key.utf8.elementsEqual(source.utf8) }) { return known.value }
        guard let kind = SourceKind(rawValue: source) else {
            let names = (configuration.sources.keys.sorted() + SourceKind.allCases.map(\.rawValue))
            Output.note("vpsbridge: there is no source \(source); there are: \(names.joined(separator: ", "))")
            throw ExitCode.validationFailure
        }
        Output.note("vpsbridge: no source \(source) is configured; taken for one of that kind")
        return WebhookSource(name: source, kind: kind, authentication: .none)
    }

    private func request(_ body: [UInt8], _ source: WebhookSource) -> WebhookRequest {
        let headers = header.map { line -> (name: String, value: String) in
            let parts = line.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts[1].drop { $0 == UInt8(ascii: " ") }
            return (String(decoding: parts[0], as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
        let given = headers.first { $0.name.lowercased().utf8.elementsEqual("content-type".utf8) }?.value
        let usual = source.contentTypes ?? source.kind.contentTypes
        return WebhookRequest(
            headers: headers, contentType: given ?? usual.first, body: body,
            receivedAt: at.flatMap { Timestamp(rfc3339: $0) } ?? SystemClock().now())
    }
}
