import ArgumentParser
import Inbound
import JSON

/// Makes the running bridge take the rule files as they are now.
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the running bridge take the rule files as they are now; 78 when it does not.",
        discussion:
            "Reads rule files only: a change of vpsbridge.yaml needs a restart. What is wrong is printed, and what was in force stays so."
    )

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let configuration = try ConfigurationFile.loadOrExit(config, needsSecrets: false)
        let answer = try await ControlClient.ask("reload", socket: configuration.adminSocketPath)
        if json { Output.line(answer.body.description) } else { tell(answer.body["result"]?.stringValue ?? "", answer.body) }
        if !answer.isDone { throw ExitCode.badConfiguration }
    }

    private func tell(_ result: String, _ body: JSONValue) {
        if let text = body["text"]?.stringValue, !text.isEmpty { Output.note(text) }
        let inForce = "\(body["rules"]?.intValue ?? 0) rules, revision \(body["revision"]?.stringValue ?? "")"
        switch result {
        case "taken": Output.line("taken: \(inForce)")
        case "unchanged": Output.line("unchanged: \(inForce)")
        default:
            Output.note("vpsbridge: refused: \(body["reason"]?.stringValue ?? ""); still in force: \(inForce)")
        }
    }
}
