package import Model

/// What the dispatcher decided on some deliveries, written in one transaction.
package struct DispatchBatch: Sendable {
    package var now: Timestamp
    /// The rules by which all of them were decided on; `nil` where nothing is to be explained later.
    package var revision: RuleSetRevision?
    package var deliveries: [DispatchedDelivery]

    package init(now: Timestamp, revision: RuleSetRevision? = nil, deliveries: [DispatchedDelivery]) {
        self.now = now
        self.revision = revision
        self.deliveries = deliveries
    }
}

/// What the dispatcher decided on one delivery. Changes of episodes are made before runs are added, in the order given.
package struct DispatchedDelivery: Sendable {
    package var id: DeliveryID
    package var episodes: [EpisodeChange]
    package var runs: [NewRun]
    package var audit: [AuditEntry]
    package var deadLetters: [DeadLetter]
    package var messages: [NewMessage]
    /// How many of its events were decided on before.
    package var begin: Int
    /// How many of them are now; `nil` when that is all of them, and the delivery is dispatched.
    package var end: Int?

    package init(
        id: DeliveryID, episodes: [EpisodeChange] = [], runs: [NewRun] = [], audit: [AuditEntry] = [],
        deadLetters: [DeadLetter] = [], messages: [NewMessage] = [], begin: Int = 0, end: Int? = nil
    ) {
        self.begin = begin
        self.end = end
        self.id = id
        self.episodes = episodes
        self.runs = runs
        self.audit = audit
        self.deadLetters = deadLetters
        self.messages = messages
    }
}

/// A change of the one open episode of a key.
package enum EpisodeChange: Sendable, Hashable {
    /// Opens an episode; when one is open already (another dispatcher was first), refreshes that one instead.
    case open(EpisodeKey, at: Timestamp, startsAt: Timestamp?)
    /// A repeat: moves `lastSeenAt` forward and `startsAt` back, never the other way. No open episode: nothing.
    case refresh(EpisodeKey, at: Timestamp, startsAt: Timestamp?)
    /// Ends the open episode. No open episode: nothing, save that a resolve is the word that one awaits which its source's API ended.
    case close(EpisodeKey, at: Timestamp, ending: Episode.Ending)
}

/// A run to begin.
package struct NewRun: Sendable, Hashable {
    package var rule: String
    package var revision: RuleSetRevision
    /// The problem, which is open after the delivery's changes; `nil` for a command.
    package var episode: EpisodeKey?
    package var event: EventReference
    package var dueAt: Timestamp
    package var isUrgent: Bool
    package var createdAt: Timestamp
    /// How long after the end of a run that may be renewed its delivery must have been received to begin another for the same problem.
    package var renewsAfter: Duration

    package init(
        rule: String, revision: RuleSetRevision, episode: EpisodeKey?, event: EventReference, dueAt: Timestamp, isUrgent: Bool,
        createdAt: Timestamp, renewsAfter: Duration = .zero
    ) {
        self.rule = rule
        self.revision = revision
        self.episode = episode
        self.event = event
        self.dueAt = dueAt
        self.isUrgent = isUrgent
        self.createdAt = createdAt
        self.renewsAfter = renewsAfter
    }
}

/// A message to put into the outbox.
package struct NewMessage: Sendable, Hashable {
    package var destination: MessageDestination
    package var text: String
    package var run: RunID?

    package init(destination: MessageDestination, text: String, run: RunID? = nil) {
        self.destination = destination
        self.text = text
        self.run = run
    }
}
