/// Hands mail to servers and says what is known of each.
package protocol MailTransport: Sendable {
    /// Sends the mail and waits for its outcome; returns exactly once, also at cancellation and shutdown.
    func send(_ mail: Mail) async -> MailOutcome
}

/// One mail: an envelope and its content.
package struct Mail: Sendable {
    /// The longest that one may take.
    package static let totalTimeout: Duration = .seconds(27)
    /// The longest until the server has been greeted and the login is over.
    package static let connectTimeout: Duration = .seconds(20)

    package let server: MailServer
    package let sender: MailAddress
    package let recipients: [MailAddress]
    /// Headers and body, with lines that end with CR LF.
    package let content: [UInt8]
    /// Whether the others get it when the server refuses some of the recipients.
    package var allowsRefusedRecipients = false

    package init(server: MailServer, sender: MailAddress, recipients: [MailAddress], content: [UInt8]) {
        self.server = server
        self.sender = sender
        self.recipients = recipients
        self.content = content
    }
}

/// What became of a mail.
package enum MailOutcome: Sendable, Hashable {
    /// Its end can not have reached the server, which therefore dropped whatever it had of it.
    case notSent(TransportError)
    /// The server took it.
    case delivered
    /// The server refused it. Codes of 400 to 499 are passing, 500 and above final (RFC 5321, section 4.2.1); `text` is the
    /// server's, printable and bounded.
    case refused(code: Int, text: String)
    /// All of it was handed over and no reply came: it may have been taken.
    case maybeSent(TransportError)
}
