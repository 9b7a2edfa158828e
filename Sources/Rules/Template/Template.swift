package import JSON

/// A value of a rule file in which `${{ … }}` stands for an expression.
///
/// A value that is one whole `${{ … }}` keeps its type; within a text an expression becomes text. What an expression gives is
/// data: it is never scanned for `${{` and never read as YAML.
package struct Template: Sendable {
    enum Segment: Sendable {
        case text(String)
        case expression(CELExpression)
        /// `${{ secrets.NAME }}`: never a part of an expression, so that nothing can take it apart.
        case secret(String)
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
    ///   text; also for a secret, which only a request may hold.
    package func render(_ context: EvaluationContext) throws(EvaluationFailure) -> JSONValue {
        try render(context, nil)
    }

    /// The value as a text, also when it is one whole expression.
    ///
    /// - Throws: as ``render(_:)`` does; and for a list, a map or null, which have no text.
    package func renderText(_ context: EvaluationContext) throws(EvaluationFailure) -> String {
        try renderText(context, nil)
    }

    func render(_ context: EvaluationContext, _ secrets: SecretReader?) throws(EvaluationFailure) -> JSONValue {
        if segments.count == 1, case .expression(let expression) = segments[0] {
            return try value(of: expression, RuleVariables(context, vars: vars)).json()
        }
        return .string(try renderText(context, secrets))
    }

    /// Each segment's text goes through `encode`; a literal's goes in as it is.
    func renderText(
        _ context: EvaluationContext, _ secrets: SecretReader?,
        encode: (String) throws(EvaluationFailure) -> String = { text in text }
    ) throws(EvaluationFailure) -> String {
        var text = ""
        for part in try renderParts(context, secrets) {
            text += part.isLiteral ? part.text : try encode(part.text)
            guard text.utf8.count <= Self.maxBytes else {
                throw EvaluationFailure(.cost, "the text is longer than \(Self.maxBytes) bytes")
            }
        }
        return text
    }

    /// The text of each segment, and whether the rule's author wrote it.
    func renderParts(
        _ context: EvaluationContext, _ secrets: SecretReader?
    ) throws(EvaluationFailure) -> [(text: String, isLiteral: Bool)] {
        let variables = RuleVariables(context, vars: vars)
        var parts: [(text: String, isLiteral: Bool)] = []
        for segment in segments {
            switch segment {
            case .text(let text): parts.append((text, true))
            case .secret(let name):
                guard let secrets else { throw EvaluationFailure(.unknownName, "secrets are not known here") }
                parts.append((try secrets.text(name), false))
            case .expression(let expression):
                var result = try value(of: expression, variables)
                if case .optional(let inner?) = result { result = inner }
                parts.append((try CELLibrary.text(of: result), false))
            }
        }
        return parts
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
    var isWhole: Bool {
        guard segments.count == 1 else { return false }
        if case .text = segments[0] { return false }
        return true
    }

    /// The names of the secrets that it holds.
    package var secretNames: [String] {
        segments.compactMap { segment in
            if case .secret(let name) = segment { name } else { nil }
        }
    }
}
