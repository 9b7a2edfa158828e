import JSON
import Model

/// How rows of the store are shown as JSON and as lines.
extension Run {
    func json(intents: [Intent]?) -> JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "id", value: .int(id.rawValue)), .init(name: "rule", value: .string(rule)),
            .init(name: "revision", value: .string(revision.rawValue)), .init(name: "state", value: .string(state.rawValue)),
            .init(name: "reason", value: .optional(reason?.rawValue)), .init(name: "detail", value: .string(detail)),
            .init(name: "server_id", value: server.map { .int($0.rawValue) } ?? .null),
            .init(name: "server", value: .optional(serverName)), .init(name: "rung", value: .int(Int64(rung + 1))),
            .init(name: "delivery", value: .int(event.delivery.rawValue)),
            .init(name: "event", value: .int(Int64(event.index))),
            .init(name: "episode", value: episode.map { .int($0.rawValue) } ?? .null),
            .init(name: "created_at", value: .string(createdAt.rfc3339)), .init(name: "due_at", value: .string(dueAt.rfc3339)),
            .init(name: "finished_at", value: .optional(finishedAt?.rfc3339)),
        ]
        if let intents {
            members.append(.init(name: "requests", value: .array(intents.map(\.json))))
        }
        return .object(JSONObject(members))
    }
}

extension Intent {
    var json: JSONValue {
        [
            "rung": .int(Int64(rung + 1)), "operation": .string(kind.rawValue),
            "server_id": server.map { .int($0.rawValue) } ?? .null,
            "name": .optional(request?.name), "method": .optional(request?.method), "url": .optional(request?.url),
            "outcome": .optional(outcome?.rawValue), "created_at": .string(createdAt.rfc3339),
            "finished_at": .optional(finishedAt?.rfc3339),
        ]
    }
}

extension AuditEntry {
    var json: JSONValue {
        [
            "at": .string(at.rfc3339), "kind": .string(kind.rawValue), "reason": .optional(reason?.rawValue),
            "delivery": delivery.map { .int($0.rawValue) } ?? .null, "run": run.map { .int($0.rawValue) } ?? .null,
            "rule": .optional(rule), "server_id": server.map { .int($0.rawValue) } ?? .null, "actor": .string(actor),
            "detail": .string(detail),
        ]
    }
}

extension DeadLetter {
    var json: JSONValue {
        [
            "at": .string(at.rfc3339), "reason": .string(reason.rawValue), "rule": .optional(rule),
            "run": run.map { .int($0.rawValue) } ?? .null, "delivery": .int(event.delivery.rawValue),
            "event": .int(Int64(event.index)), "detail": .string(detail),
        ]
    }
}

extension JSONValue {
    /// A text, or `null` where there is none.
    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}

extension ApprovalRequest {
    var json: JSONValue {
        [
            "id": .string(id.rawValue), "state": .string(state.rawValue), "run": .int(run.rawValue), "rule": .string(rule),
            "revision": .string(revision.rawValue), "action": .string(action),
            "server_id": server.map { .int($0.rawValue) } ?? .null, "server": .optional(serverName),
            "server_status": .optional(serverStatus?.rawValue), "approvers": .array(approvers.map { .string($0) }),
            "required": .int(Int64(required)), "self_approval": .bool(allowsSelfApproval), "requested_by": .optional(requestedBy),
            "channel": .optional(channel), "created_at": .string(createdAt.rfc3339), "expires_at": .string(expiresAt.rfc3339),
            "decided_at": .optional(decidedAt?.rfc3339),
            "votes": .array(
                votes.map { vote in
                    [
                        "person": .string(vote.person), "verdict": .string(vote.verdict.rawValue),
                        "reason": .optional(vote.reason), "at": .string(vote.at.rfc3339),
                    ]
                }),
        ]
    }
}
