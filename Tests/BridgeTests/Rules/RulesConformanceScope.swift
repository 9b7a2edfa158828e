import JSON

@testable import Rules

extension ExpressionScope {
    /// What a conformance test declares: `variables`, `functions` and `container`.
    init(conformanceTest test: JSONValue) throws {
        self.init(names: [], container: test["container"]?.stringValue ?? "", isStrict: true)
        for variable in test["variables"]?.objectValue?.members ?? [] {
            names.append((variable.name, try RulesTypeText.type(variable.value.stringValue ?? "")))
        }
        for function in test["functions"]?.arrayValue ?? [] {
            let overloads = try (function["overloads"]?.arrayValue ?? []).map { overload in
                CELOverload(
                    try (overload["params"]?.arrayValue ?? []).map { try RulesTypeText.type($0.stringValue ?? "") },
                    try RulesTypeText.type(overload["result"]?.stringValue ?? ""), isMember: overload["instance"] == .bool(true))
            }
            functions[function["name"]?.stringValue ?? "", default: []] += overloads
        }
    }
}
