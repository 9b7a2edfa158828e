import CurlTransport
import Engine
import Inbound
import Logging
import Model
import Rules
import Store
import VPSAPI
import Webhooks

/// What the services of a bridge share, and the services of its engine made of it.
struct BridgeParts {
    /// Rung when there is something to do.
    struct Bells {
        let dispatcher = Doorbell()
        let worker = Doorbell()
        let messages = Doorbell()
    }

    /// How many senders wait for their commit when the dispatcher stands back.
    private static let busyIntake = 16

    let configuration: BridgeConfiguration
    let logger: Logger
    let clock: any TimeSource
    let store: SQLiteStore
    let transports: Transports
    let book: RuleBook
    let gear: StopGear
    let upstream: Upstream
    let api: VPSAPIClient
    let inventory: Inventory
    let resolver: ServerResolver
    let messages: MessageMetrics
    let readiness = Readiness()
    let bells: Bells
    let signs = SignsOfLife()
    let pruned = PruneCounts()
    private let settings: EngineSettings

    /// Reads from the store what is stopped; nothing runs yet.
    init(_ bridge: Bridge, store: SQLiteStore, transports: Transports) async throws {
        let configuration = bridge.configuration
        self.configuration = configuration
        logger = bridge.logger
        clock = bridge.clock
        self.store = store
        self.transports = transports
        let bells = Bells()
        self.bells = bells
        book = RuleBook(
            current: bridge.rules, queries: store, kinds: configuration.sourceKinds, groups: configuration.groups,
            zoneData: ZoneFiles.read)
        gear = try await StopGear(
            dataFolder: configuration.dataFolder, store: store, channels: configuration.notify, clock: bridge.clock,
            workerDoorbell: bells.worker, messageDoorbell: bells.messages, logger: bridge.logger)
        upstream = Upstream(limits: configuration.api.limits, clock: bridge.clock)
        api = try VPSAPIClient(
            baseURL: configuration.api.baseURL, token: configuration.api.token ?? Secret("none-configured"),
            transport: transports.transport(for: .api), upstream: upstream)
        inventory = Inventory(api: api)
        resolver = ServerResolver(aliases: configuration.aliases)
        messages = MessageMetrics(channels: configuration.channels.keys)
        settings = EngineSettings(
            live: configuration.live, limits: configuration.limits, protected: ProtectedServers(configuration.protected),
            apiOrigin: configuration.api.baseURL, approvalChannel: configuration.notify.first,
            noticeChannels: configuration.notify, maintenance: configuration.maintenance, mayLeadTo: configuration.mayLeadTo)
    }

    // MARK: The engine, each part made anew when it is asked for

    var dispatcher: Dispatcher {
        Dispatcher(
            store: store, queries: store, rules: book, sources: configuration.sources, limits: configuration.limits, clock: clock,
            doorbell: bells.dispatcher, workerDoorbell: bells.worker, messageDoorbell: bells.messages,
            isIntakeBusy: { [store] in store.waitingWriters >= Self.busyIntake }, pulse: signs.dispatcher, logger: logger)
    }

    var worker: Worker {
        Worker(
            store: store, queries: store, api: api, inventory: inventory,
            prober: TransportProber(transport: transports.transport(for: .probe)),
            evidence: AlertmanagerEvidence(
                transport: transports.transport(for: .evidence), endpoints: configuration.pulls, clock: clock),
            transport: transports.transport(for: .request), secrets: configuration.secrets, rules: book,
            sources: configuration.sources, resolver: resolver, settings: settings, clock: clock, doorbell: bells.worker,
            messageDoorbell: bells.messages, brakes: gear.brakes, pulse: signs.worker, logger: logger)
    }

    var scheduler: Scheduler {
        Scheduler(
            store: store, queries: store, rules: book, limits: configuration.limits, clock: clock,
            dispatcherDoorbell: bells.dispatcher, logger: logger)
    }

    var rescuer: Rescuer {
        Rescuer(
            store: store, settings: settings, clock: clock, workerDoorbell: bells.worker, readiness: readiness,
            pulse: signs.store, logger: logger)
    }

    var notifier: Notifier {
        Notifier(
            store: store, queries: store, transport: transports.transport(for: .notification), mail: transports.mailer,
            channels: configuration.channels, responsePrefixes: configuration.sources.mapValues(\.responseURLPrefix),
            clock: clock, doorbell: bells.messages, metrics: messages, logger: logger)
    }

    var cleaner: Cleaner {
        Cleaner(
            store: store, retention: configuration.retention, limits: configuration.limits, rules: book, clock: clock,
            counts: pruned, logger: logger)
    }
}
