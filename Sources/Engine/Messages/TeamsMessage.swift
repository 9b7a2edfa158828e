import CurlTransport
import JSON

/// Messages to workflows of Microsoft Teams (learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams",
/// adaptivecards.io, "RichTextBlock").
///
/// A `TextRun` is plain text: unlike a `TextBlock` it knows neither Markdown nor links, and mentions need an entity that is never sent.
enum TeamsMessage {
    /// Of the text in bytes of JSON; a whole message may have 28 KB, and each line costs about 100 bytes besides.
    static let limit = 12_000
    static let maxLines = 100

    static func body(_ text: String) -> [UInt8] {
        let fitted = MessageText.fitted(text, limit: limit, count: MessageText.json)
        var lines = fitted.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        if lines.count > maxLines { lines = lines.prefix(maxLines) + ["(cut: \(maxLines) of \(lines.count) lines)"] }
        let blocks = lines.map { line -> JSONValue in
            [
                "type": "RichTextBlock", "spacing": "None",
                // An empty run is refused.
                "inlines": [["type": "TextRun", "text": .string(line.isEmpty ? " " : line)]],
            ]
        }
        let card: JSONValue = [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "msteams": ["width": "Full"], "body": .array(blocks),
        ]
        let body: JSONValue = [
            "type": "message",
            "attachments": [
                ["contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card]
            ],
        ]
        return body.serialized()
    }

    /// A workflow answers 202 and works later. The older connectors answer 200 and say in the body what went wrong.
    static func answer(_ response: HTTPResponse) -> MessageAnswer {
        let trouble = "Webhook message delivery failed"
        guard response.status == 200, contains(trouble, response.body) else { return MessageAnswer(response) }
        if contains("error 429", response.body) { return .tooMany(wait: response.retryAfter) }
        return contains("error 5", response.body)
            ? .later(why: "Teams says that delivery failed") : .failed(why: "Teams says that delivery failed")
    }

    private static func contains(_ words: String, _ body: [UInt8]) -> Bool {
        let wanted = Array(words.utf8)
        let searched = body.prefix(4_096)
        guard searched.count >= wanted.count else { return false }
        return searched.indices.dropLast(wanted.count - 1).contains { searched[$0...].starts(with: wanted) }
    }
}
