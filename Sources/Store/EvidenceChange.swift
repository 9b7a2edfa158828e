package import Model

/// What the source's own API said of a problem: a change of its open episode.
package enum EvidenceChange: Sendable, Hashable {
    /// It is still there: moves `lastSeenAt` forward, as a repeat would.
    case seen(EpisodeKey, at: Timestamp)
    /// It is not there any more: ends the episode as resolved, which awaits its sender's own word from then on. When its sender has spoken of it since `askedAt`, the whole step is
    /// refused.
    case gone(EpisodeKey, askedAt: Timestamp)
}
