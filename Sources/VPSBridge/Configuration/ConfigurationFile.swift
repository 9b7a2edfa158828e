import ArgumentParser
import CurlTransport
import Foundation
import Model
import Rules

/// Finds, reads and checks `vpsbridge.yaml`, and lays the environment over it.
enum ConfigurationFile {
    /// Where the file is looked for when neither `--config` nor `VPSBRIDGE_CONFIG` names it.
    static let defaultPaths = ["vpsbridge.yaml", "/etc/vpsbridge/vpsbridge.yaml"]

    /// Stands for every secret that is not read; a channel's secret is an address.
    private static let unread = Secret("https://unread.invalid/")

    /// What became of reading it.
    struct Load {
        /// `nil` when a diagnostic or a problem is an error.
        var configuration: BridgeConfiguration?
        /// What could be read, right or wrong: for finding what else is wrong.
        var draft = BridgeConfiguration()
        var diagnostics: [Diagnostic] = []
        /// What is wrong outside the file: environment variables, secret files.
        var problems: [String] = []
    }

    /// Loads the configuration, or prints everything that is wrong and exits with 78 (66 when a file that was named is missing).
    ///
    /// Commands that only look at the database do not need the secrets, and may not be allowed to read them.
    static func loadOrExit(_ path: String?, needsSecrets: Bool) throws -> BridgeConfiguration {
        let load = try read(path, needsSecrets: needsSecrets)
        if !load.diagnostics.isEmpty { Output.note(load.diagnostics.rendered) }
        for problem in load.problems { Output.note("vpsbridge: \(problem)") }
        guard let configuration = load.configuration else { throw ExitCode.badConfiguration }
        return configuration
    }

    /// Reads the configuration and says what is wrong with it; exits with 66 when a file that was named is missing.
    static func read(_ path: String?, needsSecrets: Bool) throws -> Load {
        let environment = ProcessInfo.processInfo.environment
        let named = path ?? environment["VPSBRIDGE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let chosen = named ?? defaultPaths.first { FileManager.default.fileExists(atPath: $0) }
        var text = ""
        if let chosen {
            do {
                text = try TextFile.read(chosen)
            } catch {
                Output.note("vpsbridge: \(error)")
                throw ExitCode.unreadable
            }
        }
        return load(
            text: text, file: chosen ?? "vpsbridge.yaml", environment: environment, needsSecrets: needsSecrets,
            readSecret: needsSecrets
                ? { path throws(UnreadableFile) in try TextFile.readSecret(path) } : { _ in unread },
            caFault: { needsSecrets ? CertificateFile.fault(path: $0) : nil })
    }

    /// Reads the text of a configuration; a function of its arguments but for the files that `readSecret` and `caFault`
    /// read. Its findings show no secret.
    ///
    /// Without a need for secrets, the API token may be missing.
    static func load(
        text: String, file: String, environment: [String: String], needsSecrets: Bool = true,
        readSecret: @escaping (String) throws(UnreadableFile) -> Secret,
        caFault: @escaping (String) -> String? = { _ in nil }
    ) -> Load {
        let (root, syntax) = YAMLDocument.parse(text: text, file: file)
        let folder = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[..<$0]) } ?? "."
        let collector = DiagnosticCollector()
        syntax.forEach(collector.report)
        var reader = ConfigurationReader(collector: collector, folder: folder, readSecret: readSecret, caFault: caFault)
        var configuration = reader.read(root)
        var overlay = EnvironmentOverlay(environment: environment, readSecret: readSecret, caFault: caFault)
        overlay.apply(to: &configuration)
        let problems = overlay.problems + (needsSecrets ? configuration.problems : [])
        let redaction = ConfigurationRedaction(root: root, text: text, file: file)
        let diagnostics = collector.diagnostics.map(redaction.shown)
        return Load(
            configuration: diagnostics.hasErrors || !problems.isEmpty ? nil : configuration, draft: configuration,
            diagnostics: diagnostics, problems: problems)
    }
}

extension BridgeConfiguration {
    /// What can only be said of the whole.
    var problems: [String] {
        var found: [String] = []
        if api.token == nil, !sources.isEmpty {
            found.append("no API token: set api.token_file in vpsbridge.yaml, VPSBRIDGE_API_TOKEN_FILE or VPSBRIDGE_API_TOKEN")
        }
        if let token = api.token {
            do throws(HTTPRequestError) {
                _ = try HTTPRequest(method: .get, url: "https://admin.vps.org/", bearer: token, isReplayable: true)
            } catch {
                found.append("the API token can not be used: \(error.reason)")
            }
        }
        return found
    }
}
