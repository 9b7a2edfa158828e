import CurlTransport
import Model
import RuleTesting
import Store
import Synchronization
import Testing

@testable import Engine

private func channel(name: String? = nil, recipients: [String] = ["ops@example.com"]) throws -> MailChannel {
    MailChannel(
        server: try MailServer(host: "mail.example.com", port: 587, security: .startTLS),
        sender: try #require(MailAddress("bridge@example.com")), senderName: name,
        recipients: recipients.compactMap { MailAddress($0) })
}

private func message(_ text: String, attempts: Int = 1) -> OutboxMessage {
    OutboxMessage(
        id: MessageID(rawValue: 7), destination: .channel("mail"), text: text, run: nil,
        createdAt: Timestamp(seconds: 1_795_000_000), attempts: attempts)
}

/// Headers and body of a mail, with what RFC 2045 encoded undone.
private struct ReadMail {
    var headers: [String: String] = [:]
    var body = ""
    var lines: [String] = []

    init(_ mail: Mail) {
        let text = String(decoding: mail.content, as: UTF8.self)
        let parts = text.replacing("\r\n ", with: " ").unicodeScalars
        let unfolded = String(parts).replacing("\r\n", with: "\n")
        lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let all = unfolded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let head = all.prefix { !$0.isEmpty }
        for line in head {
            let name = String(line.prefix { $0 != ":" })
            headers[name] = String(line.dropFirst(name.count + 2))
        }
        // As it was sent: unfolding is of headers alone.
        let raw = text.replacing("\r\n", with: "\n")
        let start = raw.firstRange(of: "\n\n").map { raw[$0.upperBound...] } ?? ""
        var bytes: [UInt8] = []
        let encoded = Array(String(start).replacing("=\n", with: "").utf8)
        var index = 0
        while index < encoded.count {
            if encoded[index] == UInt8(ascii: "="), index + 2 < encoded.count,
                let byte = UInt8(String(decoding: encoded[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(encoded[index])
                index += 1
            }
        }
        body = String(decoding: bytes, as: UTF8.self)
    }
}

@Suite("Messages: mail")
struct EngineMailMessageTests {
    @Test("headers: date, identity, sender and recipients")
    func headers() throws {
        let channel = try channel(name: "VPS \"Bridge\"", recipients: ["a@example.com", "b@example.com"])
        let read = ReadMail(MailMessage.mail(message("host-down: web-01 is still down\nmore"), to: channel))
        #expect(read.headers["Date"] == "Wed, 18 Nov 2026 11:06:40 +0000")
        #expect(read.headers["From"] == "\"VPS \\\"Bridge\\\"\" <bridge@example.com>")
        #expect(read.headers["To"] == "a@example.com, b@example.com")
        #expect(read.headers["Subject"] == "[vpsbridge] host-down: web-01 is still down")
        #expect(read.headers["Auto-Submitted"] == "auto-generated")
        #expect(read.body == "host-down: web-01 is still down\nmore\n")
    }

    @Test("every attempt of one message is the same mail, another message is another")
    func identity() throws {
        let channel = try channel()
        let first = MailMessage.mail(message("x"), to: channel)
        #expect(first.content == MailMessage.mail(message("x", attempts: 5), to: channel).content)
        var other = message("x")
        other.id = MessageID(rawValue: 8)
        let identifiers = [message("x"), other].map { MailMessage.identifier(of: $0, domain: "example.com") }
        #expect(Set(identifiers).count == 2)
        #expect(identifiers.allSatisfy { $0.hasPrefix("<") && $0.hasSuffix("@example.com>") })
    }

    static let hostile = [
        "x\r\nBcc: everybody@example.com", "x\nBcc: everybody@example.com\n\nbody", "x\rBcc: a@b", "x\u{0}y", "x\u{2028}Bcc: a",
        "=?utf-8?q?=0ABcc:_a=40b?=",
        "Grüße 🎉 aus dem Keller, in dem der Server steht, der schon wieder nicht antwortet, seit Stunden",
        ".\r\n.", "From here on", "tail \nspace\t", String(repeating: "x", count: 3_000), "a=b\u{85}c",
    ]

    @Test("no text makes a header or ends the mail", arguments: hostile)
    func injection(text: String) throws {
        let mail = MailMessage.mail(message(text), to: try channel(name: text))
        let read = ReadMail(mail)
        #expect(
            Set(read.headers.keys) == [
                "Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
                "Auto-Submitted",
            ])
        #expect(!read.lines.contains { $0.hasPrefix(".") || $0.hasPrefix("From ") })
        #expect(read.lines.allSatisfy { $0.utf8.count <= 300 })
        #expect(mail.content.allSatisfy { $0 < 0x80 })
        // Bare line ends are none of mail's.
        for (index, byte) in mail.content.enumerated() {
            if byte == 0x0A { #expect(index > 0 && mail.content[index - 1] == 0x0D) }
            if byte == 0x0D { #expect(mail.content[index + 1] == 0x0A) }
        }
        #expect(read.body == MessageText.clean(text) + "\n")
    }

    @Test("what readers would take for an encoded word is encoded itself, in a subject and in a name")
    func encodedWord() throws {
        let text = "=?utf-8?q?=0ABcc:_a=40b?="
        let read = ReadMail(MailMessage.mail(message(text), to: try channel(name: text)))
        for name in ["Subject", "From"] {
            let value = try #require(read.headers[name])
            #expect(!value.contains(text) && value.contains("=3D=3F"), "\(value)")
        }
    }

    @Test("lines of the body are at most 76 bytes long")
    func lineLength() throws {
        for text in [
            String(repeating: "ü", count: 500), String(repeating: "word ", count: 500), String(repeating: "=", count: 76),
        ] {
            let encoded = String(decoding: QuotedPrintable.encode(text), as: UTF8.self).replacing("\r\n", with: "\n")
            #expect(encoded.split(separator: "\n").allSatisfy { $0.utf8.count <= QuotedPrintable.lineBytes })
        }
    }

    @Test(
        "what a server's word means",
        arguments: [
            (MailOutcome.delivered, MessageAnswer.delivered), (.refused(code: 550, text: "550 no"), .failed(why: "550 no")),
            (.refused(code: 451, text: "451 later"), .later(why: "451 later")),
            (.maybeSent(TransportError(.reset, "")), .later(why: "reset")),
        ])
    func answers(outcome: MailOutcome, expected: MessageAnswer) {
        #expect(MailMessage.answer(outcome) == expected)
    }
}

/// A mail server that answers as it is told.
private final class ScriptedMail: MailTransport {
    let outcomes: Mutex<[MailOutcome]>
    let sent = Mutex<[Mail]>([])

    init(_ outcomes: [MailOutcome]) {
        self.outcomes = Mutex(outcomes)
    }

    func send(_ mail: Mail) async -> MailOutcome {
        sent.withLock { $0.append(mail) }
        return outcomes.withLock { $0.isEmpty ? .delivered : $0.removeFirst() }
    }
}

@Suite("Notifier: rates, mail and counts")
struct EngineNotifierKindsTests {
    private let fixture: EngineFixture

    init() throws {
        fixture = try EngineFixture()
    }

    private func notifier(_ channels: [String: Channel], mail: (any MailTransport)? = nil, metrics: MessageMetrics? = nil)
        -> Notifier
    {
        Notifier(
            store: fixture.store, queries: fixture.store, transport: fixture.transport, mail: mail, channels: channels,
            responsePrefixes: [:], clock: fixture.clock, doorbell: Doorbell(), metrics: metrics, random: { 0.5 },
            logger: fixture.log.logger)
    }

    private func put(_ channels: [String]) async throws {
        try await fixture.store.audit(
            [], messages: channels.map { NewMessage(destination: .channel($0), text: "x") }, now: fixture.clock.now())
    }

    /// Delivers until nothing is due within that time.
    private func deliver(_ notifier: Notifier, within span: Duration) async throws {
        let end = fixture.clock.now() + span
        while let due = try await fixture.store.nextMessageDue(), due <= end {
            if due > fixture.clock.now() { fixture.clock.set(due) }
            _ = try await notifier.deliverOnce()
        }
    }

    @Test("a channel that asks to wait is left alone for that long, others are not, and no attempt is counted")
    func throttled() async throws {
        let channels = [
            "a": Channel(.discord(url: Secret("https://a.example/1"))), "b": Channel(.slack(url: Secret("https://b.example/2"))),
        ]
        let metrics = MessageMetrics(channels: channels.keys)
        let notifier = notifier(channels, metrics: metrics)
        let limited = HTTPOutcome.response(HTTPResponse(status: 429, headers: [], body: Array(#"{"retry_after": 20.5}"#.utf8)))
        fixture.transport.answer(limited)
        let began = fixture.clock.now()
        try await put(["a"])
        _ = try await notifier.deliverOnce()
        try await put(["a", "a", "b"])
        _ = try await notifier.deliverOnce()
        #expect(fixture.transport.lines == ["POST https://a.example/1", "POST https://b.example/2"])
        try await deliver(notifier, within: .seconds(60))
        let toA = fixture.transport.requests.filter { $0.url == "https://a.example/1" }
        #expect(toA.count == 4)
        #expect(toA.dropFirst().allSatisfy { $0.at >= began + .milliseconds(20_500) })
        #expect(metrics.count(channel: "a", .delivered) == 3 && metrics.count(channel: "a", .throttled) == 1)
        #expect(metrics.count(channel: "b", .delivered) == 1)
        var text = MetricsText()
        metrics.render(into: &text)
        #expect(text.text.contains(#"vpsbridge_messages_total{channel="a",outcome="delivered"} 3"#))
    }

    @Test("mail: a refusal for now is tried again with the same content, one for good to the others only")
    func mail() async throws {
        let server = try MailServer(host: "mail.example.com", port: 25, security: .none)
        let sender = try #require(MailAddress("bridge@example.com"))
        let recipients = ["gone@example.com", "ops@example.com"].compactMap { MailAddress($0) }
        let channels = ["mail": Channel(.smtp(MailChannel(server: server, sender: sender, recipients: recipients)))]
        let transport = ScriptedMail([
            .refused(code: 451, text: "451 greylisted"), .maybeSent(TransportError(.reset, "")),
            .refused(code: 550, text: "550 gone"),
        ])
        try await put(["mail"])
        try await deliver(notifier(channels, mail: transport), within: .seconds(3_600))
        let sent = transport.sent.withLock { $0 }
        #expect(sent.count == 4)
        #expect(Set(sent.map(\.content)).count == 1, "receivers can drop repeats")
        #expect(sent.map(\.allowsRefusedRecipients) == [false, false, false, true])
        #expect(try await fixture.store.counts().waitingMessages == 0)
    }
}
