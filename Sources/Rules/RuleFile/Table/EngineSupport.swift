/// What rule files can say and this version of the engine does not run: read, checked, and then refused.
///
/// A guard that nobody enforces, or a step that nobody takes, is worse than a load error. Making one of them work is one line
/// less here.
enum EngineSupport: String, CaseIterable {
    case schedule = "`trigger: {schedule: …}`"
    case status = "`status` other than `problem`"
    case whileFiring = "`while_firing`"
    case startStopped = "`start_stopped`"
    case maxUnhealthy = "`max_unhealthy`"
    case after = "`after`"
    case limitKey = "`limits.key` of a rule that changes servers"
    case replyOutcome = "a `reply` after the run's end"
    case groups = "`groups`"
    case list = "the action `server.list`"
    case get = "the action `server.get`"
    case create = "the action `server.create`"
    case replace = "the action `server.replace`"
    case update = "the action `server.update`"
    case delete = "the action `server.delete`"
    case wait = "the action `wait`"
    case pause = "the action `pause`"

    /// What to write meanwhile.
    var instead: String {
        switch self {
        case .schedule: "let a monitoring system send an alert at that time"
        case .status: "rules see problems; a resolve ends a rule's run by itself"
        case .whileFiring: "use `escalation`, one rung for each repetition"
        case .startStopped: "use `server.power_cycle`, which starts what it stopped"
        case .maxUnhealthy: "the storm guard of vpsbridge.yaml holds for every rule"
        case .after: "use `cooldown`, which counts over all rules of a server"
        case .limitKey: "limits count by server, or by the value of `group_by`"
        case .replyOutcome: "`reply` is one text, sent when the command was accepted"
        case .groups: "name the people by their ids, in `users`"
        case .list, .get: "expressions see all servers as `fleet`"
        case .create: "use `fleet.scale` with a positive `delta`"
        case .delete: "use `fleet.scale` with a negative `delta`"
        case .replace, .update: "use `http.request` with the API's own address"
        case .wait: "use `for`, or the `timeout` of a rung"
        case .pause: "use the stop switch of the command line"
        }
    }

    func diagnostic(at node: YAMLNode) -> Diagnostic {
        node.diagnosticAtStart(.notSupported, "\(rawValue) is not supported by this version", hint: instead)
    }
}
