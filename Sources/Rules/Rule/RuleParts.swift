package import Model

/// What an event must be for a rule to look at it.
package struct Trigger: Sendable {
    /// The configured source's name.
    package let source: String
    /// For a rule that people call: the command. Without it the rule sees problems only.
    package let command: CommandTrigger?

    /// Whether the rule looks at such an event: a problem of its source, or a command of its source.
    ///
    /// Which command it is, is judged by ``Rule/matchCommand(_:)``.
    package func fits(_ event: Event) -> Bool {
        guard event.status == (command == nil ? .problem : .command) else { return false }
        return event.source.utf8.elementsEqual(source.utf8)
    }
}

/// Who decides that a rule acts.
package enum Autonomy: String, Sendable, CaseIterable {
    /// Nothing is changed; the bridge says what it would do.
    case observe
    /// The rule acts by itself, within its limits.
    case auto
}

/// One rung of an escalation: at most one action on the server, then messages.
package struct Rung: Sendable {
    /// How long the action's effect is waited for before the next rung.
    package let timeout: Duration
    /// What is done to the server; `nil` on a last rung that only tells people.
    package let action: ServerAction?
    /// Sent after the action, in this order.
    package let notifications: [NotifyStep]
}

/// What a rule can do to a server.
package enum ServerAction: String, Sendable, CaseIterable {
    case reboot = "server.reboot"
    case start = "server.start"
    case stop = "server.stop"
    /// Stop, wait until stopped, start, wait until active; one intent and one unit of budget.
    case powerCycle = "server.power_cycle"
}

/// A message to people.
package struct NotifyStep: Sendable {
    /// The channel's name in `vpsbridge.yaml`.
    package let channel: String
    /// What is said; sees `server` when the rule has a target.
    package let text: Template
}

/// The bridge's own look at a server, besides what monitoring says.
package enum Probe: Sendable, Hashable {
    /// A connection to that port succeeds.
    case tcp(port: Int)
    /// A GET of that path answers with 2xx; `scheme` is `http` or `https`, `path` begins with `/`.
    case http(scheme: String, port: Int, path: String)
}

/// Who may call a command, by the chat platform's immutable ids.
package struct Permissions: Sendable {
    /// Empty: any person, in one of the channels.
    package let users: Set<String>
    /// Empty: any channel.
    package let channels: Set<String>

    /// Whether that person may call the command in that channel; both lists have to agree, an empty one agrees with everybody.
    ///
    /// Compares bytes: ids that merely look alike are different people.
    package func allow(_ command: ChatCommand) -> Bool {
        guard !users.isEmpty || !channels.isEmpty else { return false }
        return Self.holds(users, command.userID) && Self.holds(channels, command.channelID)
    }

    private static func holds(_ list: Set<String>, _ id: String) -> Bool {
        list.isEmpty || list.contains { $0.utf8.elementsEqual(id.utf8) }
    }
}
