@testable import Rules

/// What expressions come to in tests of the language.
enum RulesExpressionOutcome {
    /// The value as an expression would write it, or `!` and the kind of failure: `!syntax`, `!overflow`, `!cost`.
    static func of(_ text: String, _ variables: [String: CELValue] = [:], limit: Int = CELMeter.defaultLimit) -> String {
        do {
            var evaluator = CELEvaluator(variables: CELVariableTable(variables), limit: limit)
            return RulesConformanceValue.text(try evaluator.value(of: try CELExpression(text)))
        } catch let failure as EvaluationFailure {
            return "!\(failure.kind.rawValue)"
        } catch {
            return "!syntax"
        }
    }
}
