/// One line of the audit: what was decided or done, to what, and why.
package struct AuditEntry: Sendable, Hashable {
    /// What kind of thing happened.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An event was judged: which rules matched, or why none did.
        case decision
        /// A person's command was accepted or refused.
        case command
        /// A run changed its state.
        case run
        /// People were asked, answered, or tried to.
        case approval
        /// A request was written down, sent, or its outcome became known.
        case request
        /// The bridge started, stopped, or loaded rules.
        case bridge
    }

    package var at: Timestamp
    package var kind: Kind
    package var reason: Reason?
    package var delivery: DeliveryID?
    package var run: RunID?
    package var rule: String?
    package var server: ServerID?
    /// Who caused it: `rule`, or `slack:U012` for a person.
    package var actor: String
    /// The particulars, for people; bounded, never a secret.
    package var detail: String

    package init(
        at: Timestamp, kind: Kind, reason: Reason?, delivery: DeliveryID? = nil, run: RunID? = nil, rule: String? = nil,
        server: ServerID? = nil, actor: String, detail: String = ""
    ) {
        self.at = at
        self.kind = kind
        self.reason = reason
        self.delivery = delivery
        self.run = run
        self.rule = rule
        self.server = server
        self.actor = actor
        self.detail = detail
    }
}
