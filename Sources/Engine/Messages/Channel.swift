package import CurlTransport
package import Model

/// A channel that messages go to, as configured.
package struct Channel: Sendable {
    /// What the channel is, with what reaching it takes. Addresses are secrets, since most carry their credentials.
    package enum Kind: Sendable {
        /// Any receiver of a JSON body `{"text": …}`.
        case webhook(url: Secret)
        /// An incoming webhook of Slack.
        case slack(url: Secret)
        /// A webhook of Discord.
        case discord(url: Secret)
        /// A workflow of Microsoft Teams ("when a Teams webhook request is received").
        case teams(url: Secret)
        /// An incoming webhook of Mattermost.
        case mattermost(url: Secret)
        /// A chat in which a bot of Telegram may write.
        case telegram(TelegramChat)
        /// Mail.
        case smtp(MailChannel)
    }

    package var kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }

    /// A channel of kind `webhook`.
    package init(url: Secret) {
        kind = .webhook(url: url)
    }
}

/// A chat of Telegram, and the bot that writes there.
package struct TelegramChat: Sendable {
    /// Where Telegram's own servers are.
    package static let publicServer = "https://api.telegram.org"

    /// Scheme and host of the Bot API.
    package var server: String
    package var token: Secret
    /// The chat's number, negative for groups, or `@name` of a public channel.
    package var chat: String
    /// The topic of a group that has topics.
    package var thread: Int64?

    package init(server: String = publicServer, token: Secret, chat: String, thread: Int64? = nil) {
        self.server = server
        self.token = token
        self.chat = chat
        self.thread = thread
    }
}

/// People who are told by mail.
package struct MailChannel: Sendable {
    package var server: MailServer
    package var sender: MailAddress
    /// The name beside the sender's address; `nil` for none.
    package var senderName: String?
    package var recipients: [MailAddress]

    package init(server: MailServer, sender: MailAddress, senderName: String? = nil, recipients: [MailAddress]) {
        self.server = server
        self.sender = sender
        self.senderName = senderName
        self.recipients = recipients
    }
}
