package import Model

/// What can be cleared away, and what of it stays whatever its age.
package enum PruneKind: String, Sendable, Hashable, CaseIterable {
    /// Messages that were sent or given up.
    case messages
    /// Dead letters that a person settled.
    case deadLetters = "dead_letters"
    /// Runs that ended, with their requests, questions and answers. The newest few of each rule stay, and those of a problem that is
    /// open: its rule has had its run for it.
    case runs
    /// Problems that are over and of which no run is left.
    case episodes
    /// Decided deliveries that no unfinished run needs; one with a key of its sender stays for 76 hours, one of an open dead letter
    /// for as long as runs do.
    case deliveries
    /// The servers that this bridge created and that are gone.
    case createdServers = "created_servers"
    /// Rule sets that no kept run and no kept delivery was judged by.
    case ruleSets = "rule_sets"
    /// Entries of the audit that the anchor has passed.
    case audit
}

/// A few rows to look at.
package struct PruneStep: Sendable {
    package var kind: PruneKind
    /// Rows that ended before it are old.
    package var before: Timestamp
    /// Before it a delivery goes even though an open dead letter names it.
    package var lettersBefore: Timestamp
    package var now: Timestamp
    /// Where the last step of this kind stopped; 0 at the beginning.
    package var after: Int64
    /// How many rows are looked at.
    package var limit: Int
    /// Rule sets that stay.
    package var keeping: Set<RuleSetRevision>

    package init(
        kind: PruneKind, before: Timestamp, lettersBefore: Timestamp? = nil, now: Timestamp, after: Int64 = 0, limit: Int,
        keeping: Set<RuleSetRevision> = []
    ) {
        self.kind = kind
        self.before = before
        self.lettersBefore = lettersBefore ?? before
        self.now = now
        self.after = after
        self.limit = limit
        self.keeping = keeping
    }

    /// How many of each rule's newest ended runs stay: what a rule's last runs came to is a guard's question.
    package static let runsKeptOfRule = 5
}

/// What a step did.
package struct PruneResult: Sendable, Hashable {
    package var removed: Int
    /// Where the next step goes on; `nil` when nothing old is left.
    package var next: Int64?
    /// How long the writer was at it.
    package var took: Duration

    package init(removed: Int, next: Int64?, took: Duration) {
        self.removed = removed
        self.next = next
        self.took = took
    }
}
