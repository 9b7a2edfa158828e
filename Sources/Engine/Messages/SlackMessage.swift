import JSON

/// Messages to incoming webhooks of Slack (docs.slack.dev, "Sending messages using incoming webhooks" and "Formatting message text").
///
/// `&`, `<` and `>` are the whole of what Slack reads in a text once `mrkdwn` is off: `<!channel>`, `<@U012>` and `<https://…|words>`
/// all begin with `<`. `parse: none` keeps it from making links and mentions of its own accord.
enum SlackMessage {
    /// What Slack advises; it cuts texts at 40,000 by itself.
    static let limit = 4_000

    static func body(_ text: String) -> [UInt8] {
        let fitted = MessageText.fitted(text, limit: limit, count: MessageText.utf16, render: escaped)
        let body: JSONValue = [
            "text": .string(fitted), "mrkdwn": false, "parse": "none", "link_names": false, "unfurl_links": false,
            "unfurl_media": false,
        ]
        return body.serialized()
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "&": "&amp;"
        case "<": "&lt;"
        case ">": "&gt;"
        default: String(scalar)
        }
    }
}
