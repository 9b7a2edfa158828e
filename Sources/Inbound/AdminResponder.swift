import Logging
import Model
import NIOCore
import NIOHTTP1

/// Answers the requests of the admin listener.
struct AdminResponder: Responder {
    /// The one thing that takes time to answer.
    enum Admitted: Sendable {
        case scrape
    }

    let isLoopback: Bool
    /// One of them is wanted for `/metrics`, when there is any.
    let tokens: [Secret]
    let metrics: @Sendable () async -> String
    let readiness: @Sendable () -> Bool
    let logger: Logger

    func admit(_ head: HTTPRequestHead) -> Admission<Admitted> {
        guard let host = head.host, !isLoopback || HostName.isLoopback(HostName.withoutPort(host)) else {
            return .answered(Self.misdirected.reply)
        }
        switch RequestTarget(path: head.uri) {
        case .healthz: return .answered(Health.reply(to: head, isUp: true))
        case .readyz: return .answered(Health.reply(to: head, isUp: readiness()))
        case .hook, .nothing: return .answered(Self.notFound.reply)
        case .metrics:
            guard head.method == .GET else { return .answered(Problem.methodNotAllowed(allow: "GET").reply) }
            guard tokens.isEmpty || hasToken(head.headers.first(name: "authorization") ?? "") else {
                return .answered(Self.unauthorized.reply)
            }
            return .admitted(.scrape)
        }
    }

    func answer(_ admitted: Admitted, body: [UInt8]) async -> Reply {
        Reply(
            .ok, type: "text/plain; version=0.0.4; charset=utf-8", body: ByteBuffer(string: await metrics()),
            headers: [("Cache-Control", "no-store")])
    }

    func refused(_ admitted: Admitted?, _ problem: Problem) {
        logger.debug("admin request rejected", metadata: ["reason": "\(problem.reason)"])
    }

    /// Whether the header is `Bearer` (in any case, RFC 9110 section 11.1) and one of the tokens.
    private func hasToken(_ authorization: String) -> Bool {
        let bytes = Array(authorization.utf8)
        guard String(decoding: bytes.prefix(7), as: UTF8.self).equalsIgnoringASCIICase("bearer ") else { return false }
        let candidate = bytes.dropFirst(7)
        // Every token is compared, so that the time does not tell which one was close.
        return tokens.reduce(false) { found, token in token.matches(candidate) || found }
    }

    private static let notFound = Problem(
        status: .notFound, reason: "not_found", message: "nothing is here; there are /metrics, /healthz and /readyz")

    private static let misdirected = Problem(
        status: .misdirectedRequest, reason: "bad_host", message: "this listener answers to loopback names only")

    private static let unauthorized = Problem(
        status: .unauthorized, reason: "unauthorized", message: "send the admin token as a bearer token",
        headers: [("WWW-Authenticate", "Bearer realm=\"vpsbridge\"")], outcome: .rejectedAuth)
}
