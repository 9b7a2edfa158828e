package import Model

/// What VPS.org says now, read to learn what became of a request.
package enum Reading: Sendable, Hashable {
    /// `GET` of the server.
    case server(Server)
    /// `GET` of the server answered 404.
    case notFound
    /// All servers, for a create.
    case list(ServerList)
    /// Nothing could be read: proves nothing.
    case failed(APIError)

    package init(_ answer: Result<Server, APIError>) {
        switch answer {
        case .success(let server): self = .server(server)
        case .failure(let error): self = error.code == .notFound ? .notFound : .failed(error)
        }
    }
}
