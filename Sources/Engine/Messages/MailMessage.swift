import CurlTransport
import Model

/// Messages by mail: a plain text (RFC 5322, RFC 2045 to 2047).
enum MailMessage {
    /// The most characters of the text.
    static let limit = 20_000
    /// The most characters of what the subject takes over from the text's first line.
    private static let subjectLimit = 120

    /// The mail that the message is.
    ///
    /// Everything in it comes from the message and the configuration, and nothing from the attempt: a message that is sent twice has
    /// the same `Message-ID` and the same `Date`, so that servers and readers drop the second.
    static func mail(_ message: OutboxMessage, to channel: MailChannel) -> Mail {
        let text = MessageText.fitted(message.text, limit: limit, count: { $0.unicodeScalars.count })
        let firstLine = text.unicodeScalars.split(separator: "\n").first.map { String($0) } ?? ""
        let headers: [(String, String)] = [
            ("Date", MailDate.text(message.createdAt)),
            ("From", MailHeader.mailbox(channel.sender, name: channel.senderName)),
            ("To", channel.recipients.map(\.text).joined(separator: ",\r\n ")),
            ("Message-ID", identifier(of: message, domain: channel.sender.domain)),
            ("Subject", MailHeader.text("[vpsbridge] " + MailHeader.cut(firstLine, limit: subjectLimit))),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "quoted-printable"),
            // No answers of machines (RFC 3834).
            ("Auto-Submitted", "auto-generated"),
        ]
        let head = headers.map { "\($0): \($1)\r\n" }.joined()
        return Mail(
            server: channel.server, sender: channel.sender, recipients: channel.recipients,
            content: Array((head + "\r\n").utf8) + QuotedPrintable.encode(text))
    }

    /// Unique to the message: its number in the outbox and the instant at which it was written.
    static func identifier(of message: OutboxMessage, domain: String) -> String {
        "<\(message.createdAt.microseconds).\(message.id).vpsbridge@\(domain)>"
    }

    static func answer(_ outcome: MailOutcome) -> MessageAnswer {
        switch outcome {
        case .delivered: .delivered
        case .refused(let code, let text) where code >= 500: .failed(why: text)
        case .refused(_, let text): .later(why: text)
        case .notSent(let error), .maybeSent(let error): .later(why: error.description)
        }
    }
}

extension MailTransport {
    /// Sends the mail; when some of its recipients are refused for good, once more to the others.
    ///
    /// A refused login (RFC 4954: 530, 534, 535, 538) is nobody's fault but the configuration's, and repeating it locks accounts.
    func deliver(_ mail: Mail) async -> MailOutcome {
        let outcome = await send(mail)
        guard case .refused(let code, _) = outcome, code >= 500, ![530, 534, 535, 538].contains(code), mail.recipients.count > 1
        else { return outcome }
        var toOthers = mail
        toOthers.allowsRefusedRecipients = true
        return await send(toOthers)
    }
}

extension MailOutcome {
    /// Whether the server was there; what ended on this side is no failure of it.
    var showsReceiver: Bool {
        switch self {
        case .delivered, .refused: true
        case .notSent(let error), .maybeSent(let error): GateResult(.notSent(error)).showsReceiver
        }
    }
}
