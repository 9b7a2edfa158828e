/// Rules that are nothing but conditions over JSON documents.
extension CompiledRules {
    /// Reads, checks and compiles conditions for documents of one source; `event` in them is the document.
    ///
    /// - Throws: ``EvaluationFailure`` with what is wrong with the first condition that can not be used.
    package convenience init(texts: [[String]], source: String) throws(EvaluationFailure) {
        var rules: [RuleConditions] = []
        rules.reserveCapacity(texts.count)
        for conditions in texts {
            var rule = RuleConditions(source: Array(source.utf8), when: [], vars: .null, zones: .fixedOffsetsOnly)
            for text in conditions { rule.when.append(try Self.condition(text)) }
            rules.append(rule)
        }
        self.init(rules)
    }

    private static func condition(_ text: String) throws(EvaluationFailure) -> CELExpression {
        let expression: CELExpression
        do throws(CELSyntaxError) {
            expression = try CELExpression(text)
        } catch {
            throw EvaluationFailure(.invalidValue, error.message, offset: error.span.lowerBound)
        }
        let scope = ExpressionScope(names: [("event", .dyn)], absent: [:])
        let (type, problems) = ExpressionChecker.check(expression, scope: scope, zones: TimeZoneCatalog(data: { _ in nil }))
        // What the bridge's own events can hold says nothing about documents.
        if let problem = problems.first(where: { $0.code != .unknownValue }) {
            throw EvaluationFailure(.type, problem.message, offset: problem.span.lowerBound)
        }
        guard type.allows(.bool) else { throw EvaluationFailure(.type, "the condition is not true or false") }
        return expression
    }
}
