import CurlTransport
import Webhooks

/// Where an answer may go whose address came with a chat command.
enum ResponseDestination {
    /// What a source's prefix for such addresses means.
    ///
    /// A prefix on the chat platform's own host binds the answer to that host and to public addresses. Any other is written in the
    /// configuration by somebody who means that host, wherever it is.
    ///
    /// - Throws: `HTTPRequestError` when the prefix is no URL; then nothing may be sent.
    static func of(prefix: String) throws(HTTPRequestError) -> HTTPRequest.Destination {
        let url = try HTTPURL(prefix)
        guard url.hasSameOrigin(as: try HTTPURL(WebhookSource.slackResponseURLPrefix)) else { return .configured }
        return .event(try EgressPolicy(allowedHosts: [url.host]))
    }
}
