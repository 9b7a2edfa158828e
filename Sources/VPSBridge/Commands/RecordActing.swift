import ArgumentParser
import Engine
import JSON
import Model
import Rules
import Store

/// What every verb needs that does something with what is stored.
struct RecordActing: ParsableArguments {
    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Flag(help: "Print JSON.")
    var json = false

    /// Hands the act to the running bridge; where none runs, does it in the database, and the next bridge goes on from there.
    func send(_ command: RecordCommand, _ body: JSONValue) async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        switch await ControlClient.post("/-/\(command.rawValue)", body: body, socket: configuration.adminSocketPath) {
        case .answered(let status, let answer) where status == 200 || status == 422:
            try tell(answer)
        case .answered(let status, _):
            Output.note("vpsbridge: the bridge answered \(status)")
            throw ExitCode.fault
        case .unreachable(let reason):
            try tell(try await actAlone(command, body, configuration, unreachable: reason))
        }
    }

    private func actAlone(
        _ command: RecordCommand, _ body: JSONValue, _ configuration: BridgeConfiguration, unreachable: String
    ) async throws -> JSONValue {
        // Looks first, so that a mistyped data folder is not made into a database.
        _ = try StoreReading.open(configuration)
        let (ruleSet, files) = try LoadedRules(configuration).loadOrExit()
        do throws(StoreError) {
            let store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
            let desk = RecordDesk(
                store: store, queries: store,
                rules: RuleBook(current: ruleSet, queries: store, kinds: configuration.sourceKinds, zoneData: ZoneFiles.read),
                sources: configuration.sources)
            let result: Result<JSONValue, StoreError>
            do throws(StoreError) {
                let now = SystemClock().now()
                try await store.saveRuleSet(
                    StoredRuleSet(
                        revision: ruleSet.revision, files: files.files.map { StoredRuleSet.File(name: $0.name, text: $0.text) },
                        savedAt: now))
                result = .success(try await command.perform(body, at: desk, now: now).json)
            } catch {
                result = .failure(error)
            }
            await store.close()
            return try result.get()
        } catch {
            Output.note("vpsbridge: \(unreachable); and the database can not be used: \(error.message)")
            throw ExitCode.unavailable
        }
    }

    private func tell(_ answer: JSONValue) throws {
        let isDone = answer["done"]?.boolValue ?? false
        let text = (answer["text"]?.stringValue ?? "").printable
        if json {
            Output.line(answer.description)
        } else if isDone {
            Output.line(text)
        } else {
            Output.note("vpsbridge: \(text)")
        }
        if !isDone { throw ExitCode.failed }
    }
}
