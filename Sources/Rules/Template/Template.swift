package import JSON

/// A value of a rule file in which `${{ … }}` stands for an expression.
///
/// A value that is one whole `${{ … }}` keeps its type; within a text an expression becomes text. What an expression gives is
/// data: it is never scanned for `${{` and never read as YAML.
package struct Template: Sendable {
    enum Segment: Sendable {
        case text(String)
        case expression(CELExpression)
    }

    /// The longest template, and the longest text that one may make, in bytes.
    package static let maxBytes = 65_536

    /// The text it was read from.
    package let source: String
    let segments: [Segment]
    private let vars: CELValue
    private let zones: CELTimeZones

    init(source: String, segments: [Segment], vars: CELValue, zones: CELTimeZones) {
        self.source = source
        self.segments = segments
        self.vars = vars
        self.zones = zones
    }

    /// The value with every expression replaced.
    ///
    /// - Throws: ``EvaluationFailure`` of the first expression that has no value, or whose value has no form in JSON or in a
    ///   text.
    package func render(_ context: EvaluationContext) throws(EvaluationFailure) -> JSONValue {
        if segments.count == 1, case .expression(let expression) = segments[0] {
            return try value(of: expression, RuleVariables(context, vars: vars)).json()
        }
        return .string(try renderText(context))
    }

    /// The value as a text, also when it is one whole expression.
    ///
    /// - Throws: as ``render(_:)`` does; and for a list, a map or null, which have no text.
    package func renderText(_ context: EvaluationContext) throws(EvaluationFailure) -> String {
        let variables = RuleVariables(context, vars: vars)
        var text = ""
        for segment in segments {
            switch segment {
            case .text(let part): text += part
            case .expression(let expression):
                var result = try value(of: expression, variables)
                if case .optional(let inner?) = result { result = inner }
                text += try CELLibrary.text(of: result)
            }
            guard text.utf8.count <= Self.maxBytes else {
                throw EvaluationFailure(.cost, "the text is longer than \(Self.maxBytes) bytes")
            }
        }
        return text
    }

    private func value(of expression: CELExpression, _ variables: RuleVariables) throws(EvaluationFailure) -> CELValue {
        var evaluator = CELEvaluator(variables: variables, zones: zones)
        return try evaluator.value(of: expression)
    }

    /// The expressions, to be checked.
    var expressions: [CELExpression] {
        segments.compactMap { segment in
            if case .expression(let expression) = segment { expression } else { nil }
        }
    }

    /// Whether it is one whole `${{ … }}`.
    var isWhole: Bool { segments.count == 1 && !expressions.isEmpty }
}
