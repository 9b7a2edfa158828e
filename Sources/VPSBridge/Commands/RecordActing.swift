import ArgumentParser
import Engine
import Inbound
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
        let answer = try await ControlClient.ask(command.rawValue, body, socket: configuration.adminSocketPath) { reason in
            try await actAlone(command, body, configuration, unreachable: reason)
        }
        try ControlClient.tell(answer, json: json)
    }

    private func actAlone(
        _ command: RecordCommand, _ body: JSONValue, _ configuration: BridgeConfiguration, unreachable: String
    ) async throws -> ControlAnswer {
        // Looks first, so that a mistyped data folder is not made into a database.
        _ = try StoreReading.open(configuration)
        let (ruleSet, files) = try LoadedRules(configuration).loadOrExit()
        do throws(StoreError) {
            let store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
            let desk = RecordDesk(
                store: store, queries: store,
                rules: RuleBook(current: ruleSet, queries: store, kinds: configuration.sourceKinds, zoneData: ZoneFiles.read),
                sources: configuration.sources,
                brakes: Brakes(stop: StopSwitch(path: "\(configuration.dataFolder)/\(StopSwitch.fileName)")))
            let result: Result<RecordDesk.Answer, StoreError>
            do throws(StoreError) {
                let now = SystemClock().now()
                try await store.saveRuleSet(
                    StoredRuleSet(
                        revision: ruleSet.revision, files: files.files.map { StoredRuleSet.File(name: $0.name, text: $0.text) },
                        savedAt: now))
                result = .success(try await command.perform(body, at: desk, now: now))
            } catch {
                result = .failure(error)
            }
            await store.close()
            return try result.get().control
        } catch {
            Output.note("vpsbridge: \(unreachable); and the database can not be used: \(error.message)")
            throw ExitCode.unavailable
        }
    }
}
