import CurlTransport
import Model
import Rules
import VPSAPI

/// What an engine on a virtual clock is made of.
struct RuleTestWorld {
    var ruleSet: RuleSet
    var settings: RuleTestSettings
    var servers: [Server]
    /// What the clock says at the beginning.
    var start: Timestamp
    /// What the requests of rules are sent to instead of the fake; `nil` takes that.
    var transport: (any HTTPTransport)?
    /// What is asked instead of the fleet in memory; `nil` takes that.
    var api: (any ServersAPI)?
    /// Problems that nobody speaks of are looked for at whole multiples of this.
    var staleGrain = Duration.microseconds(1)
    /// How often a server is read while a run waits for its effect.
    var verifyInterval = Duration.seconds(5)
}
