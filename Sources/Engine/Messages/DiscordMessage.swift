import CurlTransport
import JSON

/// Messages to webhooks of Discord (discord.com/developers, "Execute Webhook", "Allowed Mentions Object", "Rate Limits").
enum DiscordMessage {
    /// The most characters of `content`.
    static let limit = 2_000
    /// SUPPRESS_EMBEDS: no preview of anything that is taken for a link.
    private static let suppressEmbeds: Int64 = 4

    static func body(_ text: String) -> [UInt8] {
        let lines = MessageText.markdownLines(MessageText.clean(text))
        let fitted = MessageText.fitted(lines, limit: limit, count: MessageText.utf16, render: MessageText.markdown)
        let body: JSONValue = [
            "content": .string(fitted), "allowed_mentions": ["parse": []], "flags": .int(suppressEmbeds),
        ]
        return body.serialized()
    }

    /// 429 says in JSON how long to wait, in seconds with decimals.
    static func answer(_ response: HTTPResponse) -> MessageAnswer {
        guard response.status == 429, let body = try? JSONValue.parse(response.body), let wait = body["retry_after"] else {
            return MessageAnswer(response)
        }
        return .tooMany(wait: MessageWait.seconds(wait) ?? response.retryAfter)
    }
}
