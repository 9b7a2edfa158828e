import NIOHTTP1

/// What a listener does with requests; the connection does the rest: framing, sizes, times.
protocol Responder: Sendable {
    /// What is kept of a request between its head and its body.
    associatedtype Admitted: Sendable

    /// Judges a request by its head, before any of its body is taken in. Called on the connection's event loop: must return at once.
    func admit(_ head: HTTPRequestHead) -> Admission<Admitted>

    /// Answers an admitted request, once its body is whole.
    func answer(_ admitted: Admitted, body: [UInt8]) async -> Reply

    /// Told of a request that the connection refused: while its body came in, or with `nil` because it was not HTTP.
    func refused(_ admitted: Admitted?, _ problem: Problem)
}

/// What a head alone decides.
enum Admission<Admitted: Sendable>: Sendable {
    /// The body is wanted.
    case admitted(Admitted)
    /// The answer is known; no body is read.
    case answered(Reply)
}
