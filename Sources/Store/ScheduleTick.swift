package import Model

/// How far the schedule of a rule was followed.
package struct ScheduleCursor: Sendable, Hashable {
    package var rule: String
    /// The schedule's text and zone: another one begins anew.
    package var schedule: String
    /// Every instant up to this one was decided on.
    package var decidedUntil: Timestamp

    package init(rule: String, schedule: String, decidedUntil: Timestamp) {
        self.rule = rule
        self.schedule = schedule
        self.decidedUntil = decidedUntil
    }
}

/// What became of the instants of all schedules at one moment.
package struct ScheduleTick: Sendable {
    /// Of every rule that has a schedule; what is stored of others is forgotten.
    package var cursors: [ScheduleCursor]
    /// One for each instant that is to be run; each with its key, so that none is stored twice.
    package var deliveries: [NewDelivery]
    /// The instants that passed while the bridge was away.
    package var audit: [AuditEntry]

    package init(cursors: [ScheduleCursor], deliveries: [NewDelivery], audit: [AuditEntry]) {
        self.cursors = cursors
        self.deliveries = deliveries
        self.audit = audit
    }
}
