/// An expression of a rule together with what it needs besides the context: the rule's `vars` and the time zones.
package struct RuleExpression: Sendable {
    let expression: CELExpression
    let vars: CELValue
    let zones: CELTimeZones

    /// As it stands in the file, without the white space around it.
    package var text: String { expression.trimmedText }

    /// Its value.
    ///
    /// - Throws: ``EvaluationFailure`` when it has none.
    package func value(_ context: EvaluationContext) throws(EvaluationFailure) -> CELValue {
        var evaluator = CELEvaluator(variables: RuleVariables(context, vars: vars), zones: zones)
        return try evaluator.value(of: expression)
    }

    /// Its value as a text; a whole number becomes one.
    ///
    /// - Throws: ``EvaluationFailure`` when it has no value, an empty text, or a value of another type.
    package func key(_ context: EvaluationContext) throws(EvaluationFailure) -> String {
        switch try value(context) {
        case .string(let text):
            guard !text.utf8.isEmpty else { throw EvaluationFailure(.missing, "the value is empty", path: self.text) }
            return text
        case .int(let number): return String(number)
        case .uint(let number): return String(number)
        case let other: throw EvaluationFailure(.type, "this is a text or a whole number, not \(other.type.title)")
        }
    }

    /// Whether it is true.
    ///
    /// - Throws: ``EvaluationFailure`` when it has no value or is not a condition.
    package func holds(_ context: EvaluationContext) throws(EvaluationFailure) -> Bool {
        guard case .bool(let flag) = try value(context) else {
            throw EvaluationFailure(.type, "the condition is not true or false")
        }
        return flag
    }

    /// As a condition, three-valued, for what people are shown.
    package func judge(_ context: EvaluationContext) -> ConditionResult {
        do throws(EvaluationFailure) {
            return ConditionResult(expression: text, verdict: try holds(context) ? .match : .noMatch)
        } catch {
            return ConditionResult(expression: text, verdict: ConditionList.verdict(error))
        }
    }
}
