import ArgumentParser
import Foundation
import JSON
import Model
import RuleTesting
import Rules

/// Runs rule tests.
struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the rules' tests on a virtual clock, without a connection.",
        discussion: """
            A test stands beside its rules in a file that ends in `.test.yaml`. Ends with 0 when all passed, 1 when one failed or \
            the coverage is too low, 66 when a path can not be read, and 78 when a file is wrong.
            """)

    @Argument(help: "Folders of rules and tests, or test files; by default the folder of the configuration.")
    var paths: [String] = []

    @Option(
        help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml, if there is one.")
    var config: String?

    @Option(help: "Only tests whose name holds this text.")
    var filter: String?

    @Option(help: "The least coverage, in percent.")
    var minCoverage: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let minCoverage, !(0...100).contains(minCoverage) {
            throw ValidationError("--min-coverage is 0 to 100")
        }
    }

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let request = try request(configuration)
        let report = await RuleTests.run(request)
        if json {
            Output.line(report.json.description)
        } else if report.diagnostics.hasErrors {
            Output.note(report.text())
        } else {
            Output.line(report.text(minCoverage: minCoverage))
        }
        if report.diagnostics.hasErrors { throw ExitCode.badConfiguration }
        if !report.isGreen || report.coverage.percent < minCoverage ?? 0 { throw ExitCode.failed }
    }

    private func request(_ configuration: BridgeConfiguration) throws -> RuleTestRequest {
        var files = RuleTestFiles(rules: [], tests: [])
        do throws(UnreadableFile) {
            for path in paths.isEmpty ? [configuration.rulesFolder] : paths { try files.add(path) }
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.unreadable
        }
        if files.tests.isEmpty {
            Output.note("vpsbridge: there is no test: tests stand in files that end in .test.yaml, beside the rules")
        }
        return files.request(configuration.ruleTestSettings, filter: filter)
    }
}

extension BridgeConfiguration {
    /// What of the configuration decides how rules act, live whatever it says; the sources of the kinds' names are always there.
    var ruleTestSettings: RuleTestSettings {
        RuleTestSettings(
            limits: limits, sources: RuleTestSettings.standardSources.merging(sources) { $1 }, aliases: aliases,
            protected: protected, maintenance: maintenance, mayLeadTo: mayLeadTo,
            secrets: secrets.keys.reduce(into: [:]) { $0[$1] = RuleTestSettings.secret(named: $1) }, groups: groups)
    }
}
