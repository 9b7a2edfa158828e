import NIOCore
import NIOHTTP1
import Webhooks

/// A configured source with what its requests need, looked up once; a class, so that handing it on copies nothing.
final class HookRoute: Sendable {
    let source: WebhookSource
    let counters: SourceCounters
    /// The sender's own success answer.
    let success: Reply

    init(source: WebhookSource, counters: SourceCounters) {
        self.source = source
        self.counters = counters
        success = Reply(Webhooks.successReply(source))
    }

    /// Whether the headers alone authenticate a request, so that a stranger's body is never read.
    var authenticatesByHeaders: Bool {
        switch source.authentication {
        case .bearer, .basic, .header: true
        case .none, .slackSignature: false
        }
    }

    /// What a 401 must name (RFC 9110, section 15.5.2); signatures and bare headers have no registered scheme.
    var challenge: String {
        switch source.authentication {
        case .bearer: "Bearer realm=\"vpsbridge\""
        case .basic: "Basic realm=\"vpsbridge\", charset=\"UTF-8\""
        case .header: "Header realm=\"vpsbridge\""
        case .slackSignature, .none: "Signature realm=\"vpsbridge\""
        }
    }

    /// A refusal by the rules of the source's kind.
    func problem(_ rejection: WebhookRejection) -> Problem {
        let isUnauthenticated = rejection.status == 401
        return Problem(
            status: HTTPResponseStatus(statusCode: rejection.status), reason: rejection.reason.rawValue,
            message: rejection.message,
            headers: isUnauthenticated ? [("WWW-Authenticate", challenge)] : [],
            outcome: isUnauthenticated ? .rejectedAuth : .invalid)
    }
}

extension Reply {
    /// A sender's own answer.
    init(_ reply: SenderReply) {
        self.init(HTTPResponseStatus(statusCode: reply.status), type: reply.contentType, body: ByteBuffer(bytes: reply.body))
    }
}
