import CurlTransport
import JSON
import Model

/// How one message leaves: a request or a mail, and how its receiver's answer is read. Pure.
struct MessageRoute: Sendable {
    enum Way: Sendable {
        case http(HTTPRequest, read: @Sendable (HTTPResponse) -> MessageAnswer)
        case mail(Mail)
    }

    let way: Way
    /// Scheme, host and port of the receiver.
    let origin: String

    /// The way of a message to a channel.
    init(_ message: OutboxMessage, to channel: Channel) throws(HTTPRequestError) {
        let text = message.text
        switch channel.kind {
        case .webhook(let url): try self.init(url: url.text, body: WebhookMessage.body(text))
        case .slack(let url): try self.init(url: url.text, body: SlackMessage.body(text))
        case .discord(let url): try self.init(url: url.text, body: DiscordMessage.body(text), read: DiscordMessage.answer)
        case .teams(let url): try self.init(url: url.text, body: TeamsMessage.body(text), read: TeamsMessage.answer)
        case .mattermost(let url): try self.init(url: url.text, body: MattermostMessage.body(text))
        case .telegram(let chat):
            try self.init(
                url: TelegramMessage.url(chat), body: TelegramMessage.body(text, to: chat), read: TelegramMessage.answer)
        case .smtp(let mail):
            self.init(way: .mail(MailMessage.mail(message, to: mail)), origin: mail.server.origin)
        }
    }

    /// The way of an answer to a command, to the address that came with it.
    init(answer text: String, url: String, prefix: String) throws(HTTPRequestError) {
        let body: JSONValue = ["response_type": "ephemeral", "text": .string(text)]
        try self.init(url: url, body: body.serialized(), destination: ResponseDestination.of(prefix: prefix))
    }

    private init(
        url: String, body: [UInt8], destination: HTTPRequest.Destination = .configured,
        read: @escaping @Sendable (HTTPResponse) -> MessageAnswer = { MessageAnswer($0) }
    ) throws(HTTPRequestError) {
        let request = try HTTPRequest(
            method: .post, url: url, headers: [("Content-Type", "application/json")], body: body, isReplayable: false,
            totalTimeout: .seconds(20), connectTimeout: .seconds(5), destination: destination)
        self.init(way: .http(request, read: read), origin: request.target.origin)
    }

    private init(way: Way, origin: String) {
        self.way = way
        self.origin = origin
    }
}

extension Secret {
    fileprivate var text: String { String(decoding: reveal(), as: UTF8.self) }
}
