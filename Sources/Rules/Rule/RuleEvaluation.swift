/// What a rule says about an event.
package struct RuleEvaluation: Sendable {
    /// The rule that was judged.
    package let rule: Rule
    /// All its conditions together.
    package let verdict: Verdict
    /// The conditions of `when` that were evaluated, in their order; those after the first false one are not there.
    package let conditions: [ConditionResult]
}

/// Whether conditions hold. Only ``match`` ever fires.
package enum Verdict: Sendable, Hashable {
    case match
    case noMatch
    /// A key that is not there; its path.
    case missing(String)
    /// A condition could not be evaluated; why.
    case error(String)
}

/// What one condition says.
package struct ConditionResult: Sendable, Hashable {
    /// As it stands in the file.
    package let expression: String
    /// What it says by itself.
    package let verdict: Verdict
}

/// Evaluates a list of conditions as one `&&`, three-valued.
struct ConditionList {
    /// What the conditions may cost together, in units; taken from by every condition.
    var budget: Int
    let zones: CELTimeZones

    /// Top to bottom; the first false one ends it. A failure is remembered and evaluation goes on, so that a later false one
    /// wins.
    mutating func judge(_ conditions: [CELExpression], _ variables: any CELVariables) -> (Verdict, [ConditionResult]) {
        var results: [ConditionResult] = []
        var failure: EvaluationFailure?
        for condition in conditions {
            var verdict = Verdict.match
            do throws(EvaluationFailure) {
                if try !holds(condition, variables) { verdict = .noMatch }
            } catch {
                verdict = Self.verdict(error)
                failure = EvaluationFailure.graver(failure, error)
            }
            results.append(ConditionResult(expression: condition.trimmedText, verdict: verdict))
            if verdict == .noMatch { return (.noMatch, results) }
        }
        return (failure.map(Self.verdict) ?? .match, results)
    }

    private mutating func holds(_ condition: CELExpression, _ variables: any CELVariables) throws(EvaluationFailure) -> Bool {
        guard budget > 0 else { throw EvaluationFailure(.cost, "the event's rules need more than their cost units") }
        var evaluator = CELEvaluator(variables: variables, zones: zones, limit: min(CELMeter.defaultLimit, budget))
        defer { budget -= evaluator.cost }
        guard case .bool(let flag) = try evaluator.value(of: condition) else {
            throw EvaluationFailure(.type, "the condition is not true or false")
        }
        return flag
    }

    static func verdict(_ failure: EvaluationFailure) -> Verdict {
        failure.kind == .missing ? .missing(failure.path ?? "") : .error(failure.message)
    }
}
