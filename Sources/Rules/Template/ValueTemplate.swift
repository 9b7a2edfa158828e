package import JSON

/// A tree of YAML values in whose texts `${{ … }}` stands for expressions; what comes out is JSON.
///
/// A value that is one whole `${{ … }}` keeps its type. Whatever an expression gives stays inside its place: it is encoded when
/// the JSON is written, and names of members are never made from expressions.
package struct ValueTemplate: Sendable {
    indirect enum Node: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case template(Template)
        case list([Node])
        case map([(name: String, value: Node)])
    }

    let root: Node

    /// The value with every expression replaced.
    ///
    /// - Throws: ``EvaluationFailure`` of the first expression that has no value or none that JSON has a form for; also when the
    ///   tree holds a secret, which only a request may.
    package func render(_ context: EvaluationContext) throws(EvaluationFailure) -> JSONValue {
        try render(context, nil)
    }

    func render(_ context: EvaluationContext, _ secrets: SecretReader?) throws(EvaluationFailure) -> JSONValue {
        try Self.render(root, context, secrets)
    }

    // As deep as the file that it was read from, which is bounded.
    private static func render(
        _ node: Node, _ context: EvaluationContext, _ secrets: SecretReader?
    ) throws(EvaluationFailure) -> JSONValue {
        switch node {
        case .null: return .null
        case .bool(let flag): return .bool(flag)
        case .int(let number): return .int(number)
        case .double(let number): return .double(number)
        case .template(let template): return try template.render(context, secrets)
        case .list(let items):
            var values: [JSONValue] = []
            for item in items { values.append(try render(item, context, secrets)) }
            return .array(values)
        case .map(let members):
            var object = JSONObject()
            for (name, value) in members {
                object.members.append(JSONObject.Member(name: name, value: try render(value, context, secrets)))
            }
            return .object(object)
        }
    }

    /// Every template of the tree.
    var templates: [Template] { Self.templates(root) }

    private static func templates(_ node: Node) -> [Template] {
        switch node {
        case .template(let template): [template]
        case .list(let items): items.flatMap { templates($0) }
        case .map(let members): members.flatMap { templates($0.value) }
        default: []
        }
    }
}
