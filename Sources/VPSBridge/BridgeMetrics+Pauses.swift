import Engine
import Model
import Store

extension BridgeMetrics {
    /// What is stopped: pauses in force by what they cover, and the stop switch.
    static func pauses(_ queries: any Queries, brakes: Brakes, now: Timestamp) async -> String {
        var text = MetricsText()
        let pauses = (try? await queries.pauses(at: now)) ?? []
        text.family("vpsbridge_paused", .gauge, "Pauses in force by their scope; `stop` is the stop switch.")
        for kind in PauseScope.Kind.allCases {
            text.sample(["scope": kind.rawValue], pauses.count { $0.scope.kind == kind })
        }
        text.sample(["scope": "stop"], brakes.stop?.isStopped == true ? 1 : 0)
        return text.text
    }
}
