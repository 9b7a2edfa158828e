/// One rung of an escalation: steps in order, and how long their effect is waited for.
///
/// Of its steps at most one changes servers, by `server.*` or `fleet.scale`; `notify` steps come after everything else.
package struct Rung: Sendable {
    /// How long the action's effect is waited for before the next rung.
    package let timeout: Duration
    /// At least one.
    package let steps: [Step]

    /// What is done to the server; `nil` on a rung that does not change one.
    package var action: ServerAction? {
        for step in steps {
            if case .server(let action) = step.action { return action }
        }
        return nil
    }

    /// How the rule's servers are scaled; `nil` on a rung that does not.
    package var scale: FleetScale? {
        for step in steps {
            if case .scale(let scale) = step.action { return scale }
        }
        return nil
    }

    /// The messages, in this order.
    package var notifications: [NotifyStep] {
        steps.compactMap { step in
            if case .notify(let notification) = step.action { notification } else { nil }
        }
    }

    /// Whether the rung does anything but tell people.
    package var isChanging: Bool {
        steps.contains { step in
            if case .notify = step.action { false } else { true }
        }
    }
}
