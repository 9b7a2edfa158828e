/// Every action that a step can name.
enum ActionName: String, CaseIterable, Sendable {
    case reboot = "server.reboot"
    case start = "server.start"
    case stop = "server.stop"
    case powerCycle = "server.power_cycle"
    case list = "server.list"
    case get = "server.get"
    case create = "server.create"
    case replace = "server.replace"
    case update = "server.update"
    case delete = "server.delete"
    case scale = "fleet.scale"
    case notify
    case request = "http.request"
    case wait
    case pause

    /// What stands under `with`; `nil` when the action takes nothing.
    var with: RuleTable? {
        switch self {
        case .reboot, .start, .stop, .powerCycle, .get, .delete: nil
        case .list: RuleTables.list
        case .create: RuleTables.serverTemplate
        case .replace, .update: RuleTables.serverUpdate
        case .scale: RuleTables.scale
        case .notify: RuleTables.notify
        case .request: RuleTables.request
        case .wait: RuleTables.wait
        case .pause: RuleTables.pause
        }
    }

    /// Whether `with` has to be there.
    var needsWith: Bool { with.map { $0.keys.contains { $0.isRequired } } ?? false }

    /// The one form of it that the engine does not run yet.
    var support: EngineSupport? {
        switch self {
        case .list: .list
        case .get: .get
        case .create: .create
        case .replace: .replace
        case .update: .update
        case .delete: .delete
        case .wait: .wait
        case .pause: .pause
        case .reboot, .start, .stop, .powerCycle, .scale, .notify, .request: nil
        }
    }

    /// One sentence for editors and people.
    var text: String {
        switch self {
        case .reboot: "Restarts the server gracefully."
        case .start: "Starts a stopped server; for commands of people only."
        case .stop: "Shuts the server down gracefully; for commands of people only."
        case .powerCycle: "Stops the server, waits until it is stopped, starts it, waits until it is active."
        case .list: "Lists servers."
        case .get: "Reads one server."
        case .create: "Creates a server."
        case .replace: "Replaces a server's name, hostname and backup setting."
        case .update: "Changes some of a server's name, hostname and backup setting."
        case .delete: "Deletes a server."
        case .scale: "Creates or deletes servers of the rule's `fleet`, within `min` and `max`."
        case .notify: "Sends a message to a channel of vpsbridge.yaml."
        case .request: "Sends one HTTP request to any API."
        case .wait: "Waits before the next step."
        case .pause: "Stops all automation until a person resumes it."
        }
    }
}
