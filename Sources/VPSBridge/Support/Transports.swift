import CurlTransport
import Engine
import Logging
import Model
import ServiceLifecycle

/// The transports of a bridge, each request counted and traced under its upstream.
///
/// VPS.org has a driver of its own: its CA, pins and proxy are not those of the rest, no other request shares a connection with those
/// that carry the token, and a flood of messages can not take its turns. Probes go past the proxy of the rest, which would
/// answer in the place of a dead server.
struct Transports: Service {
    let metrics = TransportMetrics()
    private let api: CurlDriver
    private let outbound: CurlDriver
    private let probes: CurlDriver
    /// For channels of mail; `nil` without any.
    let mailer: CurlMailer?
    /// Every driver once.
    private let drivers: [CurlDriver]

    private init(api: CurlDriver, outbound: CurlDriver, probes: CurlDriver?, mailer: CurlMailer?) {
        self.mailer = mailer
        self.api = api
        self.outbound = outbound
        self.probes = probes ?? outbound
        drivers = [api, outbound] + (probes.map { [$0] } ?? [])
    }

    /// Starts the drivers; when one does not start, the others are shut down again.
    ///
    /// - Throws: `CurlStartError`.
    static func start(_ configuration: BridgeConfiguration) async throws(CurlStartError) -> Transports {
        let (api, outbound) = (configuration.api, configuration.outbound)
        var wanted = [
            CurlDriverConfiguration(caFile: api.caFile, pins: api.pins, proxy: api.proxy),
            CurlDriverConfiguration(caFile: outbound.caFile, proxy: outbound.proxy),
        ]
        if outbound.proxy != nil { wanted.append(CurlDriverConfiguration(caFile: outbound.caFile)) }
        let hasMail = configuration.channels.values.contains { if case .smtp = $0.kind { true } else { false } }
        let mailer = hasMail ? try CurlMailer(caFile: outbound.caFile) : nil
        var drivers: [CurlDriver] = []
        do throws(CurlStartError) {
            for settings in wanted { drivers.append(try CurlDriver(configuration: settings)) }
        } catch {
            for driver in drivers { await driver.shutdown() }
            throw error
        }
        return Transports(
            api: drivers[0], outbound: drivers[1], probes: drivers.count > 2 ? drivers[2] : nil, mailer: mailer)
    }

    /// The transport for requests to that upstream.
    func transport(for upstream: UpstreamName) -> ObservedTransport {
        let driver =
            switch upstream {
            case .api: api
            case .notification, .request, .evidence: outbound
            case .probe: probes
            }
        return ObservedTransport(upstream: upstream, exchanger: driver, metrics: metrics)
    }

    /// Runs until its turn to stop, which is the last of a group that it stands first in.
    ///
    /// When the grace is over before that, the group cancels it, and what others still wait for ends at once. Without it a listing
    /// that hangs, which no caller's cancellation ends, would hold up the stop until its timeout.
    func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Ends every request and joins the threads; to be awaited before the process ends.
    func shutdown() async {
        await mailer?.shutdown()
        for driver in drivers { await driver.shutdown() }
    }

    /// Says what the requests run on, and what is wrong with it.
    func log(_ configuration: BridgeConfiguration, to logger: Logger) {
        logger.info(
            "transport",
            metadata: [
                "libcurl": "\(api.build.versionText)", "tls": "\(api.build.tls ?? "none")",
                "api_proxy": "\(configuration.api.proxy ?? "none")", "api_pins": "\(configuration.api.pins.count)",
                "outbound_proxy": "\(configuration.outbound.proxy ?? "none")",
            ])
        var told: Set<String> = []
        for warning in drivers.compactMap(\.trustWarning) where told.insert(warning).inserted { logger.warning("\(warning)") }
    }

    /// What was counted, what runs, and how the gate of VPS.org stands, for `/metrics`.
    func renderMetrics(gate: UpstreamState) -> String {
        var text = MetricsText()
        metrics.render(into: &text)
        gate.render(into: &text, upstream: .api)
        text.family("vpsbridge_http_client_info", .gauge, "The libcurl that runs, and its TLS library.")
        text.sample(["libcurl": api.build.versionText, "tls": api.build.tls ?? "none"], 1)
        return text.text
    }
}
