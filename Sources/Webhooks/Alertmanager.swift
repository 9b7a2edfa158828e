import JSON
import Model

/// Prometheus Alertmanager's webhook, version "4" (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
///
/// What counts is each alert's own status: a group is `firing` while single alerts in it are resolved. Fields that the bridge
/// does not know are ignored, fields that it knows must have their type.
enum Alertmanager {
    struct Payload {
        var events: [Event]
        var truncatedAlerts: Int64
    }

    static func read(_ body: [UInt8], source: String, receivedAt: Timestamp) throws(WebhookRejection) -> Payload {
        let envelope = FieldReader(try Webhooks.object(body), path: "")
        guard let version = try envelope.string("version"), version.utf8.elementsEqual("4".utf8) else {
            throw WebhookRejection(.wrongVersion, "/version: the bridge reads version \"4\" of Alertmanager's webhook")
        }
        let truncated = try envelope.count("truncatedAlerts") ?? 0
        var events: [Event] = []
        for (index, alert) in try envelope.objects("alerts").enumerated() {
            events.append(try event(FieldReader(alert, path: "/alerts/\(index)"), source: source, receivedAt: receivedAt))
        }
        return Payload(events: events, truncatedAlerts: truncated)
    }

    private static func event(_ alert: FieldReader, source: String, receivedAt: Timestamp) throws(WebhookRejection) -> Event {
        let labels = try alert.strings("labels")
        let ownFingerprint = try alert.string("fingerprint") ?? ""
        return Event(
            source: source,
            status: try status(alert, labels: labels),
            fingerprint: ownFingerprint.utf8.isEmpty ? Fingerprint.of(labels: labels) : Fingerprint.bounded(ownFingerprint),
            labels: labels,
            annotations: try alert.strings("annotations"),
            startsAt: try alert.time("startsAt"),
            endsAt: try alert.time("endsAt"),
            receivedAt: receivedAt,
            payload: alert.value)
    }

    /// An alert without labels names nothing: no rule and no server can be meant, so it opens and closes nothing. Every real
    /// alert has at least `alertname`.
    private static func status(_ alert: FieldReader, labels: [String: String]) throws(WebhookRejection) -> Event.Status {
        guard let word = try alert.string("status") else {
            throw WebhookRejection(.malformed, "\(alert.path)/status: missing; expected \"firing\" or \"resolved\"")
        }
        if labels.isEmpty { return .notice }
        if word.utf8.elementsEqual("firing".utf8) { return .problem }
        if word.utf8.elementsEqual("resolved".utf8) { return .resolved }
        return .notice
    }
}
