import HTTPTypes
import Model
import Webhooks

extension Problem {
    /// A refusal by the format's own rules; `closes` when the body was left unread.
    init(_ rejection: WebhookRejection, _ source: WebhookSource, closes: Bool) {
        let isAuthentication = rejection.status == 401 || rejection.status == 403
        self.init(
            status: HTTPResponse.Status(code: rejection.status), reason: rejection.reason.rawValue, message: rejection.message,
            headers: rejection.status == 401 ? [.wwwAuthenticate: Self.challenge(source)] : [:], closes: closes,
            outcome: isAuthentication ? .rejectedAuth : .invalid)
    }

    /// What a 401 must name (RFC 9110, section 15.5.2); signatures and bare headers have no registered scheme.
    private static func challenge(_ source: WebhookSource) -> String {
        switch source.authentication {
        case .bearer: "Bearer realm=\"vpsbridge\""
        case .basic: "Basic realm=\"vpsbridge\", charset=\"UTF-8\""
        case .header: "Header realm=\"vpsbridge\""
        case .slackSignature: "Signature realm=\"vpsbridge\""
        case .none: "None realm=\"vpsbridge\""
        }
    }
}

extension WebhookRequest {
    /// The headers of a request whose body is not here yet.
    init(head: HTTPRequest, receivedAt: Timestamp) {
        self.init(
            headers: head.headerFields.map { ($0.name.canonicalName, $0.value) },
            contentType: head.headerFields.first { $0.name == .contentType }?.value, body: [], receivedAt: receivedAt)
    }
}
