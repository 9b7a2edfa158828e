/// What later steps of a rung can read of an earlier one, as `steps.<id>`; the engine fills it, the checker knows it.
///
/// Every step has `ok`, a bool. `http.request` adds `status`, the answer's status, and `body`: the answer as JSON when it is
/// JSON, else as a text. `fleet.scale` adds `before` and `after`, how many servers the set had and has, and `servers`, those
/// that it created or deleted, each with `id` and `name`. `server.list` adds `servers`, and `count`, how many there are even when
/// not all are kept. All others of `server.*` add `server`, the server as it was read last.
package enum StepOutput {
    package static let ok = "ok"
    package static let status = "status"
    package static let body = "body"
    package static let before = "before"
    package static let after = "after"
    package static let servers = "servers"
    package static let server = "server"
    package static let count = "count"

    private static let member = StaticType.record(
        title: "the server", fields: [("id", .int), ("name", .string)], others: .any)

    /// What is known of it before there is one.
    static func type(of action: StepAction) -> StaticType {
        switch action {
        case .read(.list):
            .record(title: "the step", fields: [(ok, .bool), (count, .int), (servers, .list(ServerSchema.server))])
        case .server, .read(.get), .create, .fields, .delete:
            .record(title: "the step", fields: [(ok, .bool), (server, ServerSchema.server)])
        case .scale: .record(title: "the step", fields: [(ok, .bool), (before, .int), (after, .int), (servers, .list(member))])
        case .httpRequest: .record(title: "the step", fields: [(ok, .bool), (status, .int), (body, .dyn)])
        case .pause, .notify, .wait: .record(title: "the step", fields: [(ok, .bool)])
        }
    }
}
