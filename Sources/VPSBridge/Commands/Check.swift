import ArgumentParser
import Engine
import Glibc
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

    @Flag(help: "Print the rules with every short form expanded and every default filled in.")
    var print = false

    @Flag(help: "End with 3 when there are warnings and no errors.")
    var strict = false

    func validate() throws {
        if self.print, format != .text { throw ValidationError("--print goes with --format text alone") }
    }

    func run() async throws {
        let load = try ConfigurationFile.read(config, needsSecrets: true)
        let findings: CheckFindings
        do throws(UnreadableFile) {
            findings = try CheckFindings(load, rules: rules)
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.unreadable
        }
        let report = DiagnosticReport.render(findings.diagnostics, format: format)
        if format == .text {
            if !report.isEmpty { Output.note(report) }
        } else {
            Output.line(report)
        }
        for problem in findings.problems { Output.note("vpsbridge: \(problem)") }
        if let ruleSet = findings.ruleSet, self.print {
            Output.write(ruleSet.effectiveForm(), to: STDOUT_FILENO)
        } else if format == .text, let summary = findings.summary {
            Output.line(summary)
        }
        switch findings.outcome {
        case .right: break
        case .onlyWarnings: if strict { throw ExitCode.onlyWarnings }
        case .wrong: throw ExitCode.badConfiguration
        }
    }
}

extension DiagnosticReport.Format: ExpressibleByArgument {}

/// Everything that is wrong with a configuration and its rules, in one pass.
struct CheckFindings {
    private(set) var diagnostics: [Diagnostic]
    /// What is wrong outside the files' texts.
    private(set) var problems: [String]
    /// The rules, when everything is right.
    private(set) var ruleSet: RuleSet?
    /// One line that says what was found to be right; `nil` when something is not.
    private(set) var summary: String?

    /// What they come to.
    enum Outcome: Equatable {
        case right
        case onlyWarnings
        case wrong
    }

    /// Checks the rules of a configuration too when that is itself wrong: both are mended in one go then.
    ///
    /// - Throws: `UnreadableFile` when rules were named on the command line and can not be read.
    init(_ load: ConfigurationFile.Load, rules: String?) throws(UnreadableFile) {
        diagnostics = load.diagnostics
        problems = load.problems
        var loaded = LoadedRules(load.draft).choosing(folder: rules, source: nil)
        // A source with a mistake in it is not there; every rule that waits for it would look wrong.
        if load.configuration == nil { loaded.sources = nil }
        let files: RuleFiles
        do throws(UnreadableFile) {
            files = try loaded.read()
        } catch {
            guard rules == nil else { throw error }
            problems.append("rules: \(error)")
            return
        }
        let checked = loaded.check(files)
        diagnostics += checked.diagnostics
        guard problems.isEmpty, let configuration = load.configuration, let ruleSet = checked.ruleSet else { return }
        self.ruleSet = ruleSet
        summary = "ok: \(configuration.sources.count) sources, \(ruleSet.rules.count) rules, live: \(configuration.live)"
    }

    /// What they come to, all together.
    var outcome: Outcome {
        if diagnostics.hasErrors || !problems.isEmpty { return .wrong }
        return diagnostics.isEmpty ? .right : .onlyWarnings
    }
}
