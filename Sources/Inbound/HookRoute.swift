import HTTPTypes
import Hummingbird
import Webhooks

/// A configured source with what its requests need, looked up once.
struct HookRoute: Sendable {
    let source: WebhookSource
    let counters: SourceCounters
    /// The sender's own success answer.
    let success: Response

    init(source: WebhookSource, counters: SourceCounters) {
        self.source = source
        self.counters = counters
        success = Response(Webhooks.successReply(source))
    }

    /// Whether the headers alone authenticate a request, so that a stranger's body is never read.
    var authenticatesByHeaders: Bool {
        switch source.authentication {
        case .bearer, .basic, .header: true
        case .none, .slackSignature: false
        }
    }
}

extension Response {
    /// A sender's own answer.
    init(_ reply: SenderReply) {
        var headers = HTTPFields()
        if !reply.contentType.isEmpty { headers[.contentType] = reply.contentType }
        self.init(
            status: HTTPResponse.Status(code: reply.status), headers: headers,
            body: reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
