import ArgumentParser
import Engine
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
            Serve.self, Demo.self, Check.self, Test.self, Try.self, Replay.self, Explain.self, Reload.self, Schema.self, Sim.self,
            Healthcheck.self,
            PauseVerb.self, ResumeVerb.self, HoldVerb.self, ReleaseVerb.self,
            Status.self, Events.self, Runs.self, RulesVerb.self, Approvals.self, DeadLetters.self,
            Audit.self, Servers.self, Cost.self,
        ]
    )

    static func main() async {
        // A peer that goes away must show as an error of a write, never as a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
        StopSwitch.takeSignal()
        await main(nil)
    }
}
