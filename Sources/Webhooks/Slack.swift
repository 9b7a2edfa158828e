import JSON
import Model

/// Slack's slash commands (https://docs.slack.dev/interactivity/implementing-slash-commands).
enum Slack {
    /// The longest body of an unsigned request that is read at all, in bytes.
    private static let longestUnsigned = 8_192

    static func decode(_ request: WebhookRequest, source: WebhookSource) throws(WebhookRejection) -> DecodedWebhook {
        let form = try form(request.body)
        guard !isCertificateCheck(form) else {
            let answer = ImmediateAnswer(question: .certificateCheck, reply: .empty)
            return DecodedWebhook(events: [], immediate: answer, storedBody: [])
        }
        let event = try event(form, source: source, receivedAt: request.receivedAt)
        // A replay within the five minutes that a signature lasts has the same trigger, and the same signature.
        let trigger = try identifier("trigger_id", of: form) ?? request.values(of: SlackSignature.signatureHeader).first
        return DecodedWebhook(
            events: [event], dedupKey: trigger.map(Fingerprint.bounded), isUrgent: true, storedBody: form.masking("token"))
    }

    static func form(_ body: [UInt8]) throws(WebhookRejection) -> FormBody {
        guard body.count <= JSONLimits.standard.maxBytes else {
            let limit = JSONLimits.standard.maxBytes
            throw WebhookRejection(.tooLarge, "the body has \(body.count) bytes; at most \(limit) are read")
        }
        return try FormBody(body)
    }

    /// Whether Slack only checks the certificate: such a request may be unsigned, so nothing else in it counts.
    static func isCertificateCheck(_ form: FormBody) -> Bool {
        form["ssl_check"] != nil
    }

    /// Whether a request without a signature is nothing but a certificate check, which Slack does not sign.
    static func isUnsignedCertificateCheck(_ request: WebhookRequest) -> Bool {
        guard request.values(of: SlackSignature.signatureHeader).isEmpty, request.body.count <= longestUnsigned
        else { return false }
        return (try? FormBody(request.body)).map(isCertificateCheck) ?? false
    }

    /// The command of a form; the same whether `token` is masked or not.
    static func event(_ form: FormBody, source: WebhookSource, receivedAt: Timestamp) throws(WebhookRejection) -> Event {
        let command = ChatCommand(
            name: try commandName(form),
            text: form["text"] ?? "",
            userID: try requiredIdentifier("user_id", of: form),
            userName: form["user_name"] ?? "",
            channelID: try requiredIdentifier("channel_id", of: form),
            teamID: try requiredIdentifier("team_id", of: form),
            responseURL: ResponseURL.allowed(form["response_url"], prefix: source.responseURLPrefix))
        let trigger = try identifier("trigger_id", of: form)
        let fallback = form.masking("token") + Array("@\(receivedAt.microseconds)".utf8)
        return Event(
            source: source.name, status: .command, fingerprint: trigger ?? Fingerprint.digest(fallback), receivedAt: receivedAt,
            payload: payload(form), command: command)
    }

    /// The fields, without those whose knowledge is a permission.
    private static func payload(_ form: FormBody) -> JSONValue {
        let shown = form.fields.filter { field in !["token", "response_url"].contains { $0.utf8.elementsEqual(field.name.utf8) } }
        return .object(JSONObject(shown.map { JSONObject.Member(name: $0.name, value: .string($0.value)) }))
    }

    /// The command without its slash.
    private static func commandName(_ form: FormBody) throws(WebhookRejection) -> String {
        guard let command = form["command"], command.utf8.first == UInt8(ascii: "/"), (2...64).contains(command.utf8.count),
            ASCII.isVisible(command)
        else { throw WebhookRejection(.malformed, "command: not a slash and the command's name") }
        return String(decoding: command.utf8.dropFirst(), as: UTF8.self)
    }

    /// An id of a person, channel or workspace: letters and digits. Who may do what is decided by these bytes.
    private static func requiredIdentifier(_ name: String, of form: FormBody) throws(WebhookRejection) -> String {
        guard let id = form[name], (1...64).contains(id.utf8.count), id.utf8.allSatisfy(ASCII.isAlphanumeric) else {
            throw WebhookRejection(.malformed, "\(name): not an id of letters and digits")
        }
        return id
    }

    /// A field of visible ASCII, at most 255 bytes; `nil` where it is absent or empty.
    private static func identifier(_ name: String, of form: FormBody) throws(WebhookRejection) -> String? {
        guard let id = form[name], !id.utf8.isEmpty else { return nil }
        guard id.utf8.count <= 255, ASCII.isVisible(id) else { throw WebhookRejection(.malformed, "\(name): not an id") }
        return id
    }
}
