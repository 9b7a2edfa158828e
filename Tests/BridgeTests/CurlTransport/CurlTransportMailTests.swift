import CurlTransport
import Model
import Testing

private func mail(
    to server: CurlTransportSMTPServer, security: MailServer.Security = .none, login: MailServer.Login? = nil,
    recipients: [String] = ["ops@example.com"], text: String = "hello"
) throws -> Mail {
    Mail(
        server: try MailServer(host: "127.0.0.1", port: server.port, security: security, login: login),
        sender: try #require(MailAddress("bridge@example.com")), recipients: recipients.compactMap { MailAddress($0) },
        content: Array("Subject: test\r\n\r\n\(text)\r\n".utf8))
}

@Suite("CurlMailer: what became of a mail")
struct CurlTransportMailTests {
    private let mailer: CurlMailer

    init() throws {
        mailer = try CurlMailer()
    }

    @Test("a mail is delivered with its envelope, and a line that is a dot does not end it")
    func delivered() async throws {
        let server = try CurlTransportSMTPServer()
        let sent = try mail(to: server, recipients: ["a@example.com", "b@example.com"], text: "one\r\n.\r\n.two")
        #expect(await mailer.send(sent) == .delivered)
        #expect(server.mails == ["Subject: test\r\n\r\none\r\n.\r\n.two"])
        #expect(server.commands.contains { $0.hasPrefix("MAIL FROM:<bridge@example.com>") })
        #expect(server.commands.filter { $0.hasPrefix("RCPT") } == ["RCPT TO:<a@example.com>", "RCPT TO:<b@example.com>"])
        await mailer.shutdown()
    }

    /// What is expected of an outcome, without the words of libcurl.
    enum Expected: Sendable, Equatable {
        case notSent
        case refused(Int)
        case maybeSent

        init?(_ outcome: MailOutcome) {
            switch outcome {
            case .delivered: return nil
            case .notSent: self = .notSent
            case .refused(let code, _): self = .refused(code)
            case .maybeSent: self = .maybeSent
            }
        }
    }

    static let faults: [(scenario: String, turns: [String: CurlTransportSMTPServer.Turn], expected: Expected)] = [
        ("the connection is dropped at once", ["connect": .drop], .notSent),
        ("the server has no time", ["connect": .say("421 too busy")], .refused(421)),
        ("the sender is refused for now", ["MAIL": .say("451 try later")], .refused(451)),
        ("the sender is refused", ["MAIL": .say("550 no such sender")], .refused(550)),
        ("the recipient is refused for now", ["RCPT": .say("450 greylisted")], .refused(450)),
        ("the recipient is refused", ["RCPT": .say("550 nobody here")], .refused(550)),
        ("the connection is dropped at the recipient", ["RCPT": .drop], .notSent),
        ("the content is refused before it comes", ["DATA": .say("554 no")], .refused(554)),
        ("the connection is dropped after DATA", ["DATA": .drop], .notSent),
        ("the content is refused for now", ["end": .say("452 no room")], .refused(452)),
        ("the content is refused", ["end": .say("554 spam")], .refused(554)),
        ("the connection is dropped after the content", ["end": .drop], .maybeSent),
    ]

    @Test("faults, one by one: only what was handed over whole may have been taken", arguments: faults)
    func fault(scenario: String, turns: [String: CurlTransportSMTPServer.Turn], expected: Expected) async throws {
        let server = try CurlTransportSMTPServer(turns)
        let outcome = await mailer.send(try mail(to: server))
        #expect(Expected(outcome) == expected, "\(outcome)")
        await mailer.shutdown()
    }

    @Test("a server without STARTTLS gets neither the password nor the mail")
    func noStartTLS() async throws {
        let server = try CurlTransportSMTPServer()
        let login = MailServer.Login(user: "bridge", password: Secret("hunter2"))
        let outcome = await mailer.send(try mail(to: server, security: .startTLS, login: login))
        guard case .notSent(let error) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.code == .tls)
        #expect(server.mails.isEmpty && !server.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
        await mailer.shutdown()
    }

    @Test("the others get a mail of which some recipients are refused, when that is asked for")
    func someRefused() async throws {
        let server = try CurlTransportSMTPServer(["RCPT gone@example.com": .say("550 nobody here")])
        var sent = try mail(to: server, recipients: ["gone@example.com", "ops@example.com"])
        #expect(Expected(await mailer.send(sent)) == .refused(550))
        sent.allowsRefusedRecipients = true
        #expect(await mailer.send(sent) == .delivered)
        #expect(server.mails.count == 1)
        await mailer.shutdown()
    }

    @Test("a shutdown ends a mail whose server says nothing, and those after it are not sent")
    func shutdown() async throws {
        let server = try CurlTransportSMTPServer(["end": .silence])
        let waiting = try mail(to: server)
        let first = Task { [mailer] in await mailer.send(waiting) }
        while server.mails.isEmpty { await Task.yield() }
        let begun = ContinuousClock.now
        await mailer.shutdown()
        #expect(ContinuousClock.now - begun < .seconds(10))
        #expect(Expected(await first.value) == .maybeSent)
        #expect(await mailer.send(waiting) == .notSent(TransportError(.shutdown, "the transport is shut down")))
    }

    @Test("a server that does not say goodbye holds nothing up")
    func noGoodbye() async throws {
        let server = try CurlTransportSMTPServer(["QUIT": .silence])
        let begun = ContinuousClock.now
        #expect(await mailer.send(try mail(to: server)) == .delivered)
        #expect(ContinuousClock.now - begun < .seconds(15))
        await mailer.shutdown()
    }

    @Test("a cancelled task gets its outcome soon")
    func cancelled() async throws {
        let server = try CurlTransportSMTPServer(["MAIL": .silence])
        let waiting = try mail(to: server)
        let task = Task { [mailer] in await mailer.send(waiting) }
        while !server.commands.contains(where: { $0.hasPrefix("MAIL") }) { await Task.yield() }
        task.cancel()
        guard case .notSent(let error) = await task.value else {
            Issue.record("not cancelled")
            return
        }
        #expect(error.code == .cancelled)
        await mailer.shutdown()
    }

    @Test(
        "what is no address of mail",
        arguments: [
            "", "ops", "@example.com", "ops@", "a@b@c", "ops@example.com\r\nBcc: x@y", "ops@exa mple.com", "<ops@example.com>",
            "ops,x@example.com", "ö@example.com", "ops@example..com", ".ops@example.com", "ops@-\u{0}.com", "a b@example.com",
            "\"ops\"@example.com", String(repeating: "a", count: 65) + "@example.com",
        ])
    func noAddress(text: String) {
        #expect(MailAddress(text) == nil)
    }

    @Test(
        "addresses of mail", arguments: ["ops@example.com", "first.last+tag@sub.example.co", "a@localhost", "o'neil@example.com"])
    func address(text: String) {
        #expect(MailAddress(text)?.text == text)
    }

    @Test("a password is never configured for a connection without TLS")
    func plainLogin() {
        let login = MailServer.Login(user: "bridge", password: Secret("hunter2"))
        #expect(throws: MailServerError.self) {
            try MailServer(host: "mail.example.com", port: 25, security: .none, login: login)
        }
        #expect(throws: MailServerError.self) {
            try MailServer(
                host: "mail.example.com", port: 587, security: .startTLS,
                login: MailServer.Login(user: "a\r\nb", password: Secret("x")))
        }
        #expect(throws: MailServerError.self) { try MailServer(host: "mail.example.com/x", port: 25, security: .none) }
    }
}
