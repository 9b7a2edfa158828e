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
    case read(ServerRead)
    case create(ServerCreate)
    case fields(ServerFields)
    /// Deletes the server that the rule names.
    case delete
    case scale(FleetScale)
    case httpRequest(HTTPRequestStep)
    case pause(PauseStep)
    case notify(NotifyStep)
    /// Nothing is done for that long; the end is stored, nothing sleeps.
    case wait(Duration)
}

extension Step {
    /// The request that it sends before it deletes servers; `nil` when it sends none.
    var drain: FleetDrain? {
        guard case .scale(let scale) = action else { return nil }
        return scale.drain
    }

    /// Whether its outcome, or that of its drain, is read under that name.
    func gives(_ id: String) -> Bool {
        [self.id, drain?.id].contains { $0?.utf8.elementsEqual(id.utf8) ?? false }
    }
}

extension StepAction {
    /// Whether it changes servers, so that a rung has at most one of it.
    package var changesServers: Bool {
        switch self {
        case .server, .create, .fields, .delete, .scale: true
        case .read, .httpRequest, .pause, .notify, .wait: false
        }
    }

    /// Whether it changes the one server that the rule names.
    package var changesTarget: Bool {
        switch self {
        case .server, .fields, .delete: true
        case .read, .create, .scale, .httpRequest, .pause, .notify, .wait: false
        }
    }
}

/// What a rule can do to a server's power.
package enum ServerAction: String, Sendable, CaseIterable {
    case reboot = "server.reboot"
    case start = "server.start"
    case stop = "server.stop"
    /// Stop, wait until stopped, start, wait until active; one intent and one unit of budget.
    case powerCycle = "server.power_cycle"
}

/// What a rule stops.
package struct PauseStep: Sendable {
    /// What is stopped.
    package enum Scope: Sendable, Hashable {
        /// Everything that the bridge changes.
        case all
        /// A rule by its name.
        case rule(String)
        /// The run's own server.
        case server

        /// The scope for people.
        package var words: String {
            switch self {
            case .all: "everything"
            case .rule(let name): "rule \(name)"
            case .server: "the server"
            }
        }
    }

    package let scope: Scope
    /// What people are told.
    package let reason: Template
    /// How long it lasts; `nil` until a person resumes.
    package let span: Duration?
}

/// A message to people.
package struct NotifyStep: Sendable {
    /// The channel's name in `vpsbridge.yaml`.
    package let channel: String
    /// What is said; sees `server` when the rule has a target.
    package let text: Template
}
