/// What identifies an open problem: its source and the sender's fingerprint of it.
///
/// Two keys are equal when their bytes are, as in the store: fingerprints come from outside, and Swift's strings would take different
/// bytes for equal (`"\u{212A}" == "K"`).
package struct EpisodeKey: Sendable, Hashable {
    package var source: String
    package var fingerprint: String

    package static func == (left: EpisodeKey, right: EpisodeKey) -> Bool {
        left.fingerprint.utf8.elementsEqual(right.fingerprint.utf8) && left.source.utf8.elementsEqual(right.source.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(bytesOf: fingerprint)
        hasher.combine(bytesOf: source)
    }

    package init(source: String, fingerprint: String) {
        self.source = source
        self.fingerprint = fingerprint
    }
}

/// One problem from its first event to its end.
///
/// At most one episode per key is open. `startsAt` alone is not a key: Alertmanager moves it back when it merges alerts.
package struct Episode: Sendable, Hashable {
    /// How an episode ended.
    package enum Ending: String, Sendable, Hashable, CaseIterable {
        /// The sender said that the problem is over.
        case resolved
        /// The same problem began anew, with a later start.
        case superseded
        /// Nobody spoke of it for `episode_timeout`.
        case stale
    }

    package var id: EpisodeID
    package var key: EpisodeKey
    /// When the bridge first received it; `for` and `settle` count from here.
    package var openedAt: Timestamp
    /// When the bridge last received a problem event of it; evidence is fresh for `max_event_age` from here.
    package var lastSeenAt: Timestamp
    /// The earliest start that the sender gave.
    package var startsAt: Timestamp?
    /// When it ended for the bridge; `nil` while open.
    package var closedAt: Timestamp?
    package var ending: Ending?

    package init(
        id: EpisodeID, key: EpisodeKey, openedAt: Timestamp, lastSeenAt: Timestamp, startsAt: Timestamp?,
        closedAt: Timestamp? = nil, ending: Ending? = nil
    ) {
        self.id = id
        self.key = key
        self.openedAt = openedAt
        self.lastSeenAt = lastSeenAt
        self.startsAt = startsAt
        self.closedAt = closedAt
        self.ending = ending
    }

    package var isOpen: Bool { closedAt == nil }

    /// Takes a repeat: moves `lastSeenAt` forward and `startsAt` back, never the other way.
    package mutating func refresh(at: Timestamp, startsAt start: Timestamp?) {
        lastSeenAt = max(lastSeenAt, at)
        startsAt = [startsAt, start].compactMap(\.self).min()
    }
}
