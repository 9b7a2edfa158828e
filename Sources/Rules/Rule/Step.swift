/// One step of a rung.
package struct Step: Sendable {
    /// Under which later steps of the rung read its outcome, as `steps.<id>`.
    package let id: String?
    /// The action's name, such as `server.reboot`.
    package let name: String
    /// `if`: the step is left out when this is not true; sees what a message sees, and earlier steps.
    package let condition: RuleExpression?
    /// What is done.
    package let action: StepAction
    /// How long one try may take; for `http.request` never `nil`.
    package let timeout: Duration?
    /// Whether and how often a failed try is made again; `nil` is never.
    package let retry: StepRetry?
    /// What answer of `http.request` counts as success; never `nil` for it.
    package let expect: StepExpectation?
    /// What is waited for before the next step.
    package let waitFor: StepWait?
    /// The line where it begins, from 1.
    package let line: Int
}

/// What a step does.
package enum StepAction: Sendable {
    case server(ServerAction)
    case scale(FleetScale)
    case httpRequest(HTTPRequestStep)
    case notify(NotifyStep)
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
