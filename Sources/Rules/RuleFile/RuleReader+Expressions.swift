/// Expressions: parsed, and checked against the names of their place.
extension RuleReader {
    /// An expression that is true or false.
    func readCondition(_ node: YAMLNode, _ title: String, _ scope: ExpressionScope) -> CELExpression? {
        guard let expression = parse(node, title) else { return nil }
        let (type, problems) = check(expression, scope, node)
        if problems.isEmpty, !type.allows(.bool) {
            let hint =
                expression.root.path.map { "compare it: `\($0) == …`" }
                ?? "a condition compares: `a == b`, `a in [b]`, `has(a.b)`"
            report(
                node.diagnostic(
                    .notACondition, span: expression.root.span, "this is \(type.title), not a condition", hint: hint))
        }
        return expression
    }

    /// An expression of one of these types.
    func readExpression(
        _ node: YAMLNode, _ title: String, _ scope: ExpressionScope, wanted: [CELType],
        as words: String = "a text or a whole number"
    ) -> CELExpression? {
        guard let expression = parse(node, title) else { return nil }
        let (type, problems) = check(expression, scope, node)
        if problems.isEmpty, let known = type.type, !wanted.contains(known) {
            report(
                node.diagnostic(
                    .typeMismatch, span: expression.root.span, "\(title) is \(words), not \(type.title)"))
        }
        return expression
    }

    private func parse(_ node: YAMLNode, _ title: String) -> CELExpression? {
        guard let text = node.expressionText(title, collector) else { return nil }
        do throws(CELSyntaxError) {
            return try CELExpression(text)
        } catch {
            let code: DiagnosticCode = error.isTooLarge ? .expressionTooLarge : .expressionSyntax
            report(node.diagnostic(code, span: error.span, error.message, hint: commentHint(node) ?? error.hint))
            return nil
        }
    }

    /// A plain scalar ends where a `#` after a space begins a comment: the rest of the expression is silently gone.
    private func commentHint(_ node: YAMLNode) -> String? {
        guard let scalar = node.scalar, scalar.style == .plain else { return nil }
        let rest = node.source.line(node.line).unicodeScalars.dropFirst(node.column - 1 + scalar.text.unicodeScalars.count)
        guard rest.first == " ", rest.first(where: { $0 != " " }) == "#" else { return nil }
        return "` #` begins a comment in YAML: quote the whole value, '…'"
    }

    /// Types and names, and then what it may cost; everything that was found is reported.
    func check(
        _ expression: CELExpression, _ scope: ExpressionScope, _ node: YAMLNode
    ) -> (type: StaticType, problems: [ExpressionProblem]) {
        var (type, problems) = ExpressionChecker.check(expression, scope: scope, zones: zones)
        if problems.isEmpty, let problem = CostEstimate.problem(of: expression, scope: scope) { problems.append(problem) }
        for problem in problems {
            report(
                node.diagnostic(
                    problem.code, severity: problem.severity, span: problem.span, problem.message, hint: problem.hint))
        }
        return (type, problems.filter { $0.severity == .error })
    }
}
