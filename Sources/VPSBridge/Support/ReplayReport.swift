import JSON
import Model
import RuleTesting
import Rules

/// What a replay found, for people and as JSON.
struct ReplayReport {
    let since: Timestamp
    let until: Timestamp
    let fleet: [Server]
    /// The file that the fleet is from; `nil` when it was assumed.
    let givenFleet: String?
    let prices: PriceList
    let present: (ruleSet: RuleSet, outcome: ReplayOutcome)
    let candidate: (ruleSet: RuleSet, outcome: ReplayOutcome)

    private var difference: ReplayDifference {
        ReplayDifference(present: present.outcome.actions, candidate: candidate.outcome.actions)
    }

    /// What is taken for granted, in the order of its weight.
    private var assumptions: [String] {
        [
            givenFleet.map { "the fleet is as in \($0): \(fleet.count) servers" }
                ?? "the fleet is the \(fleet.count) servers that runs named, active; name another by --servers",
            "both rule sets are live and begin with nothing spent; nobody answers questions; other APIs answer 200; probes find the server unhealthy",
            "a problem ends when its sender said so, whatever a rule did",
        ]
    }

    var text: String {
        let difference = difference
        var lines = ["\(present.outcome.deliveries) deliveries from \(since.rfc3339) to \(until.rfc3339)"]
        lines += assumptions.map { "assumed: \($0)" }
        for (name, side) in [("present", present), ("candidate", candidate)] {
            lines.append(
                "\(name): revision \(side.ruleSet.revision), \(side.ruleSet.rules.count) rules, \(side.outcome.actions.count) actions, \(side.outcome.messages) messages"
            )
        }
        if !prices.plans.isEmpty {
            for (name, side) in [("present", present), ("candidate", candidate)] {
                let cost = side.outcome.cost(prices)
                let rest = cost.unpriced > 0 ? ", and \(cost.unpriced) of plans without a price" : ""
                lines.append("\(name): a month of the servers created costs \(prices.words(cost.amount))\(rest)")
            }
        }
        lines += difference.lines
        lines.append("\(difference.changes.count) differences, \(difference.same) actions are the same")
        return lines.map(\.printable).joined(separator: "\n")
    }

    var json: JSONValue {
        let difference = difference
        return [
            "since": .string(since.rfc3339), "until": .string(until.rfc3339),
            "deliveries": .int(Int64(present.outcome.deliveries)), "assumed": .array(assumptions.map { .string($0) }),
            "present": json(present), "candidate": json(candidate), "changes": difference.json,
            "same": .int(Int64(difference.same)),
        ]
    }

    private func json(_ side: (ruleSet: RuleSet, outcome: ReplayOutcome)) -> JSONValue {
        let reasons = side.outcome.reasons.sorted { $0.key.rawValue.utf8.lexicographicallyPrecedes($1.key.rawValue.utf8) }
        return [
            "revision": .string(side.ruleSet.revision.rawValue), "rules": .int(Int64(side.ruleSet.rules.count)),
            "messages": .int(Int64(side.outcome.messages)),
            "created_cost_per_month": prices.plans.isEmpty ? .null : .string(side.outcome.cost(prices).amount.text),
            "actions": .array(
                side.outcome.actions.map { action in
                    [
                        "at": .string(action.at.rfc3339), "rule": .string(action.rule), "action": .string(action.action),
                        "target": .string(action.target),
                    ]
                }),
            "reasons": .object(JSONObject(reasons.map { .init(name: $0.key.rawValue, value: .int(Int64($0.value))) })),
        ]
    }
}
