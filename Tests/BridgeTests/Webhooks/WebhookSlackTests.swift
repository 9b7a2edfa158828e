import JSON
import Model
import Testing
import Webhooks

@Suite("Webhooks: Slack")
struct WebhookSlackTests {
    private static let source = WebhookSource(
        name: "chat", kind: .slack, authentication: .slackSignature([Secret("signing-secret"), Secret("older-secret")]))
    private static let now = Timestamp(seconds: 1_795_286_400)
    private static let form =
        "token=verySecretToken&team_id=T0001&channel_id=C0001&user_id=U0001&user_name=steve&command=%2Fvps"
        + "&text=reboot+web%2D01&trigger_id=13345224609.738474920.8088930838d88f008e0"

    private func authenticate(_ request: WebhookRequest, now: Timestamp = now) throws(WebhookRejection) {
        try Webhooks.authenticate(request, source: Self.source, now: now)
    }

    private func decode(_ body: String, source: WebhookSource = source) throws(WebhookRejection) -> DecodedWebhook {
        try Webhooks.decode(WebhookSlackSigner.request(body), source: source)
    }

    // MARK: Signature

    @Test("lets in what either secret signed", arguments: ["signing-secret", "older-secret"])
    func eitherSecret(secret: String) {
        #expect(throws: Never.self) { try authenticate(WebhookSlackSigner.request(Self.form, secret: secret)) }
    }

    @Test("refuses what another secret signed, the empty one too", arguments: ["", "signing-secret2", "Signing-secret"])
    func otherSecrets(secret: String) throws {
        let error = try #require(throws: WebhookRejection.self) {
            try authenticate(WebhookSlackSigner.request(Self.form, secret: secret))
        }
        #expect(error.reason == .unauthorized)
    }

    @Test("an empty configured secret lets nobody in")
    func emptySecret() {
        let source = WebhookSource(name: "chat", kind: .slack, authentication: .slackSignature([Secret("")]))
        let request = WebhookSlackSigner.request(Self.form, secret: "")
        #expect(throws: WebhookRejection.self) { try Webhooks.authenticate(request, source: source, now: Self.now) }
    }

    @Test(
        "300 seconds off is near enough, more is stale, either way",
        arguments: [(-301, false), (-300, true), (300, true), (301, false)])
    func tolerance(offset: Int64, isLetIn: Bool) {
        let request = WebhookSlackSigner.request(Self.form, timestamp: "\(1_795_286_400 + offset)")
        do throws(WebhookRejection) {
            try authenticate(request)
            #expect(isLetIn)
        } catch {
            #expect(!isLetIn)
            #expect(error.reason == .staleTimestamp)
            #expect(error.status == 401)
        }
    }

    @Test(
        "a timestamp that is not digits is refused even when signed",
        arguments: [
            "", "+1795286400", " 1795286400", "1795286400 ", "1795286400.0", "0x6b01d840", "-1", "١٧٩٥٢٨٦٤٠٠", "now",
            "99999999999999999999999999", "1795286400000000",
        ])
    func malformedTimestamps(timestamp: String) throws {
        let request = WebhookSlackSigner.request(Self.form, timestamp: timestamp)
        #expect(try #require(throws: WebhookRejection.self) { try authenticate(request) }.status == 401)
    }

    @Test("a signature in another form is refused")
    func malformedSignatures() throws {
        let good = WebhookSlackSigner.signature(Self.form, timestamp: "1795286400", secret: "signing-secret")
        let others = [
            "", "v0=", String(good.dropFirst(3)), "v1=" + good.dropFirst(3), "V0=" + good.dropFirst(3), good.uppercased(),
            "v0=" + good.dropFirst(3).uppercased(), String(good.dropLast()), String(good.dropLast(2)), good + "00", good + " ",
            " " + good,
            "v0=" + String(repeating: "zz", count: 32), good + "," + good,
        ]
        for other in others {
            var request = WebhookSlackSigner.request(Self.form)
            request.headers[2].value = other
            #expect(try #require(throws: WebhookRejection.self) { try authenticate(request) }.status == 401, "\(other)")
        }
    }

    @Test(
        "a missing or doubled header is refused",
        arguments: [WebhookSlackSigner.signatureHeader, WebhookSlackSigner.timestampHeader])
    func headerCount(name: String) {
        var missing = WebhookSlackSigner.request(Self.form)
        missing.headers.removeAll { $0.name == name }
        #expect(throws: WebhookRejection.self) { try authenticate(missing) }
        var doubled = WebhookSlackSigner.request(Self.form)
        doubled.headers += doubled.headers.filter { $0.name == name }
        #expect(throws: WebhookRejection.self) { try authenticate(doubled) }
    }

    // MARK: Certificate check

    @Test("an unsigned certificate check is answered, and nothing in it counts")
    func certificateCheck() throws {
        var request = WebhookSlackSigner.request("ssl_check=1&" + Self.form)
        request.headers.removeLast(2)
        try authenticate(request)
        let decoded = try Webhooks.decode(request, source: Self.source)
        #expect(decoded.immediate?.question == .certificateCheck)
        #expect(decoded.immediate?.reply.status == 200)
        #expect(decoded.immediate?.reply.body == [])
        #expect(decoded.events.isEmpty)
        #expect(decoded.storedBody.isEmpty)
        #expect(decoded.dedupKey == nil)
    }

    @Test(
        "a signed one acts no more than an unsigned one, neither does a stored one",
        arguments: ["ssl_check=1&", "ssl_check=0&", "%73sl_check=&"])
    func signedCertificateCheck(beginning: String) throws {
        #expect(try decode(beginning + Self.form).events.isEmpty)
        let delivery = Delivery(
            id: DeliveryID(rawValue: 1), source: "chat", receivedAt: Self.now, body: Array((beginning + Self.form).utf8),
            contentType: WebhookSlackSigner.contentType, isUrgent: true)
        #expect(try Webhooks.decode(delivery, source: Self.source).isEmpty)
    }

    @Test(
        "nothing else passes unsigned",
        arguments: [
            form, "", "text=ssl_check%3D1", "ssl_check", "x=1&ssl_check=1&ssl_check=1", "ssl_check=%zz", "SSL_CHECK=1",
            "ssl_check=1&x=" + String(repeating: "x", count: 9_000),
        ])
    func nothingElseUnsigned(body: String) throws {
        var request = WebhookSlackSigner.request(body)
        request.headers.removeLast(2)
        #expect(try #require(throws: WebhookRejection.self) { try authenticate(request) }.status == 401)
        // With a wrong signature a certificate check is a forgery like any other.
        request.body = Array("ssl_check=1".utf8)
        request.headers.append((WebhookSlackSigner.signatureHeader, "v0=00"))
        #expect(throws: WebhookRejection.self) { try authenticate(request) }
    }

    // MARK: Command

    @Test("reads the command")
    func command() throws {
        let decoded = try decode(Self.form)
        let event = try #require(decoded.events.first)
        #expect(event.status == .command)
        #expect(event.command?.name == "vps")
        #expect(event.command?.text == "reboot web-01")
        #expect(event.command?.responseURL == nil)
        #expect(event.fingerprint == "13345224609.738474920.8088930838d88f008e0")
        #expect(decoded.dedupKey == event.fingerprint)
        #expect(event.payload["token"] == nil)
        #expect(event.payload["text"] == "reboot web-01")
        #expect(decoded.isUrgent)
    }

    @Test("masks the token however its name is written", arguments: ["token=", "%74oken=", "tok%65n="])
    func masksToken(field: String) throws {
        let body = Self.form.replacing("token=", with: field)
        let stored = String(decoding: try decode(body).storedBody, as: UTF8.self)
        #expect(stored == body.replacing("verySecretToken", with: "masked"))
    }

    @Test("without a trigger the signature tells replays apart, and the stored body gives the same fingerprint")
    func withoutTrigger() throws {
        let body = String(Self.form.prefix { $0 != "." }.replacing("&trigger_id=13345224609", with: ""))
        let decoded = try decode(body)
        #expect(decoded.dedupKey == WebhookSlackSigner.request(body).headers.last?.value)
        let delivery = Delivery(
            id: DeliveryID(rawValue: 1), source: "chat", receivedAt: Self.now, body: decoded.storedBody,
            contentType: WebhookSlackSigner.contentType, isUrgent: true)
        #expect(try Webhooks.decode(delivery, source: Self.source) == decoded.events)
        // The same words a second later are another command.
        var later = WebhookSlackSigner.request(body)
        later.receivedAt = later.receivedAt + .seconds(1)
        #expect(try Webhooks.decode(later, source: Self.source).events.first?.fingerprint != decoded.events.first?.fingerprint)
    }

    @Test(
        "refuses forms that are not certain",
        arguments: [
            "", form + "&user_id=U0002", form + "&us%65r_id=U0002", form + "&", "&" + form, form + "&a", form + "&a=%",
            form + "&a=%2",
            form + "&a=%2&b=1", form + "&a=%GG", form + "&a=%ff", form + "&a=%c0%af", form + "&a=%ed%a0%80", form + "&a=é",
            form + "&a= b", form + "&a=\n", form + "&a=\u{0}", form + (0..<100).map { "&f\($0)=" }.joined(),
            form.replacing("user_id=U0001", with: "user_id="), form.replacing("user_id=U0001", with: "user_id=U0001%0a"),
            form.replacing("user_id=U0001", with: "user_id=%EF%BC%B50001"), form.replacing("&user_id=U0001", with: ""),
            form.replacing("team_id=T0001", with: "team_id=T0001%2CT0002"), form.replacing("channel_id=", with: "channel="),
            form.replacing("%2Fvps", with: "vps"), form.replacing("%2Fvps", with: "%2F"),
            form.replacing("%2Fvps", with: "%2Fv+ps"),
            form.replacing("13345224609", with: "%0d%0a"),
        ])
    func refusesForms(body: String) throws {
        let error = try #require(throws: WebhookRejection.self) { try decode(body) }
        #expect(error.status == 400)
        #expect(!"\(error)".contains("verySecretToken"))
    }

    @Test("a body beyond 1 MiB is 413, a JSON body 415")
    func otherBodies() throws {
        let long = Self.form + "&a=" + String(repeating: "x", count: 1_048_576)
        #expect(try #require(throws: WebhookRejection.self) { try decode(long) }.status == 413)
        var request = WebhookSlackSigner.request("{}")
        request.contentType = "application/json"
        #expect(try #require(throws: WebhookRejection.self) { try Webhooks.decode(request, source: Self.source) }.status == 415)
    }

    @Test(
        "keeps an answer address only inside the prefix",
        arguments: [
            ("https://hooks.slack.com/commands/T1/2/3", true), ("https://hooks.slack.com/", true),
            ("https://hooks.slack.com.evil.example/commands", false), ("https://hooks.slack.com@evil.example/", false),
            ("https://hooks.slack.com:443/commands", false), ("http://hooks.slack.com/commands", false),
            ("HTTPS://hooks.slack.com/commands", false), ("https://user@hooks.slack.com/commands", false),
            ("https://hooks.slack.com\\@evil.example/", false), ("https://hooks.slack.com/\\evil.example", false),
            ("//hooks.slack.com/commands", false), ("https://evil.example/https://hooks.slack.com/", false), ("", false),
            ("https://hooks.slack.com/a b", false), ("https://hooks.slack.com/\r\nHost: evil.example", false),
            ("https://hooks.slack.com/\u{E9}", false), ("https://hoo\u{212A}s.slack.com/", false),
            ("https://hooks.slack.com/a/../b", false), ("https://hooks.slack.com/%2E%2e/b", false),
            ("https://hooks.slack.com/a..b?x=/../", true),
            ("https://hooks.slack.com/" + String(repeating: "x", count: 2_100), false),
        ])
    func responseURLs(address: String, isKept: Bool) throws {
        let escaped = address.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let command = try decode(Self.form + "&response_url=" + escaped).events.first?.command
        #expect(command?.responseURL == (isKept ? address : nil))
    }

    @Test(
        "a prefix that pins no host keeps nothing",
        arguments: [
            "", "/", "https://", "https:///", "https://hooks.slack.com", "https://a@b/", "ftp://a/", "https://a b/",
            "https://a?/",
        ])
    func unusablePrefixes(prefix: String) throws {
        var source = Self.source
        source.responseURLPrefix = prefix
        #expect(source.problems.count == 1)
        let address = prefix.replacing(" ", with: "%20") + "x"
        let command = try decode(Self.form + "&response_url=" + address, source: source).events.first?.command
        #expect(command?.responseURL == nil)
    }

    @Test("another prefix can be configured")
    func otherPrefix() throws {
        var source = Self.source
        source.responseURLPrefix = "http://127.0.0.1:9000/chat/"
        #expect(source.problems.isEmpty)
        let inside = try decode(Self.form + "&response_url=http://127.0.0.1:9000/chat/1", source: source)
        #expect(inside.events.first?.command?.responseURL == "http://127.0.0.1:9000/chat/1")
        let outside = try decode(Self.form + "&response_url=http://127.0.0.1:9000/other", source: source)
        #expect(outside.events.first?.command?.responseURL == nil)
    }

    // MARK: Answers

    @Test("answers the person alone, the text as data")
    func ephemeral() throws {
        let message = try JSONValue.parse(SlackAnswer.ephemeral("<!channel> a & b \"c\""))
        #expect(message == ["response_type": "ephemeral", "text": "&lt;!channel&gt; a &amp; b \"c\""])
        #expect(try JSONValue.parse(SlackAnswer.inChannel("x"))["response_type"] == "in_channel")
        let reply = SlackAnswer.reply("done")
        #expect(reply.status == 200)
        #expect(String(decoding: reply.body, as: UTF8.self) == #"{"response_type":"ephemeral","text":"done"}"#)
        #expect(Webhooks.successReply(Self.source).status == 200)
    }

    @Test("cuts what is too long")
    func cuts() throws {
        let text = try JSONValue.parse(SlackAnswer.ephemeral(String(repeating: "é", count: 5_000)))["text"]?.stringValue
        #expect(text?.unicodeScalars.count == 4_000)
        #expect(text?.hasSuffix("é…") == true)
    }
}
