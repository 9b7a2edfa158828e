/// Where a message to people goes.
package enum MessageDestination: Sendable, Hashable {
    /// A channel by its name in `vpsbridge.yaml`.
    case channel(String)
    /// The address that a chat platform gave for answers to one command of that source.
    case response(source: String, url: String)
}

/// A message that waits in the outbox until it is delivered; at-least-once.
package struct OutboxMessage: Sendable, Hashable {
    package var id: MessageID
    package var destination: MessageDestination
    package var text: String
    package var run: RunID?
    package var createdAt: Timestamp
    /// How often it was tried.
    package var attempts: Int

    package init(
        id: MessageID, destination: MessageDestination, text: String, run: RunID?, createdAt: Timestamp, attempts: Int
    ) {
        self.id = id
        self.destination = destination
        self.text = text
        self.run = run
        self.createdAt = createdAt
        self.attempts = attempts
    }
}

/// Something that cannot go on by itself, kept with its reason until a person decides.
package struct DeadLetter: Sendable, Hashable {
    package var at: Timestamp
    package var reason: Reason
    package var event: EventReference
    package var run: RunID?
    package var rule: String?
    package var detail: String

    package init(at: Timestamp, reason: Reason, event: EventReference, run: RunID?, rule: String?, detail: String) {
        self.at = at
        self.reason = reason
        self.event = event
        self.run = run
        self.rule = rule
        self.detail = detail
    }
}
