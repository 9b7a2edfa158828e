import CurlTransport
import JSON
import Model

/// Messages by a bot of Telegram (core.telegram.org/bots/api, "sendMessage", "MessageEntity", "ResponseParameters").
///
/// The whole text is one entity `pre`: what stands in it is shown letter for letter, and Telegram looks there for no address, no name
/// and no command.
enum TelegramMessage {
    /// The most characters of `text`.
    static let limit = 4_096

    /// The address holds the token.
    static func url(_ chat: TelegramChat) -> String {
        "\(chat.server)/bot\(String(decoding: chat.token.reveal(), as: UTF8.self))/sendMessage"
    }

    static func body(_ text: String, to chat: TelegramChat) -> [UInt8] {
        // Telegram drops white space at the ends, and the entity would then reach past the text.
        let words = String(String.UnicodeScalarView(MessageText.clean(text).unicodeScalars.trimmed))
        let fitted = MessageText.fitted(words, limit: limit, count: MessageText.utf16)
        var members: JSONObject = [
            "chat_id": Int64(chat.chat).map { .int($0) } ?? .string(chat.chat), "text": .string(fitted),
            "entities": [["type": "pre", "offset": 0, "length": .int(Int64(fitted.utf16.count))]],
            "link_preview_options": ["is_disabled": true],
        ]
        if let thread = chat.thread { members.members.append(.init(name: "message_thread_id", value: .int(thread))) }
        return JSONValue.object(members).serialized()
    }

    static func answer(_ response: HTTPResponse) -> MessageAnswer {
        let body = try? JSONValue.parse(response.body)
        if response.status == 200 {
            return body?["ok"]?.boolValue == true ? .delivered : .later(why: "the answer is not Telegram's")
        }
        let parameters = body?["parameters"]
        if response.status == 429 {
            return .tooMany(wait: parameters?["retry_after"].flatMap(MessageWait.seconds) ?? response.retryAfter)
        }
        if let moved = parameters?["migrate_to_chat_id"]?.intValue {
            return .failed(why: "the group has become another chat: set chat_id to \(moved)")
        }
        guard case .failed(let why) = MessageAnswer(response), let description = body?["description"]?.stringValue else {
            return MessageAnswer(response)
        }
        return .failed(why: "\(why): \(String(description.printable.prefix(200)))")
    }
}

extension String.UnicodeScalarView {
    /// Without white space at both ends.
    fileprivate var trimmed: SubSequence {
        let rest = drop { $0.properties.isWhitespace }
        guard let last = rest.lastIndex(where: { !$0.properties.isWhitespace }) else { return rest }
        return rest[...last]
    }
}
