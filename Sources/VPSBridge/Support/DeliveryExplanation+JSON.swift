import Engine
import JSON
import Model
import Store

/// Explanations as one document; runs, requests and audit entries as their own verbs show them.
extension DeliveryExplanation {
    var json: JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "delivery", value: .int(id.rawValue)),
            .init(name: "source", value: .optional(delivery?.source)),
            .init(name: "received_at", value: .optional(delivery?.receivedAt.rfc3339)),
            .init(name: "decided_at", value: .optional(decision.decidedAt?.rfc3339)),
            .init(name: "revision", value: .optional(decision.revision?.rawValue)),
            .init(name: "problem", value: .optional(problem)), .init(name: "rules", value: .optional(rules)),
            .init(name: "events", value: .array(events.map(\.json))),
            .init(name: "audit", value: .array(audit.map(\.json))), .init(name: "runs", value: .array(runs.map(\.json))),
        ]
        if let otherRules {
            let other: JSONValue = [
                "rules": .string(otherRules), "events": .array(otherEvents.map(\.json)),
                "differences": .array(differences.map(\.json)),
            ]
            members.append(.init(name: "other", value: other))
        }
        return .object(JSONObject(members))
    }
}

extension DeliveryExplanation.Difference {
    var json: JSONValue {
        [
            "event": .int(Int64(event)), "rule": .string(rule), "before": .optional(before?.rawValue),
            "after": .optional(after?.rawValue),
        ]
    }
}

extension RunHistory {
    var json: JSONValue {
        guard case .object(var object) = run.json(intents: intents) else { return .null }
        object.members.append(.init(name: "audit", value: .array(audit.map(\.json))))
        return .object(object)
    }
}
