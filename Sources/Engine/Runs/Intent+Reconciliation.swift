import Model
import VPSAPI

extension Intent {
    /// The request as the rules of reconciliation see it; `nil` for a request to another API, or one that names too little.
    ///
    /// The parameters are those of ``SentRequest``.
    func sent(isFollowing: Bool = false, answer: SentRequest.Answer = .none) -> SentRequest? {
        let change: SentRequest.Change
        switch operation {
        case .create:
            guard let name = request?.name else { return nil }
            change = .create(name: name)
        case .delete:
            guard let name = request?.name else { return nil }
            change = .delete(name: name)
        case .start: change = .start
        case .stop: change = .stop
        case .reboot: change = .reboot
        case .replace, .update:
            guard let fields else { return nil }
            change = .fields(fields)
        case .list, .get, nil: return nil
        }
        return SentRequest(
            change, sentAt: createdAt, status: preStatus, updatedAt: preUpdatedAt, isFollowing: isFollowing, answer: answer)
    }
}

extension Intent {
    /// The fields that a PUT or a PATCH asks for; `nil` for every other request.
    var fields: UpdateServer? {
        guard operation == .replace || operation == .update else { return nil }
        return request?.body.flatMap { UpdateServer(json: $0) }
    }
}

extension EngineSettings {
    /// How long requests without a certain outcome are watched.
    var reconciliation: Reconciliation { Reconciliation(powerWindow: unknownWindow, createWindow: createWindow) }
}

extension ReconcileAmbiguity {
    /// What a person has to look at, about a create or a delete of a server of that name.
    func words(name: String) -> String {
        switch self {
        case .several(let servers):
            "\(servers.count) servers are called \(name): \(servers.prefix(5).map(\.id.description).joined(separator: ", "))"
        case .notOurs(let server):
            "\(name) (\(server.id)) is older than the request to create it: it is not ours, and whether another one was bought "
                + "has to be looked at"
        case .accountLooksEmpty:
            "the list of servers is empty, and \(name) may have been created: look before it is asked for again"
        case .missingTwice: "\(name) was asked for twice and is not in the list of servers: look before it is asked for again"
        case .renamed(let server):
            "server \(server.id) was called \(name), now \(server.name), and a delete of it may be on its way"
        }
    }
}
