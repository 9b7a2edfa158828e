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
        case .update: RuleTables.serverUpdate
        case .replace: RuleTables.serverReplace
        case .scale: RuleTables.scale
        case .notify: RuleTables.notify
        case .request: RuleTables.request
        case .wait: RuleTables.wait
        case .pause: RuleTables.pause
        }
    }

    /// Whether `with` has to be there: a change of nothing is none.
    var needsWith: Bool { self == .update || (with.map { $0.keys.contains { $0.isRequired } } ?? false) }

    /// One sentence for editors and people.
    var text: String {
        switch self {
        case .reboot: "Restarts the server gracefully."
        case .start: "Starts a stopped server; for commands of people only."
        case .stop: "Shuts the server down gracefully; for commands of people only."
        case .powerCycle: "Stops the server, waits until it is stopped, starts it, waits until it is active."
        case .list: "Lists servers, all or those of a status or a location."
        case .get: "Reads the server that the rule names, or waits until it has a status."
        case .create: "Creates one server and waits until it is active."
        case .replace: "Replaces a server's name, hostname and backup setting."
        case .update: "Changes some of a server's name, hostname and backup setting."
        case .delete: "Deletes the server that the rule names, after an approval."
        case .scale: "Creates or deletes servers of the rule's `fleet`, within `min` and `max`."
        case .notify: "Sends a message to a channel of vpsbridge.yaml."
        case .request: "Sends one HTTP request to any API."
        case .wait: "Waits before the next step."
        case .pause: "Pauses everything, a rule or the server, until a person resumes it or its time is over."
        }
    }
}
