import Engine
import Inbound
import Model
import Rules
import Store

/// The text of `/metrics`: what the listener counted, and how the store stands.
enum BridgeMetrics {
    static func text(ingest: IngestMetrics, reload: ReloadStatus, missing: [MissingCount], queries: any Queries) async -> String {
        var text = ingest.renderPrometheusText() + Self.text(reload) + Self.text(missing)
        guard let counts = try? await queries.counts() else {
            return text + gauge("vpsbridge_store_readable", "Whether the store can be read.", 0)
        }
        text += gauge("vpsbridge_store_readable", "Whether the store can be read.", 1)
        text += gauge("vpsbridge_deliveries_undispatched", "Deliveries that wait for a decision.", counts.undispatched)
        text += gauge("vpsbridge_episodes_open", "Problems that are open.", counts.openEpisodes)
        text += gauge("vpsbridge_dead_letters", "Dead letters.", counts.deadLetters)
        text += gauge("vpsbridge_messages_waiting", "Messages that wait in the outbox.", counts.waitingMessages)
        text += "# HELP vpsbridge_runs Runs by state.\n# TYPE vpsbridge_runs gauge\n"
        for state in RunState.allCases {
            text += "vpsbridge_runs{state=\"\(state.rawValue)\"} \(counts.runs[state] ?? 0)\n"
        }
        return text
    }

    /// How reloading stands, under the names that Prometheus and Alertmanager use for it.
    static func text(_ reload: ReloadStatus) -> String {
        let seconds = reload.lastSuccessAt.microseconds / 1_000_000
        return gauge(
            "vpsbridge_config_last_reload_successful", "Whether the rule files as last read are in force.",
            reload.isSuccessful ? 1 : 0)
            + gauge(
                "vpsbridge_config_last_reload_success_timestamp_seconds",
                "When rule files were last taken, or found to be in force.",
                Int(seconds))
            + gauge("vpsbridge_rules", "Rules in force.", reload.rules)
            + "# HELP vpsbridge_config_info The revision of the rules in force.\n# TYPE vpsbridge_config_info gauge\n"
            + "vpsbridge_config_info{revision=\"\(reload.revision)\"} 1\n"
    }

    /// How often keys were missing; begins anew when rules are reloaded.
    static func text(_ missing: [MissingCount]) -> String {
        var text =
            "# HELP vpsbridge_rule_missing_total Events in which a key was missing that a condition of the rule reads.\n"
            + "# TYPE vpsbridge_rule_missing_total counter\n"
        for count in missing {
            text +=
                "vpsbridge_rule_missing_total{rule=\"\(count.rule)\",path=\"\(IngestMetrics.escaped(count.path))\"} \(count.count)\n"
        }
        return text
    }

    private static func gauge(_ name: String, _ help: String, _ value: Int) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) gauge\n\(name) \(value)\n"
    }
}
