import ArgumentParser
import Glibc

/// The `vpsbridge` command.
@main
struct VPSBridgeCommand: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "vpsbridge",
        abstract: "Turns monitoring webhooks and chat commands into safe, verified actions on VPS.org servers.",
        version: version,
        subcommands: [
            Serve.self, Demo.self, Check.self, Test.self, Try.self, Explain.self, Reload.self, Schema.self, Sim.self,
            Healthcheck.self,
            Status.self, Runs.self, Approvals.self, DeadLetters.self,
            Audit.self,
        ]
    )

    static func main() async {
        // A peer that goes away must show as an error of a write, never as a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
        await main(nil)
    }
}
