import JSON
package import Model

/// Checking, decoding and answering the requests of senders: pure functions, a file for each kind of sender.
///
/// The order for a request: ``authenticate(_:source:now:)``, then ``decode(_:source:)-(WebhookRequest,_)``, then store it unless
/// `immediate` is set, then answer.
package enum Webhooks {
    /// Reads an authenticated request: content type, body, events.
    ///
    /// - Throws: ``WebhookRejection`` when the request is not what the source's kind sends; nothing of it counts then.
    package static func decode(_ request: WebhookRequest, source: WebhookSource) throws(WebhookRejection) -> DecodedWebhook {
        try ContentType.check(request, source: source)
        switch source.kind {
        case .alertmanager:
            let payload = try Alertmanager.read(request.body, source: source.name, receivedAt: request.receivedAt)
            return DecodedWebhook(events: payload.events, storedBody: request.body, truncatedAlerts: payload.truncatedAlerts)
        case .generic:
            let event = try Generic.event(request.body, source: source, receivedAt: request.receivedAt)
            return DecodedWebhook(events: [event], storedBody: request.body)
        case .slack:
            return try Slack.decode(request, source: source)
        }
    }

    /// Reads a stored delivery of any of these sources again, or one that the bridge handed to itself.
    ///
    /// - Throws: ``WebhookRejection`` when its source is not configured any more, or as ``decode(_:source:)-(Delivery,_)`` does.
    package static func decode(
        _ delivery: Delivery, sources: [String: WebhookSource]
    ) throws(WebhookRejection) -> [Event] {
        if delivery.source.utf8.elementsEqual(ScheduledInstant.source.utf8) { return [try ScheduledInstant.event(delivery)] }
        guard let source = sources[delivery.source] else {
            throw WebhookRejection(.malformed, "source \(delivery.source) is not configured any more")
        }
        return try decode(delivery, source: source)
    }

    /// Reads a stored delivery again; the events are those that its request had.
    ///
    /// - Throws: ``WebhookRejection`` when it can not be read any more, because the source's configuration has changed or the
    /// bytes have.
    package static func decode(_ delivery: Delivery, source: WebhookSource) throws(WebhookRejection) -> [Event] {
        try ContentType.check(delivery.contentType, source: source)
        switch source.kind {
        case .alertmanager:
            return try Alertmanager.read(delivery.body, source: source.name, receivedAt: delivery.receivedAt).events
        case .generic:
            return [try Generic.event(delivery.body, source: source, receivedAt: delivery.receivedAt)]
        case .slack:
            let form = try Slack.form(delivery.body)
            guard !Slack.isCertificateCheck(form) else { return [] }
            return [try Slack.event(form, source: source, receivedAt: delivery.receivedAt)]
        }
    }

    /// What a sender is answered once its delivery is on disk; also when no rule matched.
    ///
    /// Alertmanager sends a refused group again at every `group_interval` for ever, so "nothing to do" is a 2xx. Slack shows the
    /// person an error for anything but 200; the words for the person are ``SlackAnswer``'s.
    package static func successReply(_ source: WebhookSource) -> SenderReply {
        switch source.kind {
        case .alertmanager, .generic: .emptyObject
        case .slack: .empty
        }
    }

    /// Reads a body as a JSON object.
    static func object(_ body: [UInt8]) throws(WebhookRejection) -> JSONValue {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw WebhookRejection(error.code == .tooLarge ? .tooLarge : .malformed, error.description)
        }
        guard value.objectValue != nil else {
            throw WebhookRejection(.malformed, "line 1, column 1: the body is not a JSON object")
        }
        return value
    }
}
