import Model
import NIOCore
import NIOHTTP1
import Store
import Webhooks

/// A request for a source, its headers checked, its body on the way.
struct AdmittedHook: Sendable {
    let route: HookRoute
    var webhook: WebhookRequest
    let startedAt: NIODeadline
}

/// Answers the requests of the ingest listener: `POST /hooks/{source}`, `GET /healthz`, `GET /readyz`, and nothing else.
struct IngestResponder: Responder {
    let routes: [String: HookRoute]
    let store: any Store
    let clock: any TimeSource
    let limits: ListenerLimits
    let metrics: IngestMetrics
    let rejections: RejectionLog
    let onAccepted: @Sendable () -> Void
    let answerCommand: @Sendable (Event) -> String?
    let readiness: @Sendable () -> Bool

    func admit(_ head: HTTPRequestHead) -> Admission<AdmittedHook> {
        switch RequestTarget(path: head.uri) {
        case .healthz: return .answered(Health.reply(to: head, isUp: true))
        case .readyz: return .answered(Health.reply(to: head, isUp: readiness()))
        case .metrics, .nothing: return .answered(Self.notFound.reply)
        case .hook(let name):
            let route = routes[String(name)]
            do {
                return .admitted(try admit(head, to: route))
            } catch {
                count(error, route)
                return .answered(error.reply)
            }
        }
    }

    /// What the headers decide; each step is cheaper to refuse than the next.
    private func admit(_ head: HTTPRequestHead, to route: HookRoute?) throws(Problem) -> AdmittedHook {
        guard let route else { throw Self.unknownSource }
        guard head.method == .POST else { throw .methodNotAllowed(allow: "POST") }
        guard head.host != nil else { throw Self.badHost }
        try head.checkBody(limit: limits.maxBodyBytes)
        let webhook = WebhookRequest(
            headers: head.headers.map { ($0.name, $0.value) }, contentType: head.headers.first(name: "content-type"), body: [],
            receivedAt: clock.now())
        if route.authenticatesByHeaders { try authenticate(webhook, route) }
        return AdmittedHook(route: route, webhook: webhook, startedAt: .now())
    }

    func answer(_ admitted: AdmittedHook, body: [UInt8]) async -> Reply {
        var webhook = admitted.webhook
        webhook.body = body
        defer { metrics.observe(.now() - admitted.startedAt) }
        do {
            if !admitted.route.authenticatesByHeaders { try authenticate(webhook, admitted.route) }
            let (reply, outcome) = try await accept(webhook, admitted.route)
            admitted.route.counters[outcome].increment()
            return reply
        } catch {
            count(error, admitted.route)
            return error.reply
        }
    }

    func refused(_ admitted: AdmittedHook?, _ problem: Problem) {
        count(problem, admitted?.route)
    }

    private func count(_ problem: Problem, _ route: HookRoute?) {
        (route?.counters ?? metrics.counters(of: nil))[problem.outcome].increment()
        rejections.note(source: route?.source.name, problem)
    }

    private func authenticate(_ webhook: WebhookRequest, _ route: HookRoute) throws(Problem) {
        do {
            try Webhooks.authenticate(webhook, source: route.source, now: webhook.receivedAt)
        } catch {
            throw route.problem(error)
        }
    }

    /// Stores what an authenticated request holds; the answer exists only once the store has returned.
    private func accept(_ webhook: WebhookRequest, _ route: HookRoute) async throws(Problem) -> (Reply, IngestOutcome) {
        let decoded: DecodedWebhook
        do {
            decoded = try Webhooks.decode(webhook, source: route.source)
        } catch {
            throw route.problem(error)
        }
        if let immediate = decoded.immediate { return (Reply(immediate.reply), .answered) }
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
            if let command, let text = answerCommand(command) { return (Reply(SlackAnswer.reply(text)), .accepted) }
            return (route.success, .accepted)
        case .duplicate:
            // Monitors repeat what they are not sure was heard; nobody repeats a person's command but a replay.
            guard command == nil else { throw Self.replayed(route) }
            return (route.success, .duplicate)
        }
    }

    private static let notFound = Problem(
        status: .notFound, reason: "not_found", message: "nothing is here; webhooks go to /hooks/{source}")

    private static let unknownSource = Problem(
        status: .notFound, reason: "unknown_source", message: "no source of that name is configured")

    private static let badHost = Problem(status: .badRequest, reason: "bad_host", message: "send exactly one Host header")

    private static func replayed(_ route: HookRoute) -> Problem {
        Problem(
            status: .unauthorized, reason: "replayed", message: "this signed request was handled already",
            headers: [("WWW-Authenticate", route.challenge)], outcome: .rejectedAuth)
    }

    private static func unavailable(_ error: StoreError) -> Problem {
        switch error.code {
        case .full: .unavailable("overloaded", "too many requests wait to be stored; send it again")
        case .unwritable: .unavailable("unwritable", "storage takes no writes now; send it again")
        case .conflict, .unusable, .closed: .unavailable("unavailable", "storage is not available now; send it again")
        }
    }
}
