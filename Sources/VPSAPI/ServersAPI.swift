package import CurlTransport
package import Model

/// The nine operations of the VPS.org Servers API (`/api/v1/servers/`).
///
/// No operation is repeated behind the caller's back: who retries must first know what was done, which ``APIError/certainty``
/// says. Any number of tasks may call at once; cancelling a task ends its request.
package protocol ServersAPI: Sendable {
    /// What lets the requests out, to be asked before anything is written that a refusal would undo; `nil` when nothing bounds them.
    var upstream: Upstream? { get }
    /// The servers of the account, all pages of them, filtered where a filter is given.
    func list(status: ServerStatus?, location: String?) async throws(APIError) -> ServerList
    /// One server in full.
    func get(_ id: ServerID) async throws(APIError) -> Server
    /// Buys a server. An error with certainty `unknown` may mean that one was bought: list by name before creating again.
    func create(_ request: CreateServer) async throws(APIError) -> Server
    /// Replaces name, host name and backups of a server (PUT).
    func replace(_ id: ServerID, _ request: ReplaceServer) async throws(APIError) -> Server
    /// Changes the given fields of a server (PATCH).
    func update(_ id: ServerID, _ request: UpdateServer) async throws(APIError) -> Server
    /// Deletes a server; irreversible.
    func delete(_ id: ServerID) async throws(APIError)
    /// Powers a stopped server on. Returning means that the order was taken, not that the server runs.
    func start(_ id: ServerID) async throws(APIError) -> PowerAnswer
    /// Shuts a running server down. Returning means that the order was taken, not that the server stopped.
    func stop(_ id: ServerID) async throws(APIError) -> PowerAnswer
    /// Restarts a running server. Returning means that the order was taken, not that the server restarted.
    func reboot(_ id: ServerID) async throws(APIError) -> PowerAnswer
}

extension ServersAPI {
    package var upstream: Upstream? { nil }
}

/// What a listing brought.
package struct ServerList: Sendable, Hashable {
    /// In the API's order, each id once.
    package var servers: [Server]
    /// Whether these are known to be all: every page was read, every entry understood, none of them twice, and every page counts
    /// exactly so many. An incomplete list never proves that a server does not exist.
    package var isComplete: Bool

    package init(servers: [Server], isComplete: Bool) {
        self.servers = servers
        self.isComplete = isComplete
    }
}

/// What the API says to a power order that it took; either may be missing, the order was taken all the same.
package struct PowerAnswer: Sendable, Hashable {
    /// The API's words, at most 500 bytes, printable.
    package var message: String?
    /// The state the API puts the server in, such as `rebooting`.
    package var status: ServerStatus?

    package init(message: String?, status: ServerStatus?) {
        self.message = message
        self.status = status
    }
}
