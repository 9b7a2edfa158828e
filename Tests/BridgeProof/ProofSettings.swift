import Engine
import Model
import Rules

/// What bounds one history.
struct ProofSettings: Sendable {
    var limits: Limits
    var protected: [String] = []
    var episodeTimeout: Duration = .seconds(43_200)
    var fleetSize: Int
    var maintenance: [MaintenanceWindow] = []
    var rules = ProofRule.text

    var engine: EngineSettings {
        EngineSettings(
            live: true, limits: limits, protected: ProtectedServers(protected), verifyInterval: .seconds(60), concurrency: 1,
            episodeTimeout: episodeTimeout, maintenance: maintenance)
    }
}
