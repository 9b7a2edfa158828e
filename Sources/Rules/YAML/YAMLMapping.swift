/// A mapping whose keys are known: every other key is an error.
package struct YAMLMapping {
    /// Where it stands.
    package let node: YAMLNode
    /// What it describes, for messages, such as ``rule `host-down` ``.
    package let owner: String
    private let entries: [String: YAMLEntry]
    private let collector: DiagnosticCollector

    /// Takes a node as a mapping with these keys; reports a node of another kind, and keys that are not among them.
    ///
    /// `elsewhere` holds keys that mean something in another place, each with a hint where.
    package init?(
        _ node: YAMLNode, keys: [String], of owner: String, elsewhere: [String: String] = [:], _ collector: DiagnosticCollector
    ) {
        guard case .mapping(let entries) = node.content else {
            if node.isRefused { return nil }
            let hint = "it has the keys " + keys.map { "`\($0)`" }.joined(separator: ", ")
            collector.report(node.diagnostic(.wrongKind, "\(owner) is a mapping, not \(node.kindTitle)", hint: hint))
            return nil
        }
        self.node = node
        self.owner = owner
        self.collector = collector
        var known: [String: YAMLEntry] = [:]
        for entry in entries {
            if keys.contains(where: { $0.utf8.elementsEqual(entry.name.utf8) }) {
                known[entry.name] = entry
            } else {
                let hint = collector.isFull ? nil : Self.hint(for: entry.name, keys, elsewhere)
                collector.report(entry.key.diagnostic(.unknownKey, "unknown key `\(entry.name)` in \(owner)", hint: hint))
            }
        }
        self.entries = known
    }

    private static func hint(for name: String, _ keys: [String], _ elsewhere: [String: String]) -> String {
        elsewhere[name] ?? Suggestion.hint(for: name, among: keys)
            ?? Suggestion.nearest(to: name, among: elsewhere.keys.sorted()).flatMap { elsewhere[$0] }
            ?? "known keys: " + keys.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// The value of a key, `nil` when the key is not there.
    package subscript(key: String) -> YAMLNode? { entries[key]?.value }

    /// The key itself, to point at.
    package func key(_ name: String) -> YAMLNode? { entries[name]?.key }

    /// The value of a key that has no default; reports when it is not there.
    package func required(_ key: String, hint: String? = nil) -> YAMLNode? {
        if let value = entries[key]?.value { return value }
        collector.report(node.diagnosticAtStart(.missingKey, "\(owner) has no `\(key)`", hint: hint))
        return nil
    }
}

extension YAMLNode {
    /// A finding about a whole mapping or list: the caret is under what it begins with.
    package func diagnosticAtStart(_ code: DiagnosticCode, _ message: String, hint: String? = nil) -> Diagnostic {
        if case .mapping(let entries) = content, let first = entries.first {
            return first.key.diagnostic(code, message, hint: hint)
        }
        return diagnostic(code, message, hint: hint)
    }
}
