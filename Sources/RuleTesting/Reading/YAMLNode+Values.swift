import JSON
import Rules

/// Values that only test files have.
extension YAMLNode {
    /// The value as JSON; something that was refused is `null`.
    var json: JSONValue {
        switch content {
        case .refused: .null
        case .sequence(let items): .array(items.map(\.json))
        case .mapping(let entries):
            .object(JSONObject(entries.map { JSONObject.Member(name: $0.name, value: $0.value.json) }))
        case .scalar(let scalar):
            switch scalar.value {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .int(let number): .int(number)
            case .double(let number): .double(number)
            case .string: .string(scalar.text)
            }
        }
    }

    /// The elements of a list, or the value itself when it is none: `event: {…}` and `event: [{…}, {…}]`.
    var oneOrMany: [YAMLNode] {
        if case .sequence(let items) = content { items } else { [self] }
    }

    /// The entries of a mapping of names to anything.
    func entries(_ title: String, _ collector: DiagnosticCollector) -> [YAMLEntry] {
        guard case .mapping(let entries) = content else {
            if case .refused = content { return [] }
            collector.report(diagnosticAtStart(.wrongKind, "\(title) is a mapping, not \(kindTitle)"))
            return []
        }
        return entries
    }

    /// A mapping of names to texts; numbers and truth values are taken as they are written, as senders write labels.
    func texts(_ title: String, _ collector: DiagnosticCollector) -> [String: String] {
        var texts: [String: String] = [:]
        for entry in entries(title, collector) {
            if let text = entry.value.scalar?.text {
                texts[entry.name] = text
            } else {
                collector.report(
                    entry.value.diagnosticAtStart(
                        .wrongKind, "`\(entry.name)` in \(title) is a text, not \(entry.value.kindTitle)"))
            }
        }
        return texts
    }
}
