import Engine
import Inbound
import JSON
import Model

/// `servers adopt` and `servers disown`, as they go over the control socket.
extension OwnershipDesk {
    /// Does what the body's `name` asks for.
    func control(_ verb: OwnershipVerb, _ body: JSONValue, now: Timestamp) async -> ControlAnswer {
        guard let name = body["name"]?.stringValue, !name.utf8.isEmpty, name.utf8.count <= 253 else {
            return ControlAnswer(isDone: false, body: ["done": false, "text": "no server is named"])
        }
        let reply =
            switch verb {
            case .adopt: await adopt(name, by: ApprovalDesk.Person.commandLine.actor, now: now)
            case .disown: await disown(name, by: ApprovalDesk.Person.commandLine.actor, now: now)
            }
        return ControlAnswer(isDone: reply.isDone, body: ["done": .bool(reply.isDone), "text": .string(reply.text)])
    }
}

/// What a person says of a server; the raw value is the command's name in the control socket.
enum OwnershipVerb: String {
    case adopt = "servers-adopt"
    case disown = "servers-disown"
}
