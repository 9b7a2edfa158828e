package import Model

/// What an event must be for a rule to look at it.
package struct Trigger: Sendable {
    /// What a rule waits for.
    package enum Kind: Sendable {
        /// Alerts of these kinds; `[.problem]` unless the rule says otherwise.
        case event(statuses: Set<Event.Status>)
        /// A command that a person types in a chat.
        case command(CommandTrigger)
        /// A clock.
        case schedule(CronSchedule)
    }

    /// The name of the source whose events of a schedule's instants have; no configured source is called so.
    package static let scheduleSource = "schedule"

    /// The configured source's name; ``scheduleSource`` for a schedule, which has no sender.
    package let source: String
    /// What the rule waits for.
    package let kind: Kind

    /// For a rule that people call: the command.
    package var command: CommandTrigger? {
        guard case .command(let command) = kind else { return nil }
        return command
    }

    /// Whether the rule looks at such an event: an alert of its source and of a status that it waits for, or a command of its
    /// source.
    ///
    /// Which command it is, is judged by ``Rule/matchCommand(_:)``.
    package func fits(_ event: Event) -> Bool {
        switch kind {
        case .event(let statuses): guard statuses.contains(event.status) else { return false }
        case .command: guard event.status == .command else { return false }
        case .schedule: guard event.status == .schedule else { return false }
        }
        return event.source.utf8.elementsEqual(source.utf8)
    }
}
