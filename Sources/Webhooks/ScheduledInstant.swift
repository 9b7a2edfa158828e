import JSON
package import Model

/// An instant of a rule's schedule, as the bridge hands it to itself: a delivery like any other, so that it is decided on once, explained
/// and replayed as others are.
package struct ScheduledInstant: Sendable, Hashable {
    /// The name of its source, which no configured source can have.
    package static let source = "schedule"
    package static let contentType = "application/vnd.vpsbridge.schedule+json"

    package var rule: String
    /// The schedule as it was written.
    package var schedule: String
    package var timezone: String
    /// The instant itself; the delivery may be stored a little later.
    package var at: Timestamp

    package init(rule: String, schedule: String, timezone: String, at: Timestamp) {
        self.rule = rule
        self.schedule = schedule
        self.timezone = timezone
        self.at = at
    }

    /// The same for one rule and instant, whenever and however often it is written.
    package var key: String { "\(rule)@\(at.rfc3339)" }

    /// What is stored.
    package var body: [UInt8] { json.serialized() }

    private var json: JSONValue {
        [
            "rule": .string(rule), "schedule": .string(schedule), "timezone": .string(timezone), "at": .string(at.rfc3339),
        ]
    }

    /// Reads what ``body`` wrote.
    static func event(_ delivery: Delivery) throws(WebhookRejection) -> Event {
        let fields = FieldReader(try Webhooks.object(delivery.body), path: "")
        guard let rule = try fields.string("rule"), let at = try fields.time("at") else {
            throw WebhookRejection(.malformed, "the body is not an instant of a schedule")
        }
        let instant = ScheduledInstant(
            rule: rule, schedule: try fields.string("schedule") ?? "", timezone: try fields.string("timezone") ?? "", at: at)
        return Event(
            source: source, status: .schedule, fingerprint: instant.key,
            labels: ["rule": rule, "schedule": instant.schedule, "timezone": instant.timezone], startsAt: at,
            receivedAt: delivery.receivedAt, payload: fields.value)
    }
}
