import HTTPTypes
import Hummingbird
import Model

/// Answers the requests of the admin listener.
struct AdminResponder: HTTPResponder {
    typealias Context = ListenerContext

    let isLoopback: Bool
    /// One of them is wanted for `/metrics`, when there is any.
    let tokens: [Secret]
    let metrics: @Sendable () async -> String
    let readiness: @Sendable () -> Bool

    func respond(to request: Request, context: ListenerContext) async throws -> Response {
        do {
            guard request.namesOneHost, !isLoopback || HostName.isLoopback(HostName.withoutPort(request.head.authority ?? ""))
            else {
                throw Self.misdirected
            }
            return switch RequestTarget(path: request.head.path ?? "") {
            case .healthz: try HealthAnswers.answer(request, isUp: true)
            case .readyz: try HealthAnswers.answer(request, isUp: readiness())
            case .metrics: try await scrape(request)
            case .hook, .nothing: throw Self.notFound
            }
        } catch let problem as Problem {
            return problem.response(to: request.method)
        }
    }

    private func scrape(_ request: Request) async throws(Problem) -> Response {
        guard request.method == .get else { throw .methodNotAllowed(allow: "GET") }
        guard tokens.isEmpty || hasToken(request.headers[.authorization] ?? "") else { throw Self.unauthorized }
        var headers: HTTPFields = [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"]
        if request.announcesBody { headers[.connection] = "close" }
        let text = await metrics()
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
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
        status: .notFound, reason: "not_found", message: "nothing is here; there are /metrics, /healthz and /readyz",
        closes: true)

    private static let misdirected = Problem(
        status: .misdirectedRequest, reason: "bad_host", message: "this listener answers to loopback names only", closes: true)

    private static let unauthorized = Problem(
        status: .unauthorized, reason: "unauthorized", message: "send the admin token as a bearer token",
        headers: [.wwwAuthenticate: "Bearer realm=\"vpsbridge\""], closes: true, outcome: .rejectedAuth)
}
