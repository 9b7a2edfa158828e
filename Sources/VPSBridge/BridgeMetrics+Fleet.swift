import Model
import Store

extension BridgeMetrics {
    /// How the fleet stands: the states in which rules change nothing, and what they hold.
    static func text(fleet queries: any FleetQueries) async -> String {
        guard let condition = try? await queries.fleetCondition() else { return "" }
        return text(condition)
    }

    static func text(_ condition: FleetCondition) -> String {
        var text = MetricsText()
        let states = Set(condition.states.map(\.kind))
        text.single("vpsbridge_storm", .gauge, "Whether it storms: rules change nothing.", states.contains(.storm) ? 1 : 0)
        text.single(
            "vpsbridge_blind", .gauge, "Whether the servers can not be seen: rules change nothing.",
            states.contains(.blind) ? 1 : 0)
        text.single(
            "vpsbridge_servers_with_problems", .gauge, "Servers with an open problem that a rule which changes servers matched.",
            condition.serversWithProblems)
        text.family("vpsbridge_runs_held", .gauge, "Held runs by what is in their way.")
        for reason in Reason.allCases where holding.contains(reason) || condition.held[reason] != nil {
            text.sample(["reason": reason.rawValue], condition.held[reason] ?? 0)
        }
        return text.text
    }

    /// What a run is usually held for; shown when it holds nothing too.
    private static let holding: Set<Reason> = [
        .paused, .personAtWork, .storm, .blind, .maxUnhealthy, .flapping, .bootGrace, .maintenance, .afterRule, .costCap,
        .silenced,
        .laneBusy, .cooldown, .budgetSpent, .fleetBudgetSpent, .maxConcurrent, .staleEvidence, .serverBusy, .inventoryUnavailable,
        .apiUnavailable, .rateLimited, .unauthorized,
    ]
}
