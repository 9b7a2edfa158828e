package import JSON
import Model
import Rules

/// Reports as JSON documents.
extension EventReport {
    /// The whole report.
    package var json: JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "event", value: .int(Int64(index))), .init(name: "source", value: .string(event.source)),
            .init(name: "status", value: .string(event.status.rawValue)),
            .init(name: "fingerprint", value: .string(event.fingerprint)),
            .init(name: "labels", value: Self.texts(event.labels)),
            .init(name: "matched", value: .array(matched.map { .string($0) })),
            .init(name: "rules", value: .array(rules.map(\.json))),
        ]
        if let command = event.command {
            members.append(.init(name: "command", value: .string("/\(command.name) \(command.text)")))
        }
        return .object(JSONObject(members))
    }

    private static func texts(_ texts: [String: String]) -> JSONValue {
        let sorted = texts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return .object(JSONObject(sorted.map { .init(name: $0.key, value: .string($0.value)) }))
    }
}

extension RuleReport {
    var json: JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "rule", value: .string(name)), .init(name: "place", value: .string(place)),
            .init(name: "outcome", value: .string(outcome.rawValue)),
        ]
        if let detail { members.append(.init(name: "detail", value: .string(detail))) }
        if !conditions.isEmpty { members.append(.init(name: "conditions", value: .array(conditions.map(\.json)))) }
        if let plan { members.append(.init(name: "plan", value: plan.json)) }
        return .object(JSONObject(members))
    }
}

extension ConditionExplanation {
    var json: JSONValue {
        let (word, detail): (String, String?) =
            switch verdict {
            case .match: ("match", nil)
            case .noMatch: ("no_match", nil)
            case .missing(let path): ("missing", path)
            case .error(let message): ("error", message)
            }
        var members: [JSONObject.Member] = [
            .init(name: "expression", value: .string(expression)), .init(name: "verdict", value: .string(word)),
        ]
        if let detail { members.append(.init(name: "detail", value: .string(detail))) }
        members.append(.init(name: "observed", value: .array(observations.map(\.json))))
        return .object(JSONObject(members))
    }
}

extension Observation {
    var json: JSONValue {
        switch outcome {
        case .value(let value): ["expression": .string(expression), "value": value]
        case .missing: ["expression": .string(expression), "missing": true]
        case .error(let message): ["expression": .string(expression), "error": .string(message)]
        }
    }
}

extension RulePlan {
    var json: JSONValue {
        var members: [JSONObject.Member] = []
        if let target { members.append(.init(name: "target", value: target.json)) }
        switch destination {
        case .none: break
        case .unknown: members.append(.init(name: "server", value: .null))
        case .one(let server):
            let shown: JSONValue = [
                "id": .int(server.id.rawValue), "name": .string(server.name), "status": .string(server.status.rawValue),
            ]
            members.append(.init(name: "server", value: shown))
        case .unresolved(let reason): members.append(.init(name: "unresolved", value: .string(reason)))
        }
        if !serverConditions.isEmpty {
            members.append(.init(name: "when_server", value: .array(serverConditions.map(\.json))))
        }
        let requests = requests.map { request -> JSONValue in
            var members: [JSONObject.Member] = [.init(name: "request", value: .string(request.line))]
            if let after = request.after { members.append(.init(name: "after", value: .string(after))) }
            if !request.details.isEmpty {
                members.append(.init(name: "details", value: .array(request.details.map { .string($0) })))
            }
            return .object(JSONObject(members))
        }
        let messages = messages.map { message -> JSONValue in
            ["channel": .string(message.channel), "text": message.text.json]
        }
        members += [
            .init(name: "waits", value: .array(waits.map { .string($0) })),
            .init(name: "obstacles", value: .array(obstacles.map { .string($0) })),
            .init(name: "requests", value: .array(requests)), .init(name: "messages", value: .array(messages)),
            .init(name: "later_rungs", value: .int(Int64(laterRungs))),
        ]
        return .object(JSONObject(members))
    }
}

extension RulePlan.Rendered {
    /// The text; an object with `error` where there is none.
    var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .failed(let message): ["error": .string(message)]
        }
    }
}
