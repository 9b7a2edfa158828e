/// Reads `vars`: plain values under names, in which nothing is evaluated.
struct VarsReader {
    let collector: DiagnosticCollector

    /// The values, before those of `outer` where both have a name.
    func read(_ node: YAMLNode, over outer: CELValue = .map(CELMap(texts: []))) -> CELValue {
        guard case .mapping(let entries) = node.content else {
            if !node.isRefused {
                collector.report(node.diagnostic(.wrongKind, "`vars` is a mapping, not \(node.kindTitle)"))
            }
            return outer
        }
        var values: [(String, CELValue)] = []
        for entry in entries {
            guard RuleNames.isIdentifier(entry.name) else {
                collector.report(
                    entry.key.diagnostic(
                        .badName, "`\(entry.name)` can not be a name in `vars`", hint: "letters, digits and `_`, a letter first"))
                continue
            }
            if let value = value(of: entry.value) { values.append((entry.name, value)) }
        }
        if case .map(let outer) = outer {
            for (key, value) in outer.entries {
                guard case .string(let name) = key, !values.contains(where: { $0.0.utf8.elementsEqual(name.utf8) }) else {
                    continue
                }
                values.append((name, value))
            }
        }
        return .map(CELMap(texts: values))
    }

    func value(of node: YAMLNode) -> CELValue? {
        switch node.content {
        case .refused: return nil
        case .sequence(let items): return .list(items.compactMap { value(of: $0) })
        case .mapping(let entries):
            return .map(CELMap(texts: entries.compactMap { entry in value(of: entry.value).map { (entry.name, $0) } }))
        case .scalar(let scalar):
            switch scalar.value {
            case .null: return .null
            case .bool(let flag): return .bool(flag)
            case .int(let number): return .int(number)
            case .double(let number): return .double(number)
            case .string:
                if Array(scalar.text.utf8).windowsContain("${{") {
                    collector.report(
                        node.diagnostic(.badTemplate, "`vars` holds plain values; `${{ }}` is not evaluated in it"))
                    return nil
                }
                return .string(scalar.text)
            }
        }
    }
}
