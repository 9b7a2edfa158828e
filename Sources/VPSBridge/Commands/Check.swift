import ArgumentParser
import Rules

/// Checks configuration and rules without starting anything.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration and the rules; 78 when something is wrong.")

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: true)
        let (rules, _) = try LoadedRules(configuration).loadOrExit()
        Output.line("ok: \(configuration.sources.count) sources, \(rules.rules.count) rules, live: \(configuration.live)")
    }
}
