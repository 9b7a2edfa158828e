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

    /// What is done to the one server that the rule names; `nil` on a rung that does nothing to it.
    package var targetChange: Step? { steps.first { $0.action.changesTarget } }

    /// How a server is created by `server.create`; `nil` on a rung that does not.
    package var create: ServerCreate? {
        for step in steps {
            if case .create(let create) = step.action { return create }
        }
        return nil
    }

    /// Whether servers are created or deleted by number, on the lane of a group.
    package var countsServers: Bool { scale != nil || create != nil }

    /// Whether the rule's server is deleted.
    package var deletesTarget: Bool {
        steps.contains { step in
            if case .delete = step.action { true } else { false }
        }
    }

    /// The templates of servers that it may create.
    package var templates: [ServerTemplate] { [scale?.template, create?.template].compactMap(\.self) }

    /// The messages, in this order.
    package var notifications: [NotifyStep] {
        steps.compactMap { step in
            if case .notify(let notification) = step.action { notification } else { nil }
        }
    }

    /// Whether the rung does no more than read and tell people.
    package var onlyReads: Bool {
        steps.allSatisfy { step in
            switch step.action {
            case .read, .notify, .wait: true
            default: false
            }
        }
    }

    /// Whether the rung does anything but tell people and wait.
    package var isChanging: Bool {
        steps.contains { step in
            switch step.action {
            case .notify, .wait: false
            case .server, .read, .create, .fields, .delete, .scale, .httpRequest, .pause: true
            }
        }
    }
}
