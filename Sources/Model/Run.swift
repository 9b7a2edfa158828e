/// One rule at work on one problem or one command.
package struct Run: Sendable, Hashable {
    package var id: RunID
    package var rule: String
    /// The rule set it began with and keeps.
    package var revision: RuleSetRevision
    /// The problem it works on; `nil` for a command, an instant of a schedule, and the end of a problem.
    package var episode: EpisodeID?
    /// The event that began it.
    package var event: EventReference
    package var state: RunState
    /// Why it is in that state.
    package var reason: Reason?
    /// The reason's particulars, for people; bounded, never a secret.
    package var detail: String
    /// Set when its server, its group or its key is known.
    package var lane: Lane?
    package var server: ServerID?
    package var serverName: String?
    /// The rung of its escalation that is next or at work, from 0.
    package var rung: Int
    /// When it is to be looked at next.
    package var dueAt: Timestamp
    /// When the present rung ends without an effect; set while `verifying`.
    package var rungDeadline: Timestamp?
    /// Since when the problem has looked solved; `nil` while it does not.
    package var healthySince: Timestamp?
    /// How often the present wait was tried again; drives the back-off.
    package var attempts: Int
    /// Grows with every claim; a write with an older epoch is refused.
    package var epoch: Int64
    /// Whether it goes before ordinary runs (a person's command).
    package var isUrgent: Bool
    package var createdAt: Timestamp
    package var finishedAt: Timestamp?
    /// How far it has come within its rung; empty for a rule whose rungs have one step.
    package var progress: RunProgress

    package init(
        id: RunID, rule: String, revision: RuleSetRevision, episode: EpisodeID?, event: EventReference,
        state: RunState = .pending,
        reason: Reason? = nil, detail: String = "", lane: Lane? = nil, server: ServerID? = nil, serverName: String? = nil,
        rung: Int = 0, dueAt: Timestamp, rungDeadline: Timestamp? = nil, healthySince: Timestamp? = nil, attempts: Int = 0,
        epoch: Int64 = 0, isUrgent: Bool = false, createdAt: Timestamp, finishedAt: Timestamp? = nil,
        progress: RunProgress = RunProgress()
    ) {
        self.id = id
        self.rule = rule
        self.revision = revision
        self.episode = episode
        self.event = event
        self.state = state
        self.reason = reason
        self.detail = detail
        self.lane = lane
        self.server = server
        self.serverName = serverName
        self.rung = rung
        self.dueAt = dueAt
        self.rungDeadline = rungDeadline
        self.healthySince = healthySince
        self.attempts = attempts
        self.epoch = epoch
        self.isUrgent = isUrgent
        self.createdAt = createdAt
        self.finishedAt = finishedAt
        self.progress = progress
    }
}
