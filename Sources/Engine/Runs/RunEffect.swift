package import Model
package import Rules
package import Store
package import VPSAPI

/// What a run is told: why it was woken, or how what it asked for ended.
package enum RunInput: Sendable {
    /// It was claimed: its time has come, or its problem changed.
    case woken
    /// The list of servers that it asked for.
    case inventory(Result<InventorySnapshot, APIError>)
    /// The server that it asked for.
    case server(Result<Server, APIError>)
    /// The outcome of the request that it sent; the message is the API's.
    case answer(Result<String, APIError>)
    /// The outcome of the create that it sent.
    case created(Result<Server, APIError>)
    /// What became of the request to another API that it sent; bodies hold no secrets any more.
    case reply(RequestReply)
    /// What a reading step was answered; one server for `server.get`.
    case stepRead(Result<[Server], APIError>)
    /// The servers that this bridge created and that are there as far as it knows.
    case owned([CreatedServer])
    /// Whether its probe found the server healthy.
    case probe(isHealthy: Bool)
    /// What the source's own API says of its problem.
    case evidence(Evidence)
    /// Its transition is on disk.
    case committed(intent: Intent?)
    /// A guard refused its transition; nothing was written.
    case refused(Refusal)
}

/// What a run asks its worker to do next; exactly one thing at a time.
package enum RunEffect: Sendable {
    /// Write this step. When it releases the lease, the worker is done with the run.
    case commit(RunTransition)
    /// Read the list of servers, at most that old.
    case readInventory(maxAge: Duration)
    case readServer(ServerID)
    /// Read what a `server.get` or `server.list` step asks for.
    case readStep(StepReading)
    /// Read which servers this bridge created.
    case readOwned
    /// Send the request of this intent, which is on disk.
    case send(Intent)
    /// Send this request, whose intent is on disk, to another API.
    case request(PreparedRequest)
    case probe(Probe, Server)
    /// Ask the source's own API what has become of the problem of this event.
    case pull(Event)
}

/// What a reading step asks the Servers API for.
package enum StepReading: Sendable, Hashable {
    case server(ServerID)
    case list(status: ServerStatus?, location: String?)
}
