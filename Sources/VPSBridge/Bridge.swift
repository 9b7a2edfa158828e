import Engine
import Inbound
import Logging
import Model
import Rules
import ServiceLifecycle
import Store
import UnixSignals

/// The bridge, put together from its configuration: wiring only.
struct Bridge {
    let configuration: BridgeConfiguration
    let rules: RuleSet
    let ruleFiles: RuleFiles
    let logger: Logger
    let clock: any TimeSource
    /// Whether changed rule files are taken while the bridge runs; the rules of a demonstration are in no file.
    let reloads: Bool

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
        let parts = try await BridgeParts(self, store: store, transports: transports)
        guard parts.gear.start() else { throw StoreError(.unusable, "no thread can be had for the stop switch") }
        defer { parts.gear.end() }
        let ingest = parts.ingest
        let wanted = try services(of: parts, ingest)
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
        try await ServiceGroup(configuration: wanted).run()
        await recordStop(store)
    }

    /// All services, in the order in which they start; they end in the opposite one.
    private func services(of parts: BridgeParts, _ ingest: IngestServer) throws -> ServiceGroupConfiguration {
        let reloader = parts.reloader
        let watch = parts.sourceWatch(ingest.metrics)
        let reloading: [any Service] =
            reloads ? [reloader, HangupSignal(request: reloader.request), parts.control(reloader)] : []
        let engine: [any Service] = [
            parts.transports, parts.notifier, parts.rescuer, parts.gear.reporter, parts.worker, parts.dispatcher,
            parts.scheduler, parts.cleaner, watch,
        ]
        let signs = parts.signs.services(
            configuration, parts.store, upstream: parts.upstream, parts.transports, clock, parts.bells.messages, logger)
        let admin = try parts.admin(ingest.metrics, reloader, watch)
        let listeners: [any Service] = [admin, ingest]
        var group = ServiceGroupConfiguration(
            services: engine + signs + reloading + listeners, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = configuration.shutdownGrace
        // No maximumCancellationDuration: when that is over the group ends the process by a trap, and a batch that is being decided
        // or committed can not be cut short. After the grace the transports end every request, so that one batch is all that is
        // left to wait for; should it hang, the supervisor's SIGKILL loses nothing (Tests/EndToEnd/kill_nine.py).
        return group
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
