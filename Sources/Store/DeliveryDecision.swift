package import Model

/// What was decided on one delivery.
package struct DeliveryDecision: Sendable {
    /// When; `nil` while it waits for its decision.
    package var decidedAt: Timestamp?
    /// By which rules; `nil` while it waits, and for what a version decided on that did not note it.
    package var revision: RuleSetRevision?
    /// The runs that its events began, oldest first.
    package var runs: [Run]

    package init(decidedAt: Timestamp?, revision: RuleSetRevision?, runs: [Run]) {
        self.decidedAt = decidedAt
        self.revision = revision
        self.runs = runs
    }
}
