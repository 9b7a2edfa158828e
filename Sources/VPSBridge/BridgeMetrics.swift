import Engine
import Inbound
import Model
import Rules
import Store

/// The text of `/metrics`: what the listener counted, and how the store stands.
enum BridgeMetrics {
    static func text(
        ingest: IngestMetrics, reload: ReloadStatus, missing: [MissingCount], queries: any Queries, records: any RecordQueries,
        pruned: [PruneKind: Int]
    ) async -> String {
        await ingest.renderPrometheusText() + Self.text(reload) + Self.text(missing) + Self.text(queries)
            + Self.text(records, pruned: pruned)
    }

    /// How much is recorded, and what was cleared away.
    static func text(_ records: any RecordQueries, pruned: [PruneKind: Int]) async -> String {
        var text = MetricsText()
        if let marks = try? await records.auditMarks(), let size = try? await records.fileSize() {
            text.single(
                "vpsbridge_audit_entries", .gauge, "Entries of the audit that are kept.",
                Int(clamping: marks.head.id &- marks.anchor.id))
            text.single("vpsbridge_db_size_bytes", .gauge, "The size of the database's file without its log.", size.bytes)
            text.single("vpsbridge_db_free_bytes", .gauge, "What of the database's file is free.", size.freeBytes)
        }
        text.family("vpsbridge_pruned_total", .counter, "Rows that were cleared away since the start.")
        for kind in PruneKind.allCases { text.sample(["kind": kind.rawValue], pruned[kind] ?? 0) }
        return text.text
    }

    /// How the store stands.
    static func text(_ queries: any Queries) async -> String {
        var text = MetricsText()
        let counts = try? await queries.counts()
        text.single("vpsbridge_store_readable", .gauge, "Whether the store can be read.", counts == nil ? 0 : 1)
        guard let counts else { return text.text }
        text.single(
            "vpsbridge_deliveries_undispatched", .gauge, "Deliveries that wait for a decision.", counts.undispatched)
        text.single("vpsbridge_episodes_open", .gauge, "Problems that are open.", counts.openEpisodes)
        text.single("vpsbridge_dead_letters", .gauge, "Dead letters.", counts.deadLetters)
        text.single("vpsbridge_messages_waiting", .gauge, "Messages that wait in the outbox.", counts.waitingMessages)
        text.family("vpsbridge_runs", .gauge, "Runs by state.")
        for state in RunState.allCases { text.sample(["state": state.rawValue], counts.runs[state] ?? 0) }
        return text.text
    }

    /// How reloading stands, under the names that Prometheus and Alertmanager use for it.
    static func text(_ reload: ReloadStatus) -> String {
        var text = MetricsText()
        text.single(
            "vpsbridge_config_last_reload_successful", .gauge, "Whether the rule files as last read are in force.",
            reload.isSuccessful ? 1 : 0)
        text.single(
            "vpsbridge_config_last_reload_success_timestamp_seconds", .gauge,
            "When rule files were last taken, or found to be in force.", reload.lastSuccessAt.microseconds / 1_000_000)
        text.single("vpsbridge_rules", .gauge, "Rules in force.", reload.rules)
        text.family("vpsbridge_config_info", .gauge, "The revision of the rules in force.")
        text.sample(["revision": "\(reload.revision)"], 1)
        return text.text
    }

    /// How often keys were missing; begins anew when rules are reloaded.
    static func text(_ missing: [MissingCount]) -> String {
        var text = MetricsText()
        text.family(
            "vpsbridge_rule_missing_total", .counter,
            "Events in which a key was missing that a condition of the rule reads.")
        for count in missing { text.sample(["rule": count.rule, "path": count.path], count.count) }
        return text.text
    }
}
