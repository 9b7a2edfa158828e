package import Model

extension Rule {
    /// When the rule runs by the clock; `nil` for a rule that waits for somebody to speak.
    package var schedule: CronSchedule? {
        guard case .schedule(let schedule) = trigger.kind else { return nil }
        return schedule
    }

    /// The first instant of its schedule after another; `nil` when there is none.
    package func nextInstant(after instant: Timestamp) -> Timestamp? {
        guard let schedule else { return nil }
        let second = instant.microseconds.floored(by: 1_000_000).quotient
        return schedule.next(after: second) { zones.offset(of: schedule.timezone, at: $0) }.map { Timestamp(seconds: $0) }
    }

    /// Whether the rule looks at such an event, and may act on it.
    ///
    /// An instant is one rule's own: its event names the rule.
    func looksAt(_ event: Event) -> Bool {
        guard trigger.fits(event) else { return false }
        guard case .schedule = trigger.kind else { return true }
        return event.labels["rule"].map { $0.utf8.elementsEqual(name.utf8) } ?? false
    }
}
