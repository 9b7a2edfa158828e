import JSON

/// Messages in answer to a slash command: the body of the reply, and of posts to its `response_url` (at most 5 in 30 minutes).
///
/// https://docs.slack.dev/interactivity/handling-user-interaction
package enum SlackAnswer {
    /// The longest text that is sent, in Unicode scalars; Slack advises 4,000.
    package static let longestText = 4_000

    /// A message that only the person sees who gave the command: `{"response_type":"ephemeral","text":…}`.
    ///
    /// The text is data: it is escaped, so that a server named `<!channel>` calls nobody. Longer texts are cut with an ellipsis.
    package static func ephemeral(_ text: String) -> [UInt8] {
        message(text, visibleTo: "ephemeral")
    }

    /// A message that the whole channel sees: `{"response_type":"in_channel","text":…}`; escaped and cut as ``ephemeral(_:)``.
    package static func inChannel(_ text: String) -> [UInt8] {
        message(text, visibleTo: "in_channel")
    }

    /// The reply to the command itself, due within three seconds: 200 and an ephemeral message.
    package static func reply(_ text: String) -> SenderReply {
        SenderReply(status: 200, contentType: "application/json; charset=utf-8", body: ephemeral(text))
    }

    /// The text with `&`, `<` and `>` as Slack wants them (https://docs.slack.dev/messaging/formatting-message-text#escaping).
    package static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func message(_ text: String, visibleTo type: String) -> [UInt8] {
        let scalars = text.unicodeScalars
        let shown = scalars.count <= longestText ? text : String(scalars.prefix(longestText - 1)) + "…"
        let value: JSONValue = ["response_type": .string(type), "text": .string(escaped(shown))]
        return value.serialized()
    }
}
