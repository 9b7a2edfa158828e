import CurlTransport
import Engine
import Inbound
import Logging
import Model
import Rules
import ServiceLifecycle
import Store
import UnixSignals
import VPSAPI
import Webhooks

/// The bridge, put together from its configuration: wiring only.
struct Bridge {
    let configuration: BridgeConfiguration
    let rules: RuleSet
    let ruleFiles: RuleFiles
    let logger: Logger
    let clock: any TimeSource
    /// Whether changed rule files are taken while the bridge runs; the rules of a demonstration are in no file.
    let reloads: Bool
    /// How many senders wait for their commit when the dispatcher stands back.
    private static let busyIntake = 16

    /// Runs until SIGTERM or SIGINT, then drains: the listener stops first, requests in flight end, the store closes last.
    ///
    /// `onReady` is called with the port of the listener once it is bound.
    func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let store = try SQLiteStore(path: configuration.databasePath, options: SQLiteStoreOptions())
        let outcome: Result<Void, any Error>
        do {
            let transports = try await Transports.start(configuration)
            do {
                try await run(store: store, transports: transports, onReady: onReady)
                outcome = .success(())
            } catch {
                outcome = .failure(error)
            }
            await transports.shutdown()
        } catch {
            outcome = .failure(error)
        }
        await store.close()
        try outcome.get()
    }

    private func run(
        store: SQLiteStore, transports: Transports, onReady: @escaping @Sendable (Int) async -> Void
    ) async throws {
        transports.log(configuration, to: logger)
        try await recover(store)
        let readiness = Readiness()
        let bells = (dispatcher: Doorbell(), worker: Doorbell(), messages: Doorbell())
        let book = RuleBook(
            current: rules, queries: store, kinds: configuration.sourceKinds, groups: configuration.groups,
            zoneData: ZoneFiles.read)
        let signs = SignsOfLife()
        let settings = EngineSettings(
            live: configuration.live, limits: configuration.limits, protected: ProtectedServers(configuration.protected),
            apiOrigin: configuration.api.baseURL, approvalChannel: configuration.notify.first,
            noticeChannels: configuration.notify, maintenance: configuration.maintenance, mayLeadTo: configuration.mayLeadTo)
        let gear = try await StopGear(
            dataFolder: configuration.dataFolder, store: store, channels: configuration.notify, clock: clock,
            workerDoorbell: bells.worker, messageDoorbell: bells.messages, logger: logger)
        guard gear.start() else { throw StoreError(.unusable, "no thread can be had for the stop switch") }
        defer { gear.end() }
        let upstream = Upstream(limits: configuration.api.limits, clock: clock)
        let api = try VPSAPIClient(
            baseURL: configuration.api.baseURL, token: configuration.api.token ?? Secret("none-configured"),
            transport: transports.transport(for: .api), upstream: upstream)
        let dispatcher = Dispatcher(
            store: store, queries: store, rules: book, sources: configuration.sources, limits: configuration.limits, clock: clock,
            doorbell: bells.dispatcher, workerDoorbell: bells.worker, messageDoorbell: bells.messages,
            isIntakeBusy: { store.waitingWriters >= Self.busyIntake }, pulse: signs.dispatcher, logger: logger)
        let inventory = Inventory(api: api)
        let resolver = ServerResolver(aliases: configuration.aliases)
        let worker = Worker(
            store: store, queries: store, api: api, inventory: inventory,
            prober: TransportProber(transport: transports.transport(for: .probe)),
            evidence: AlertmanagerEvidence(
                transport: transports.transport(for: .evidence), endpoints: configuration.pulls, clock: clock),
            transport: transports.transport(for: .request), secrets: configuration.secrets, rules: book,
            sources: configuration.sources,
            resolver: resolver, settings: settings, clock: clock, doorbell: bells.worker,
            messageDoorbell: bells.messages, brakes: gear.brakes, pulse: signs.worker, logger: logger)
        let scheduler = Scheduler(
            store: store, queries: store, rules: book, limits: configuration.limits, clock: clock,
            dispatcherDoorbell: bells.dispatcher, logger: logger)
        let rescuer = Rescuer(
            store: store, settings: settings, clock: clock, workerDoorbell: bells.worker, readiness: readiness,
            pulse: signs.store, logger: logger)
        let messages = MessageMetrics(channels: configuration.channels.keys)
        let notifier = Notifier(
            store: store, queries: store, transport: transports.transport(for: .notification), mail: transports.mailer,
            channels: configuration.channels, responsePrefixes: configuration.sources.mapValues(\.responseURLPrefix),
            clock: clock,
            doorbell: bells.messages, metrics: messages, logger: logger)
        let pruned = PruneCounts()
        let cleaner = Cleaner(
            store: store, retention: configuration.retention, limits: configuration.limits, rules: book, clock: clock,
            counts: pruned, logger: logger)
        let reloader = Reloader(
            parts: reloaderParts(), book: book, store: store, clock: clock, messageDoorbell: bells.messages, logger: logger)
        let ingest = IngestServer(
            configuration: IngestConfiguration(host: configuration.listen.host, port: configuration.listen.port),
            sources: configuration.sources, store: store, clock: clock,
            onAccepted: { bells.dispatcher.ring() },
            answerCommand: { event in
                CommandDesk.judge(event, ruleSet: book.current).text
            },
            readiness: { readiness.isReady }, logger: logger)
        let watch = sourceWatch(store, ingest: ingest.metrics, messageDoorbell: bells.messages)
        let admin = try AdminServer(
            configuration: AdminConfiguration(
                host: configuration.admin.host, port: configuration.admin.port, bearerTokens: configuration.adminTokens),
            metrics: {
                await BridgeMetrics.text(
                    ingest: ingest.metrics, reload: reloader.status, missing: book.current.missingCounts, queries: store,
                    records: store, pruned: pruned.all)
                    + BridgeMetrics.pauses(store, brakes: gear.brakes, now: clock.now()) + BridgeMetrics.text(fleet: store)
                    + transports.renderMetrics(gate: upstream.snapshot) + signs.renderMetrics(messages, watch)
            },
            readiness: { readiness.isReady }, logger: logger)
        let control = ControlServer(
            path: configuration.adminSocketPath, reload: { await reloader.reload().answer },
            decide: { verdict, id, reason in
                let answer = await ApprovalDesk(store: store, queries: store)
                    .controlAnswer(verdict, id, reason: reason, now: clock.now())
                bells.worker.ring()
                return answer
            },
            commands: ControlCommands(
                pauses: PauseControl(
                    desk: gear.desk, names: ServerNames(inventory: inventory, resolver: resolver, clock: clock),
                    isKnown: { [sources = configuration.sources] in Self.isKnown($0, rules: book.current, sources: sources) },
                    clock: clock, workerDoorbell: bells.worker, messageDoorbell: bells.messages),
                ownership: OwnershipDesk(store: store, queries: store, api: api),
                records: RecordDesk(store: store, queries: store, rules: book, sources: configuration.sources),
                rules: RuleControl(store: store, clock: clock), clock: clock, workerDoorbell: bells.worker
            ).table, logger: logger)
        let reloading: [any Service] = reloads ? [reloader, HangupSignal(request: reloader.request), control] : []
        var group = ServiceGroupConfiguration(
            services: [transports, notifier, rescuer, gear.reporter, worker, dispatcher, scheduler, cleaner, watch]
                + signs.services(configuration, store, upstream: upstream, transports, clock, bells.messages, logger) + reloading
                + [admin, ingest],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = configuration.shutdownGrace
        // No maximumCancellationDuration: when that is over the group ends the process by a trap, and a batch that is being decided
        // or committed can not be cut short. After the grace the transports end every request, so that one batch is all that is
        // left to wait for; should it hang, the supervisor's SIGKILL loses nothing (Tests/EndToEnd/kill_nine.py).
        let announcement = Task {
            guard let port = await ingest.boundPort() else { return }
            logger.info(
                "ready",
                metadata: [
                    "listen": "\(configuration.listen.host):\(port)", "live": "\(configuration.live)",
                    "rules": "\(rules.rules.count)", "revision": "\(rules.revision)",
                ])
            await onReady(port)
        }
        defer { announcement.cancel() }
        try await ServiceGroup(configuration: group).run()
        await recordStop(store)
    }

    private static func isKnown(_ scope: PauseScope, rules: RuleSet, sources: [String: WebhookSource]) -> Bool {
        switch scope {
        case .rule(let name): rules.rules.contains { $0.name.utf8.elementsEqual(name.utf8) }
        case .source(let name):
            sources.keys.contains { $0.utf8.elementsEqual(name.utf8) } || name.utf8.elementsEqual(ScheduledInstant.source.utf8)
        case .all, .server, .action: true
        }
    }

    private func sourceWatch(_ store: SQLiteStore, ingest: IngestMetrics, messageDoorbell: Doorbell) -> SourceWatch {
        let names = Array(configuration.sources.keys)
        return SourceWatch(
            store: store, queries: store, expectations: configuration.allExpectations,
            heard: {
                Dictionary(
                    uniqueKeysWithValues: names.map { name in
                        (name, ingest.count(source: name, .accepted) &+ ingest.count(source: name, .duplicate))
                    })
            }, channels: configuration.notify, clock: clock, messageDoorbell: messageDoorbell, logger: logger)
    }

    private func reloaderParts() -> Reloader.Parts {
        let loaded = LoadedRules(configuration)
        let (folder, settings) = (configuration.rulesFolder, configuration.ruleTestSettings)
        return Reloader.Parts(
            read: { () throws(UnreadableRules) in
                do throws(UnreadableFile) {
                    return try loaded.read()
                } catch {
                    throw UnreadableRules(error.description)
                }
            },
            check: loaded.check, test: { _, files in await RuleTestFiles.failures(of: files, in: folder, settings) },
            interval: configuration.reloadInterval, channels: configuration.notify)
    }

    /// The last word of the audit, and where it ends: what a later look is held against stands in the log.
    private func recordStop(_ store: SQLiteStore) async {
        let now = clock.now()
        do throws(StoreError) {
            try await store.audit(
                [AuditEntry(at: now, kind: .bridge, reason: nil, actor: "bridge", detail: "stopped")], messages: [], now: now)
            let head = try await store.auditMarks().head
            logger.info("stopped", metadata: ["audit_head": "\(head)"])
        } catch {
            logger.info("stopped", metadata: ["error": "\(error)"])
        }
    }

    /// What a start owes to what was before it: runs of a lost process are freed, and the rules are kept for their runs.
    private func recover(_ store: SQLiteStore) async throws(StoreError) {
        let now = clock.now()
        let freed = try await store.rescue(now: now, everything: true)
        try await store.saveRuleSet(
            StoredRuleSet(
                revision: rules.revision, files: ruleFiles.files.map { StoredRuleSet.File(name: $0.name, text: $0.text) },
                savedAt: now))
        let entry = AuditEntry(
            at: now, kind: .bridge, reason: nil, actor: "bridge",
            detail: "started with rules \(rules.revision), \(freed) runs taken up again, live: \(configuration.live)")
        try await store.audit([entry], messages: [], now: now)
    }
}
