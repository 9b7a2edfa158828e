import ArgumentParser
import Engine
import Rules

/// Checks configuration and rules without starting anything.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration and the rules; 78 when something is wrong.",
        discussion:
            "Text goes to standard error and one line to standard output; every other format is one document on standard output.")

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Option(help: "Rules of this folder or file instead of the configuration's.")
    var rules: String?

    @Option(help: "How findings are printed: \(DiagnosticReport.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = DiagnosticReport.Format.text

    @Flag(help: "End with 3 when there are warnings and no errors.")
    var strict = false

    func run() async throws {
        let load = try ConfigurationFile.read(config, needsSecrets: true)
        let findings = try CheckFindings(load, rules: rules)
        let report = DiagnosticReport.render(findings.diagnostics, format)
        if format == .text {
            if !report.isEmpty { Output.note(report) }
        } else {
            Output.line(report)
        }
        for problem in findings.problems { Output.note("vpsbridge: \(problem)") }
        if format == .text, let summary = findings.summary { Output.line(summary) }
        let exit = findings.exitCode(isStrict: strict)
        if exit != .success { throw exit }
    }
}

extension DiagnosticReport.Format: ExpressibleByArgument {}

/// Everything that is wrong with a configuration and its rules, in one pass.
struct CheckFindings {
    private(set) var diagnostics: [Diagnostic]
    /// What is wrong outside the files' texts.
    private(set) var problems: [String]
    /// One line that says what was found to be right; `nil` when something is not.
    private(set) var summary: String?

    /// Checks the rules of a configuration too when that is itself wrong: both are mended in one go then.
    ///
    /// Exits with 66 when rules were named on the command line and can not be read.
    init(_ load: ConfigurationFile.Load, rules: String?) throws {
        diagnostics = load.diagnostics
        problems = load.problems
        var loaded = LoadedRules(load.draft).choosing(folder: rules, source: nil)
        // A source with a mistake in it is not there; every rule that waits for it would look wrong.
        if load.configuration == nil { loaded.sources = nil }
        let files: RuleFiles
        do throws(UnreadableFile) {
            files = try loaded.read()
        } catch {
            guard rules == nil else {
                Output.note("vpsbridge: \(error)")
                throw ExitCode.unreadable
            }
            problems.append("rules: \(error)")
            return
        }
        let checked = loaded.check(files)
        diagnostics += checked.diagnostics
        guard problems.isEmpty, let configuration = load.configuration, let ruleSet = checked.ruleSet else { return }
        summary = "ok: \(configuration.sources.count) sources, \(ruleSet.rules.count) rules, live: \(configuration.live)"
    }

    func exitCode(isStrict: Bool) -> ExitCode {
        if diagnostics.hasErrors || !problems.isEmpty { return .badConfiguration }
        return isStrict && !diagnostics.isEmpty ? .onlyWarnings : .success
    }
}
