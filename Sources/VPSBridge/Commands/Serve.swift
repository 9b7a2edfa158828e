import ArgumentParser
import CurlTransport
import Logging
import Model
import Store

/// Runs the bridge.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the bridge until SIGTERM.")

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: true)
        let (rules, files) = try LoadedRules(configuration).loadOrExit()
        LineLogHandler.bootstrap(level: .info)
        do {
            try DataFolder.prepare(configuration.dataFolder)
            try await Bridge(
                configuration: configuration, rules: rules, ruleFiles: files, logger: Logger(label: "vpsbridge"),
                clock: SystemClock(), reloads: true
            ).run()
        } catch let error as StoreError {
            Output.note("vpsbridge: \(configuration.databasePath): \(error.message)")
            throw ExitCode.badConfiguration
        } catch let error as UnreadableFile {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.badConfiguration
        } catch let error as CurlStartError where error.code == .configuration || error.code == .caFile {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.badConfiguration
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.failed
        }
    }
}
