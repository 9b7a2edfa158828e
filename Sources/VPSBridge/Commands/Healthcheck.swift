import ArgumentParser
import CurlTransport

/// Asks the bridge on this machine whether it lives; what a container's health check runs.
struct Healthcheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ask the running bridge whether it is healthy: 0 or 1.")

    @Option(help: "The configuration file; else VPSBRIDGE_CONFIG, ./vpsbridge.yaml, /etc/vpsbridge/vpsbridge.yaml.")
    var config: String?

    func run() async throws {
        // Every failure is 1: Docker reserves the other codes.
        guard let configuration = try? ConfigurationFile.loadOrExit(config, needsSecrets: false) else { throw ExitCode.failed }
        let host = configuration.listen.host == "0.0.0.0" ? "127.0.0.1" : configuration.listen.host
        let url = "http://\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(configuration.listen.port)/healthz"
        guard let driver = try? CurlDriver(configuration: CurlDriverConfiguration()),
            let request = try? HTTPRequest(method: .get, url: url, isReplayable: true, totalTimeout: .seconds(2))
        else { throw ExitCode.failed }
        let outcome = await driver.send(request)
        await driver.shutdown()
        guard case .response(let response) = outcome, response.status == 200 else { throw ExitCode.failed }
    }
}
