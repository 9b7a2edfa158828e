import HTTPTypes
import Hummingbird
import Model
import NIOCore
import NIOHTTPTypes
import Store
import Webhooks

/// Answers the requests of the ingest listener: `POST /hooks/{source}`, `GET /healthz`, `GET /readyz`, and nothing else.
struct IngestResponder: HTTPResponder {
    typealias Context = ListenerContext

    let routes: [String: HookRoute]
    let store: any Store
    let clock: any TimeSource
    let limits: ListenerLimits
    let budget: BodyBudget
    let metrics: IngestMetrics
    let rejections: RejectionLog
    let onAccepted: @Sendable () -> Void
    let answerCommand: @Sendable (Event) -> String?
    let readiness: @Sendable () -> Bool

    func respond(to request: Request, context: ListenerContext) async throws -> Response {
        do {
            switch RequestTarget(path: request.head.path ?? "") {
            case .hook(let name): return await receive(request, name: name, channel: context.channel)
            case .healthz: return try HealthAnswers.answer(request, isUp: true)
            case .readyz: return try HealthAnswers.answer(request, isUp: readiness())
            case .metrics, .nothing: throw Problem.notFound
            }
        } catch let problem as Problem {
            return problem.response(to: request.method)
        }
    }

    /// Answers a webhook request, counts it and logs it when it is refused.
    private func receive(_ request: Request, name: Substring, channel: any Channel) async -> Response {
        let started = NIODeadline.now()
        defer { metrics.observe(NIODeadline.now() - started) }
        let route = routes[String(name)]
        do throws(Problem) {
            guard let route else { throw Self.unknownSource }
            let (response, outcome) = try await accept(request, route, channel: channel)
            route.counters[outcome].increment()
            return response
        } catch {
            (route?.counters ?? metrics.counters(of: nil))[error.outcome].increment()
            rejections.note(source: route?.source.name, error)
            return error.response(to: request.method)
        }
    }

    /// From the first header to the sender's answer; each step is cheaper to refuse than the next.
    private func accept(
        _ request: Request, _ route: HookRoute, channel: any Channel
    ) async throws(Problem) -> (Response, IngestOutcome) {
        guard request.method == .post else { throw .methodNotAllowed(allow: "POST") }
        guard request.namesOneHost else { throw Self.badHost }
        let reader = try BodyReader(headers: request.headers, limit: limits.maxBodyBytes)
        let receivedAt = clock.now()
        var webhook = WebhookRequest(head: request.head, receivedAt: receivedAt)
        if route.authenticatesByHeaders { try authenticate(webhook, route, bodyIsUnread: request.announcesBody) }
        if let expectation = request.headers[.expect], expectation.equalsIgnoringASCIICase("100-continue") {
            channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
        }
        // Given back when the answer is ready: until then the bytes are held.
        var reservation = BodyReservation(budget)
        webhook.body = try await reader.read(request.body, into: &reservation)
        if !route.authenticatesByHeaders { try authenticate(webhook, route, bodyIsUnread: false) }
        let decoded = try decode(webhook, route)
        if let immediate = decoded.immediate { return (Response(immediate.reply), .answered) }
        return try await store(decoded, webhook, route)
    }

    private func authenticate(_ webhook: WebhookRequest, _ route: HookRoute, bodyIsUnread: Bool) throws(Problem) {
        do {
            try Webhooks.authenticate(webhook, source: route.source, now: webhook.receivedAt)
        } catch {
            throw Problem(error, route.source, closes: bodyIsUnread)
        }
    }

    private func decode(_ webhook: WebhookRequest, _ route: HookRoute) throws(Problem) -> DecodedWebhook {
        do {
            return try Webhooks.decode(webhook, source: route.source)
        } catch {
            throw Problem(error, route.source, closes: false)
        }
    }

    /// Stores what was decoded; the answer exists only once the store has returned.
    private func store(
        _ decoded: DecodedWebhook, _ webhook: WebhookRequest, _ route: HookRoute
    ) async throws(Problem) -> (Response, IngestOutcome) {
        let delivery = NewDelivery(
            source: route.source.name, receivedAt: webhook.receivedAt, body: decoded.storedBody,
            contentType: webhook.contentType ?? "", dedupKey: decoded.dedupKey, isUrgent: decoded.isUrgent)
        let acceptance: Acceptance
        do {
            acceptance = try await store.accept(delivery)
        } catch {
            throw Self.unavailable(error)
        }
        let command = decoded.events.first { $0.command != nil }
        switch acceptance {
        case .stored:
            onAccepted()
            if let command, let text = answerCommand(command) { return (Response(SlackAnswer.reply(text)), .accepted) }
            return (route.success, .accepted)
        case .duplicate:
            // Monitors repeat what they are not sure was heard; nobody repeats a person's command but a replay.
            guard command == nil else { throw Self.replayed }
            return (route.success, .duplicate)
        }
    }

    private static let unknownSource = Problem(
        status: .notFound, reason: "unknown_source", message: "no source of that name is configured", closes: true)

    private static let badHost = Problem(
        status: .badRequest, reason: "bad_host", message: "send exactly one Host header", closes: true)

    private static let replayed = Problem(
        status: .unauthorized, reason: "replayed", message: "this signed request was handled already", outcome: .rejectedAuth)

    private static func unavailable(_ error: StoreError) -> Problem {
        switch error.code {
        case .full: .unavailable("overloaded", "too many requests wait to be stored; send it again")
        case .unwritable: .unavailable("unwritable", "storage takes no writes now; send it again")
        case .conflict, .unusable, .closed: .unavailable("unavailable", "storage is not available now; send it again")
        }
    }
}
