import ArgumentParser
import Logging
import Model
import ServiceLifecycle
import Simulator
import UnixSignals

/// Runs the simulator of the VPS.org Servers API.
struct Sim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a simulator of the VPS.org Servers API, with faults on demand below /_sim/.")

    @Option(help: "Where to listen.") var listen = "127.0.0.1:9099"
    @Option(help: "The API token that it accepts.") var token: String
    @Option(help: "A JSON file that keeps its state over restarts.") var state: String?
    @Option(help: "Seconds that provisioning takes.") var createTime = 150.0
    @Option(help: "Seconds that a start, a stop or a reboot takes.") var powerTime = 8.0
    @Flag(help: "A reboot is over before anybody can see `rebooting`.") var shortRebooting = false
    @Flag(help: "Power changes leave `updated_at` as it is.") var updatedAtFixed = false
    @Flag(help: "A second server of one name is refused.") var uniqueNames = false

    func run() async throws {
        guard let address = AddressText.parse(listen) else { throw ValidationError("--listen takes HOST:PORT") }
        guard createTime >= 0, createTime < 86_400, powerTime >= 0, powerTime < 86_400 else {
            throw ValidationError("times are seconds from 0 to 86400")
        }
        let power = Duration.seconds(powerTime)
        let simulator: Simulator
        do {
            simulator = try Simulator(
                configuration: SimulatorConfiguration(
                    token: Secret(token), stateFile: state,
                    timings: SimulatorTimings(create: .seconds(createTime), start: power, stop: power, reboot: power),
                    options: SimulatorOptions(
                        shortRebooting: shortRebooting, updatedAtFixed: updatedAtFixed, uniqueNames: uniqueNames)),
                time: SystemClock())
        } catch {
            Output.note("vpsbridge: \(error)")
            throw ExitCode.failed
        }
        Output.line("the simulator listens at http://\(listen)/api/v1/servers/, its controls at http://\(listen)/_sim/")
        let application = SimulatorServer(simulator).application(host: address.host, port: address.port)
        var group = ServiceGroupConfiguration(
            services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "sim"))
        group.maximumGracefulShutdownDuration = .seconds(3)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            Output.note("vpsbridge: \(listen): \(error)")
            throw ExitCode.failed
        }
    }
}
