package import Model
package import Rules
package import Store

/// What the engine is told by the configuration.
package struct EngineSettings: Sendable {
    /// Whether changing requests may leave at all. Default `false`: everything is decided and recorded, nothing is changed.
    package var live: Bool
    /// The floor under every rule's limits.
    package var limits: Limits
    /// Servers that are never changed.
    package var protected: ProtectedServers
    /// How old the list of servers may be when a target is resolved. Default 60 seconds.
    package var inventoryMaxAge: Duration
    /// How often a server is read while a run waits for its effect. Default 5 seconds.
    package var verifyInterval: Duration
    /// How long a reboot whose outcome is unknown is watched for a change before it counts as sent. Default 30 seconds.
    package var unknownWindow: Duration
    /// How long a create whose outcome is unknown may take to show in the list of servers. Default 5 minutes: VPS.org says that a
    /// server takes 2 to 5.
    package var createWindow: Duration
    /// Scheme, host and port of the Servers API: `http.request` neither creates, deletes nor switches anything there, where no guard
    /// would bound it. `nil` refuses nothing.
    package var apiOrigin: String?
    /// How long a worker may hold a run without a sign of life. Default 30 seconds.
    package var lease: Duration
    /// How many runs a worker steps at once. Default 16.
    package var concurrency: Int
    /// After how long without a word an open problem is closed as stale. Default 12 hours.
    package var episodeTimeout: Duration
    /// Where people are asked by a rule that names no channel; `nil` asks only by the command line.
    package var approvalChannel: String?
    /// Where people are told what belongs to no run: that the token is refused.
    package var noticeChannels: [String]
    /// When rules change nothing since people work on the servers.
    package var maintenance: [MaintenanceWindow]
    /// What the events of a source may lead to, by the source's name; one that is not in it may lead to anything.
    package var mayLeadTo: [String: SourcePermission]

    /// What counts as a storm or as blindness, and who is told.
    package var watch: FleetWatch { FleetWatch(storm: limits.storm, channels: noticeChannels) }

    package init(
        live: Bool = false, limits: Limits = Limits(), protected: ProtectedServers = ProtectedServers([]),
        inventoryMaxAge: Duration = .seconds(60), verifyInterval: Duration = .seconds(5), unknownWindow: Duration = .seconds(30),
        createWindow: Duration = .seconds(300), apiOrigin: String? = nil, lease: Duration = .seconds(30), concurrency: Int = 16,
        episodeTimeout: Duration = .seconds(43_200), approvalChannel: String? = nil,
        noticeChannels: [String] = [], maintenance: [MaintenanceWindow] = [], mayLeadTo: [String: SourcePermission] = [:]
    ) {
        self.live = live
        self.limits = limits
        self.protected = protected
        self.inventoryMaxAge = inventoryMaxAge
        self.verifyInterval = verifyInterval
        self.unknownWindow = unknownWindow
        self.createWindow = createWindow
        self.apiOrigin = apiOrigin
        self.lease = lease
        self.concurrency = concurrency
        self.episodeTimeout = episodeTimeout
        self.approvalChannel = approvalChannel
        self.noticeChannels = noticeChannels
        self.maintenance = maintenance
        self.mayLeadTo = mayLeadTo
    }
}
