import JSON

/// Messages to incoming webhooks of Mattermost (developers.mattermost.com, "Incoming webhooks").
///
/// A webhook may mention `@all` and `@channel`, and there is no option against it: each `@` is followed by a space that can not be
/// seen, so that no name follows it.
enum MattermostMessage {
    /// The most characters of a post.
    static let limit = 16_383

    static func body(_ text: String) -> [UInt8] {
        let lines = MessageText.markdownLines(MessageText.clean(text))
        let fitted = MessageText.fitted(lines, limit: limit, count: MessageText.utf16, render: MessageText.markdown)
        let body: JSONValue = [
            "text": .string(fitted), "props": ["disable_group_highlight": true, "mentionHighlightDisabled": true],
        ]
        return body.serialized()
    }
}
