import CurlTransport
import Engine
import Inbound
import Model
import Rules
import Store
import VPSAPI
import Webhooks

/// The listeners of a bridge, and what watches over its senders; each made anew when it is asked for.
extension BridgeParts {
    /// Takes webhooks and commands.
    var ingest: IngestServer {
        IngestServer(
            configuration: IngestConfiguration(host: configuration.listen.host, port: configuration.listen.port),
            sources: configuration.sources, store: store, clock: clock,
            onAccepted: { [bells] in bells.dispatcher.ring() },
            answerCommand: { [book] event in CommandDesk.judge(event, ruleSet: book.current).text },
            readiness: { [readiness] in readiness.isReady }, logger: logger)
    }

    /// Shows metrics.
    func admin(_ ingest: IngestMetrics, _ reloader: Reloader, _ watch: SourceWatch) throws -> AdminServer {
        try AdminServer(
            configuration: AdminConfiguration(
                host: configuration.admin.host, port: configuration.admin.port, bearerTokens: configuration.adminTokens),
            metrics: { [store, pruned, gear, clock, book, transports, upstream, signs, messages] in
                await BridgeMetrics.text(
                    ingest: ingest, reload: reloader.status, missing: book.current.missingCounts, queries: store,
                    records: store, pruned: pruned.all)
                    + BridgeMetrics.pauses(store, brakes: gear.brakes, now: clock.now()) + BridgeMetrics.text(fleet: store)
                    + transports.renderMetrics(gate: upstream.snapshot) + signs.renderMetrics(messages, watch)
            },
            readiness: { [readiness] in readiness.isReady }, logger: logger)
    }

    /// Serves the command line.
    func control(_ reloader: Reloader) -> ControlServer {
        ControlServer(
            path: configuration.adminSocketPath, reload: { await reloader.reload().answer },
            decide: { [store, clock, bells] verdict, id, reason in
                let answer = await ApprovalDesk(store: store, queries: store)
                    .controlAnswer(verdict, id, reason: reason, now: clock.now())
                bells.worker.ring()
                return answer
            },
            commands: ControlCommands(
                pauses: PauseControl(
                    desk: gear.desk, names: ServerNames(inventory: inventory, resolver: resolver, clock: clock),
                    isKnown: { [book, sources = configuration.sources] in
                        Self.isKnown($0, rules: book.current, sources: sources)
                    },
                    clock: clock, workerDoorbell: bells.worker, messageDoorbell: bells.messages),
                ownership: OwnershipDesk(store: store, queries: store, api: api),
                records: RecordDesk(
                    store: store, queries: store, rules: book, sources: configuration.sources, brakes: gear.brakes),
                rules: RuleControl(store: store, clock: clock), clock: clock, workerDoorbell: bells.worker
            ).table, logger: logger)
    }

    private static func isKnown(_ scope: PauseScope, rules: RuleSet, sources: [String: WebhookSource]) -> Bool {
        switch scope {
        case .rule(let name): rules.rules.contains { $0.name.utf8.elementsEqual(name.utf8) }
        case .source(let name):
            sources.keys.contains { $0.utf8.elementsEqual(name.utf8) } || name.utf8.elementsEqual(ScheduledInstant.source.utf8)
        case .all, .server, .action: true
        }
    }

    /// Notices senders that fall silent.
    func sourceWatch(_ ingest: IngestMetrics) -> SourceWatch {
        let names = Array(configuration.sources.keys)
        return SourceWatch(
            store: store, queries: store, expectations: configuration.allExpectations,
            heard: {
                Dictionary(
                    uniqueKeysWithValues: names.map { name in
                        (name, ingest.count(source: name, .accepted) &+ ingest.count(source: name, .duplicate))
                    })
            }, channels: configuration.notify, clock: clock, messageDoorbell: bells.messages, logger: logger)
    }

    /// Takes changed rule files.
    var reloader: Reloader {
        let loaded = LoadedRules(configuration)
        let (folder, settings) = (configuration.rulesFolder, configuration.ruleTestSettings)
        let parts = Reloader.Parts(
            read: { () throws(UnreadableRules) in
                do throws(UnreadableFile) {
                    return try loaded.read()
                } catch {
                    throw UnreadableRules(error.description)
                }
            },
            check: loaded.check, test: { _, files in await RuleTestFiles.failures(of: files, in: folder, settings) },
            interval: configuration.reloadInterval, channels: configuration.notify)
        return Reloader(
            parts: parts, book: book, store: store, clock: clock, messageDoorbell: bells.messages, logger: logger)
    }
}
