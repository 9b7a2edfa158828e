import ArgumentParser
import JSON
import Model
import RuleTesting
import Rules
import Store
import VPSAPI

/// Runs recorded deliveries through the present and through candidate rules.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run recorded deliveries through candidate rules, and print what they would have done otherwise.",
        discussion: """
            Reads the database, also while the bridge runs, and opens no connection: a virtual clock, a fleet in memory, both rule sets \
            taken as live. Counts back from the newest delivery, so that the same record gives the same output. Nobody answers \
            questions; other APIs answer 200; probes find the server unhealthy; a problem ends when its sender said so, whatever a rule did.
            """)

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?
    @Option(help: "How far back from the newest delivery, such as 7d or 12h; or an instant, such as 2026-11-15T00:00:00Z.")
    var since = "7d"
    @Option(help: "The candidate's folder or file.")
    var rules: String
    @Option(help: "The fleet, as JSON of GET /api/v1/servers/; else the servers that runs named, taken as active.")
    var servers: String?
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let history = try StoreReading.open(configuration)
        let (present, _) = try LoadedRules(configuration).loadOrExit()
        let (candidate, _) = try LoadedRules(configuration).choosing(folder: rules, source: nil).loadOrExit()
        guard let newest = try await history.deliveryLines(limit: 1).first else {
            Output.note("vpsbridge: nothing was delivered yet")
            throw ExitCode.failed
        }
        let begin = try beginning(newest.receivedAt)
        let fleet = try await fleet(history)
        let replay = HistoryReplay(
            history: history, since: begin, settings: configuration.ruleTestSettings, servers: fleet)
        do {
            async let before = replay.run(present)
            async let after = replay.run(candidate)
            let report = try await ReplayReport(
                since: begin, until: newest.receivedAt, fleet: fleet, givenFleet: servers, prices: configuration.limits.prices,
                present: (present, before),
                candidate: (candidate, after))
            Output.line(json ? report.json.description : report.text)
        } catch let error as HistoryReplay.Fault {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.fault
        }
    }

    private func beginning(_ newest: Timestamp) throws -> Timestamp {
        if let instant = Timestamp(rfc3339: since) { return instant }
        guard let span = YAMLDuration.parse(since) else {
            throw ValidationError("--since is a span, such as 7d, or an instant, such as 2026-11-15T00:00:00Z")
        }
        return newest - span
    }

    private func fleet(_ history: SQLiteQueries) async throws -> [Server] {
        guard let servers else {
            var known = try await history.knownServers()
            known += try await history.createdServers().filter { created in !known.contains { $0.id == created.id } }
                .map { KnownServer(id: $0.id, name: $0.name) }
            return known.map { Server(id: $0.id, name: $0.name, hostname: nil, status: .active) }
        }
        let bytes: [UInt8]
        do throws(UnreadableFile) {
            bytes = try InputFile.read(servers, limit: 16 << 20)
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.unreadable
        }
        let value = try? JSONValue.parse(bytes, limits: JSONLimits(maxBytes: 16 << 20))
        guard let items = value?.arrayValue ?? value?["results"]?.arrayValue else {
            Output.note("vpsbridge: \(servers): this is no list of servers, as GET /api/v1/servers/ gives it")
            throw ExitCode.unreadable
        }
        return items.compactMap { Server(json: $0) }
    }
}
