import ArgumentParser
import Foundation
import Logging
import Model
import Rules
import Store

/// Runs the bridge.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the bridge until SIGTERM.")

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: true)
        let (rules, files) = try LoadedRules.loadOrExit(configuration)
        LineLogHandler.bootstrap(level: .info)
        do {
            try DataFolder.prepare(configuration.dataFolder)
            try await Bridge(
                configuration: configuration, rules: rules, ruleFiles: files, logger: Logger(label: "vpsbridge"),
                clock: SystemClock()
            ).run()
        } catch let error as StoreError {
            Output.note("vpsbridge: \(configuration.databasePath): \(error.message)")
            throw ExitCode.badConfiguration
        } catch let error as UnreadableFile {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.badConfiguration
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.failed
        }
    }
}

/// The rules of a configuration, checked.
enum LoadedRules {
    /// Loads the rule files; prints every diagnostic and exits with 78 when one is an error.
    static func loadOrExit(_ configuration: BridgeConfiguration) throws -> (RuleSet, RuleFiles) {
        let files: RuleFiles
        do {
            let mayBeMissing =
                !configuration.namesRulesFolder && !FileManager.default.fileExists(atPath: configuration.rulesFolder)
            files = mayBeMissing ? RuleFiles(files: []) : try RuleFiles.read(configuration.rulesFolder)
        } catch {
            Output.note("vpsbridge: rules: \(error)")
            throw ExitCode.badConfiguration
        }
        let load = RuleSet.load(
            files.files, revision: files.revision, sources: Set(configuration.sources.keys),
            kinds: configuration.sourceKinds, floor: configuration.limits, zoneData: ZoneFiles.read)
        if !load.diagnostics.isEmpty { Output.note(load.diagnostics.rendered) }
        guard let ruleSet = load.ruleSet else {
            Output.note("vpsbridge: the rules are not usable; nothing was started")
            throw ExitCode.badConfiguration
        }
        return (ruleSet, files)
    }
}
