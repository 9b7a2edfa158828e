package import Model

/// What a source's own API says of one problem now.
///
/// It makes evidence fresh, or ends or holds what a rule has begun; it never makes a rule match.
package enum Evidence: Sendable, Hashable {
    /// The problem is there.
    case firing
    /// The problem is there, and somebody does not want to hear of it; until when, if that is known, and why, for people.
    case silenced(until: Timestamp?, why: String)
    /// The source does not know the problem any more.
    case gone
    /// Nothing is known; why, for people, without a secret.
    case unavailable(String)
}

/// Asks the sources of alerts what they think now.
package protocol EvidenceSource: Sendable {
    /// Whether a source can be asked.
    func canAsk(_ source: String) -> Bool
    /// What the source of an event says of its problem; `unavailable` of a source that can not be asked.
    func evidence(for event: Event) async -> Evidence
}

/// No source can be asked: evidence is what senders repeat and what probes find.
package struct NoEvidenceSource: EvidenceSource {
    package init() {}

    package func canAsk(_ source: String) -> Bool { false }

    package func evidence(for event: Event) async -> Evidence { .unavailable("the source can not be asked") }
}
