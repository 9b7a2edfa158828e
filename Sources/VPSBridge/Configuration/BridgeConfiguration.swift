import CurlTransport
import Engine
import Model
import Rules
import Webhooks

/// The whole configuration, checked: what `vpsbridge.yaml` and the environment say.
struct BridgeConfiguration: Sendable {
    /// A host and a port to listen on.
    struct Address: Sendable, Equatable {
        var host: String
        var port: Int
    }

    /// How VPS.org is reached.
    struct API: Sendable {
        /// The origin, such as `https://admin.vps.org`.
        var baseURL = "https://admin.vps.org"
        /// `nil` only in a bridge without sources, which can not be asked for anything.
        var token: Secret?
        /// A file of CA certificates instead of the system's.
        var caFile: String?
        /// The proxy, such as `http://proxy.example.com:3128`; `nil` is none, whatever the environment names.
        var proxy: String?
        /// The public keys of which the server has to have one; any is right when there are none.
        var pins: [PublicKeyPin] = []
        /// How much is asked of it.
        var limits = GateLimits()
    }

    /// How everything but VPS.org is reached: channels, requests of rules, probes.
    struct Outbound: Sendable {
        /// The proxy of channels and requests; probes go past it.
        var proxy: String?
        /// A file of CA certificates instead of the system's.
        var caFile: String?
    }

    /// Where the bridge's own sign of life goes.
    struct Heartbeat: Sendable {
        var url: Secret
        var every: Duration
    }

    /// Whether changing requests may leave. Default `false`.
    var live = false
    /// Where webhooks arrive. Default `127.0.0.1:8080`.
    var listen = Address(host: "127.0.0.1", port: 8080)
    /// Where metrics and health are read; on a loopback address unless there is a token. Default `127.0.0.1:8081`.
    var admin = Address(host: "127.0.0.1", port: 8081)
    /// The tokens that the admin listener takes.
    var adminTokens: [Secret] = []
    /// The folder of the database. Default `./data`.
    var dataFolder = "data"
    /// The folder of the rule files. Default `./rules`.
    var rulesFolder = "rules"
    /// Whether somebody named the folder: then it must be there.
    var namesRulesFolder = false
    var api = API()
    var outbound = Outbound()
    var sources: [String: WebhookSource] = [:]
    /// Where sources are asked what they think now, by their names.
    var pulls: [String: PullEndpoint] = [:]
    /// The people of each group, by the chat's ids.
    var groups: [String: [String]] = [:]
    var limits = Limits()
    /// When rules change nothing since people work on the servers.
    var maintenance: [MaintenanceWindow] = []
    /// What the events of a source may lead to, by the source's name; one that is not in it may lead to anything.
    var mayLeadTo: [String: SourcePermission] = [:]
    /// Ids, names, or beginnings of names followed by `*`, of servers that are never changed.
    var protected: [String] = []
    /// Other names of servers, by id.
    var aliases: [String: ServerID] = [:]
    var channels: [String: Channel] = [:]
    /// What `${{ secrets.NAME }}` of requests in rules stands for.
    var secrets: [String: Secret] = [:]
    /// The channels that the bridge's own messages go to; the only channel there is when nobody named one.
    var notify: [String] = []
    /// When the daily digest is told; `nil` never. Default 09:00 UTC.
    var digest: Digest.Schedule? = Digest.Schedule(secondOfDay: 9 * 3_600, zone: .utc)
    /// `nil` sends none.
    var heartbeat: Heartbeat?
    /// How often sources speak, where the configuration says it.
    var expectations: [String: SourcePulse.Expectation] = [:]
    /// How often the rule folder is looked at; `nil` never. Default 5 seconds.
    var reloadInterval: Duration? = .seconds(5)
    /// How long what is not needed any more is kept.
    var retention = Retention()
    /// How long requests in flight may take to end after SIGTERM. Default 8 seconds, below Docker's 10.
    var shutdownGrace: Duration = .seconds(8)

    /// How every source is expected to speak: people in chats whenever they like.
    var allExpectations: [String: SourcePulse.Expectation] {
        Dictionary(
            uniqueKeysWithValues: sources.map { name, source in
                (name, expectations[name] ?? (source.kind.isChat ? .never : .learnt))
            })
    }

    /// Where the command line reaches the running bridge.
    var adminSocketPath: String { dataFolder + "/admin.sock" }

    /// The database's path.
    var databasePath: String { dataFolder + "/vpsbridge.sqlite" }
}
