/// A webhook request that passed authentication and validation, before it is stored.
package struct NewDelivery: Sendable {
    /// The configured source's name.
    package var source: String
    package var receivedAt: Timestamp
    /// The exact bytes, secrets masked where the sender puts them in its body.
    package var body: [UInt8]
    /// The request's media type, needed to decode it again.
    package var contentType: String
    /// The sender's own delivery id, where it has one: a second delivery with the same key is a replay and is not stored.
    package var dedupKey: String?
    /// Whether it goes before ordinary deliveries: a chat command never waits behind an alert storm.
    package var isUrgent: Bool

    package init(
        source: String, receivedAt: Timestamp, body: [UInt8], contentType: String, dedupKey: String? = nil, isUrgent: Bool = false
    ) {
        self.source = source
        self.receivedAt = receivedAt
        self.body = body
        self.contentType = contentType
        self.dedupKey = dedupKey
        self.isUrgent = isUrgent
    }
}

/// A webhook request on disk.
package struct Delivery: Sendable {
    package var id: DeliveryID
    package var source: String
    package var receivedAt: Timestamp
    package var body: [UInt8]
    package var contentType: String
    package var isUrgent: Bool
    /// How many of its events are decided on already: one of many events is decided on part by part.
    package var decidedEvents: Int

    package init(
        id: DeliveryID, source: String, receivedAt: Timestamp, body: [UInt8], contentType: String, isUrgent: Bool,
        decidedEvents: Int = 0
    ) {
        self.decidedEvents = decidedEvents
        self.id = id
        self.source = source
        self.receivedAt = receivedAt
        self.body = body
        self.contentType = contentType
        self.isUrgent = isUrgent
    }
}

/// One event of a stored delivery: which delivery, and which of its events (from 0).
package struct EventReference: Sendable, Hashable {
    package var delivery: DeliveryID
    package var index: Int

    package init(delivery: DeliveryID, index: Int) {
        self.delivery = delivery
        self.index = index
    }
}
